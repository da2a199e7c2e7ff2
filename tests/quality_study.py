"""A small study with all that the chapter on data quality reads, and ways to break it.

240 respondents in two waves of 120, in 24 shops; weights of 1 and 2; women answer more often than men. Every
twelfth leaves the recommendation blank, and every tenth gives a code that stands for no answer.
"""

import copy

import numpy as np
import pandas as pd
import yaml

RATED = {"role": "driver", "scale": [1, 5], "missing": [8, 9], "never_used": [8]}
YES_NO = {1: {"en": "Yes", "vi": "Có"}, 0: {"en": "No", "vi": "Không"}}
SURVEY = {
    "file": "s.csv",
    "respondent": "id",
    "wave": "wave",
    "weight": "w",
    "cluster": "shop",
    "mode": "mode",
    "seconds": "seconds",
    "questions": {
        "recommend": {"role": "metric", "metric": "nps", "scale": [0, 10], "missing": [11],
                      "label": {"en": "Recommendation", "vi": "Giới thiệu"}},
        "satisfied": {"role": "metric", "metric": "csat", "label": {"en": "Satisfaction", "vi": "Hài lòng"}},
        "care": RATED | {"label": {"en": "Care", "vi": "Sự quan tâm"}},
        "speed": RATED | {"label": {"en": "Speed", "vi": "Tốc độ"}},
        "price": RATED | {"label": {"en": "Price", "vi": "Giá cả"}},
        "problem": {"role": "single", "labels": YES_NO, "label": {"en": "Had a problem", "vi": "Gặp sự cố"}},
        "solved": {"role": "single", "labels": YES_NO, "asked": {"problem": [1]}},
        "used": {"role": "multi", "columns": {"web": "used_web", "app": "used_app"}},
        "sex": {"role": "segment", "labels": {"f": {"en": "Female", "vi": "Nữ"}, "m": {"en": "Male", "vi": "Nam"}},
                "label": {"en": "Sex", "vi": "Giới tính"}},
        "age": {"role": "number", "derive": {"age_band": [18, 30, 45, 60]}},
        "why": {"role": "comment", "label": {"en": "Why", "vi": "Vì sao"}},
    },
}  # fmt: skip
SEX = {"of": "sex", "population": {"f": 0.52, "m": 0.48}}
AGE = {"of": "age_band", "population": {"18-29": 0.3, "30-44": 0.3, "45-59": 0.4}}
QUALITY = {
    "invited": {"w1": 400, "w2": 300},
    "impossible": [{"name": "solved_without_problem", "given": {"problem": [0]}, "never": {"solved": [1]}}],
}


def survey(n: int = 240, *, seed: int = 3) -> pd.DataFrame:
    """Respondents, half of them in each wave."""
    random, rows = np.random.default_rng(seed), np.arange(n)
    common = random.normal(size=n)
    rated = {
        name: np.clip(np.round(3.2 + 0.8 * common + random.normal(size=n)), 1, 5) for name in ("care", "speed", "price")
    }
    rated["care"][rows % 10 == 3] = 9
    rated["price"][rows % 9 == 1] = 8
    rated["speed"][rows % 7 == 0] = np.nan
    recommend = np.clip(np.round(7 + 1.5 * common + random.normal(size=n)), 0, 10)
    recommend[rows % 12 == 5] = np.nan
    recommend[rows % 20 == 9] = 11
    problem = (rows % 4 == 1).astype(int)
    return pd.DataFrame(
        {
            "id": [f"r{i}" for i in rows],
            "wave": np.where(rows < n / 2, "w1", "w2"),
            "w": 1 + rows % 2,
            "shop": [f"shop {i // 10}" for i in rows],
            "mode": "online",
            "seconds": np.where(rows % 30 == 2, 20, 300 + rows % 90),
            "recommend": recommend,
            "satisfied": np.clip(np.round(3.6 + 0.7 * common + random.normal(size=n)), 1, 5),
            **rated,
            "problem": problem,
            "solved": np.where(problem == 1, (rows // 4) % 2, np.nan),
            "used_web": 1,
            "used_app": rows % 2,
            "sex": np.where(rows % 3 == 0, "m", "f"),
            "age": 18 + (7 * rows) % 42,
            "why": [f"{word} of my order {i}" if i % 2 else "" for i, word in
                    zip(rows, random.choice(["price", "speed", "care", "shop"], n), strict=True)],
        }
    )  # fmt: skip


def parts(*, without=(), frame=None, table=None, questions=None, only=None, language="en", files=None, **top):
    """What conftest's make() and load() take: the table, the files, and the head of study.yml.

    `without` names keys of the survey; `frame` replaces its rows, `table` what study.yml says of it; `questions` are
    added (one of None is left out), `only` keeps those named; all else stands at the head of study.yml.
    """
    spec = {key: value for key, value in copy.deepcopy(SURVEY).items() if key not in without} | (table or {})
    asked = spec["questions"] | (questions or {})
    spec["questions"] = {name: question for name, question in asked.items()
                         if question is not None and (only is None or name in only)}  # fmt: skip
    head = {"study": "tiny", "title": "Tiny", "sample": "probability", "language": language, "quality": QUALITY} | top
    head = {key: value for key, value in head.items() if value is not None}
    dump = {"sort_keys": False, "allow_unicode": True}
    data = {spec["file"]: (survey() if frame is None else frame).to_csv(index=False)} | (files or {})
    return yaml.safe_dump({"tables": {"survey": spec}}, **dump), data, yaml.safe_dump(head, **dump)


def made(load, **changes):
    """The study of parts(), by conftest's load()."""
    table, data, top = parts(**changes)
    return load(table, data, top=top)


def changed(**columns) -> dict:
    """The study with other columns, as parts() takes it."""
    return {"frame": survey().assign(**columns)}


def blank(*columns: str) -> dict:
    return changed(**dict.fromkeys(columns))


def only_in(wave: str, *columns: str) -> dict:
    """The columns blank in the other wave."""
    return changed(**{c: lambda t, c=c: t[c].where(t["wave"] == wave) for c in columns})


def asked_in(wave: str) -> dict:
    """The metrics declared as asked in one wave."""
    return {
        name: question | {"waves": [wave]}
        for name, question in SURVEY["questions"].items()
        if question["role"] == "metric"
    }


ANSWERS = [c for c in survey(1) if c not in ("id", "wave", "w", "shop", "mode", "seconds")]
UNKNOWN = {"quality": None}  # how many were invited, by wave
ALONE = {"without": ["wave"]} | UNKNOWN
RAKED = {"margins": [SEX, AGE], "weighting": {}}
STRANGE = 'He said "so" & <b>bold</b>, $x$ and $y_1$\nand more'
# Names of columns that the chapter's own frames have.
NAMES = ("marked", "check", "label", "wave_", "persona", "estimate", "level", "missing", "name", "unit", "_marked",
         "_level", "_missing", "_side", "margin", "flagged", "applied", "low", "se", "group", "limit", "start", "gap",
         "by", "code", "question")  # fmt: skip
OLD = AGE | {"population": {"18-29": 0.3, "30-44": 0.3, "45-59": 0.3, "60+": 0.1}}
ROWS = np.arange(240)
BARE = ["wave", "weight", "cluster", "mode", "seconds"]
# What a study is, as parts() takes it, and the parameters of the notebook.
STUDIES = {
    "everything": ({}, {}),
    "the first wave": ({}, {"wave": "w1"}),
    "no waves": (ALONE, {}),
    "one wave": ({"frame": survey().head(120), "quality": {"invited": 200}}, {}),
    "invited over all waves": ({"quality": {"invited": 500}}, {}),
    "metrics of the first wave": (only_in("w1", "recommend", "satisfied") | {"questions": asked_in("w1")}, {}),
    "metrics of the second wave": (
        only_in("w2", "recommend", "satisfied") | {"questions": asked_in("w2")}, {"wave": "w1"}),
    "nobody asked in the last wave": (only_in("w1", *ANSWERS) | {"questions": asked_in("w1")}, {}),
    "no weights": ({"without": ["weight"]}, {}),
    "raked": (RAKED, {}),
    "raked from nothing": (RAKED | {"without": ["weight"]}, {}),
    "raked within bounds that are too tight": (RAKED | {"weighting": {"bounds": [0.98, 1.02]}}, {}),
    "raked and trimmed too much": (RAKED | {"weighting": {"trim": 1.1}}, {}),
    "raked without waves": (RAKED | ALONE, {}),
    "raked without speeders": (RAKED | {"quality": {"exclude": ["speeder", "partial"]}}, {}),
    "raked to counts": ({"margins": [SEX | {"population": {"f": 52_000, "m": 48_000}}], "weighting": {}}, {}),
    "margins without weighting": ({"margins": [SEX, AGE]}, {}),
    "a margin that nobody gave": ({"margins": [SEX, OLD], "without": ["weight"]}, {}),
    "a margin that nobody gave, joined": ({"margins": [SEX, OLD], "weighting": {"collapse": 5}}, {}),
    "all margins joined": (RAKED | {"weighting": {"collapse": 100}}, {}),
    "a margin that some left out": (RAKED | changed(sex=lambda t: t["sex"].where(ROWS % 9 > 0)), {}),
    "weights of 0": (changed(w=np.where(ROWS % 5, 1, 0)), {}),
    "weights of 0, raked": (RAKED | changed(w=np.where(ROWS % 5, 1, 0)), {}),
    "one huge weight": (changed(w=np.where(ROWS == 130, 1e6, 1)), {}),
    "clusters blank": (blank("shop"), {}),
    "some clusters blank": (changed(shop=lambda t: t["shop"].where(ROWS % 7 > 0)), {}),
    "one respondent": ({"frame": survey().head(1), "quality": {"invited": {"w1": 1}}}, {}),
    "one respondent and nothing else": ({"frame": survey().head(1), "without": BARE} | UNKNOWN, {}),
    "three respondents": (
        {"frame": survey().head(3), "minimum_base": 2, "margins": [SEX], "quality": {"invited": 9}}, {}),
    "two respondents in two waves": ({"frame": survey().iloc[[0, 200]], "minimum_base": 2}, {}),
    "a wave of one": ({"frame": survey().head(121)}, {}),
    "a metric that nobody answered": (blank("recommend") | ALONE, {}),
    "nothing was answered": (blank(*ANSWERS) | ALONE, {}),
    "nothing was answered, raked": (
        blank(*[c for c in ANSWERS if c != "sex"]) | ALONE | {"margins": [SEX], "weighting": {}}, {}),
    "nothing but a code": (changed(recommend=11) | ALONE, {}),
    "one metric alone": ({"only": ["recommend"], "without": BARE} | UNKNOWN, {}),
    "no seconds": ({"without": ["seconds"]}, {}),
    "seconds of 0": (changed(seconds=0), {}),
    "two are left": (
        {"frame": survey().head(10).assign(seconds=[300, 300, *[1] * 8]), "minimum_base": 2,
         "quality": {"exclude": ["duplicate"]}}, {}),
    "strange labels in Vietnamese": (
        {"language": "vi", "margins": [SEX], "weighting": {}, "questions": {
            "recommend": SURVEY["questions"]["recommend"] | {"label": {"en": "x", "vi": STRANGE}},
            "sex": SURVEY["questions"]["sex"] | {"labels": {"f": STRANGE, "m": {"en": "<i>", "vi": '$m$ "nam"'}}},
            "care": RATED | {"label": "A\n<script>$\\alpha"}}}, {}),
    "confidence of 0.8": ({}, {"confidence": 0.8}),
    "an opt-in panel": ({"sample": "opt_in"}, {}),
    "names of the chapter's columns": (
        changed(**{name: np.where(ROWS % 2, "a", "b") for name in NAMES})
        | {"questions": {name: {"role": "segment" if i % 9 == 0 else "single"} for i, name in enumerate(NAMES)}}, {}),
    "every answer alike": (changed(recommend=10, satisfied=5, care=5, speed=5, price=5), {}),
    "a declared break": (
        {"questions": {"recommend": SURVEY["questions"]["recommend"] | {"breaks": {"w2": "was asked on paper"}}}}, {}),
    "another mode": (changed(mode=np.where(ROWS < 120, "in_person", "online")), {}),
    "mirrored answers": (
        changed(care=lambda t: np.where(t["wave"] == "w2", 6 - t["care"].clip(upper=5), t["care"].clip(upper=5)),
                recommend=lambda t: t["recommend"].where((t["wave"] == "w1") | (t["recommend"] < 8))), {}),
    "eight waves": (changed(wave=[f"w{1 + i // 30}" for i in ROWS]) | UNKNOWN, {}),
    "waves in numbers": (changed(wave=1 + ROWS // 120) | UNKNOWN, {}),
    "a base above all": ({"minimum_base": 500}, {}),
    "all break off": (
        changed(**{c: lambda t, c=c: t[c].where(ROWS % 3 > 0) for c in ANSWERS[4:]})
        | {"quality": {"exclude": ["partial"]}}, {}),
    "two questions of a metric": (
        {"questions": {"again": {"role": "metric", "metric": "csat", "column": "satisfied"}}}, {}),
    "codes in words": (
        changed(recommend=lambda t: np.where(ROWS % 6 == 0, "x", np.where(ROWS % 17 == 0, "refused", "7")))
        | {"questions": {"recommend": {"role": "metric", "metric": "nps", "missing": ["x", "refused"],
                                       "never_used": ["x"]}}}, {}),
}  # fmt: skip
