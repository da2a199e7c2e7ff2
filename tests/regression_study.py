"""A small study with all that the chapter on metric regressions reads, and ways to break it.

400 respondents in four waves of 100, who rated three drivers; `care` weighs most in their recommendation by
construction, `price` least. Half of them shop where things were changed for the last wave.
"""

import copy

import numpy as np
import pandas as pd
import yaml

WAVES = ["w1", "w2", "w3", "w4"]
YES_NO = {1: {"en": "Yes", "vi": "Có"}, 0: {"en": "No", "vi": "Không"}}
RATED = {"role": "driver", "scale": [1, 5], "missing": [9], "never_used": [9]}
CITY = {
    "role": "segment",
    "label": {"en": "City", "vi": "Thành phố"},
    "labels": {"n": {"en": "North", "vi": "Miền Bắc"}, "s": {"en": "South", "vi": "Miền Nam"}},
}
TABLES = {
    "survey": {
        "file": "s.csv",
        "respondent": "id",
        "customer": "customer",
        "wave": "wave",
        "when": "day",
        "questions": {
            "recommend": {"role": "metric", "metric": "nps", "label": {"en": "Recommendation", "vi": "Giới thiệu"}},
            "care": RATED | {"label": {"en": "Care", "vi": "Sự quan tâm"}},
            "speed": RATED | {"label": {"en": "Speed", "vi": "Tốc độ"}},
            "price": RATED | {"label": {"en": "Price", "vi": "Giá cả"}},
            "loyal": {"role": "single", "label": {"en": "Loyal", "vi": "Trung thành"}, "labels": YES_NO},
            "city": CITY,
            "changed": {"role": "segment", "labels": {1: "Changed", 0: "Others"}},
            "told": {"role": "multi", "columns": {"a": "told_a", "b": "told_b"}},
        },
    },
    "customers": {
        "file": "c.csv",
        "customer": "id",
        "since": "since",
        "left": "gone",
        "value": "worth",
        "questions": {"city": CITY},
    },
}
IMPROVEMENT = {"group": "changed", "treated": 1, "before": "w3", "after": "w4"}


def survey(n: int = 400, *, seed: int = 5) -> pd.DataFrame:
    """Respondents; every ninth never used what `price` asks about, and every seventh left `speed` blank."""
    random, rows = np.random.default_rng(seed), np.arange(n)
    common = random.normal(size=n)
    latent = {name: 0.6 * common + random.normal(size=n) for name in ("care", "speed", "price")}
    rated = {name: np.clip(np.round(3.2 + 1.1 * x), 1, 5).astype(int) for name, x in latent.items()}
    wave, changed = rows % 4, (rows // 4) % 2
    score = 1.2 * rated["care"] + 0.6 * rated["speed"] + 0.15 * rated["price"] + 1.5 * random.normal(size=n)
    score += 1.5 * ((wave == 3) & (changed == 1))
    return pd.DataFrame(
        {
            "id": [f"r{i}" for i in rows],
            "customer": [f"c{i}" for i in rows],
            "wave": [WAVES[i] for i in wave],
            "day": [f"2026-0{2 * i + 1}-10" for i in wave],
            "recommend": np.clip(np.round(score), 0, 10).astype(int),
            "care": rated["care"],
            "speed": pd.array(np.where(rows % 7 == 0, -1, rated["speed"]), dtype="Int64"),
            "price": np.where(rows % 9 == 0, 9, rated["price"]),
            "loyal": (score + random.normal(size=n) > 6).astype(int),
            "city": random.choice(["n", "s"], n),
            "changed": changed,
            "told_a": 1,
            "told_b": rows % 2,
        }
    ).assign(speed=lambda t: t["speed"].where(t["speed"] > 0))


def customers(n: int = 500) -> pd.DataFrame:
    """Customers; every fifth left, in the south more."""
    rows = np.arange(n)
    gone = (rows % 5 == 0) | ((rows % 2 == 1) & (rows % 7 == 0))
    return pd.DataFrame(
        {
            "id": [f"c{i}" for i in rows],
            "since": [f"20{20 + i % 5}-0{1 + i % 9}-05" for i in rows],
            "gone": [f"2026-{1 + i % 12:02}-20" if left else None for i, left in zip(rows, gone, strict=True)],
            "worth": 100 + rows % 13,
            "city": ["ns"[i % 2] for i in rows],
        }
    )


def parts(*, without=(), frames=None, tables=None, questions=None, language="en", **top) -> tuple[str, dict, str]:
    """What conftest's make() and load() take: the tables, the files, and the head of study.yml.

    `without` names tables, keys as table.key, and questions of the survey as survey.questions.name. `frames` and
    `tables` replace what the tables hold, and what study.yml says of them; `questions` are added to the survey's, a
    question of None is left out. `improvement` and `banner` of the head default to IMPROVEMENT and city.
    """
    spec = copy.deepcopy(TABLES)
    for name in without:
        table, _, key = name.partition(".")
        (spec if not key else spec[table]).pop(key or table)
    for name, changed in (tables or {}).items():
        spec[name] |= changed
    asked = spec["survey"]["questions"] | (questions or {})
    spec["survey"]["questions"] = {name: question for name, question in asked.items() if question is not None}
    files = {"survey": survey(), "customers": customers()} | (frames or {})
    head = {"study": "tiny", "title": "Tiny", "sample": "probability", "language": language, "banner": ["city"]}
    head = {key: value for key, value in (head | {"improvement": IMPROVEMENT} | top).items() if value is not None}
    dump = {"sort_keys": False, "allow_unicode": True}
    data = {spec[name]["file"]: files[name].to_csv(index=False) for name in spec}
    return yaml.safe_dump({"tables": spec}, **dump), data, yaml.safe_dump(head, **dump)


def made(load, **changes):
    """The study of parts(), by conftest's load()."""
    table, data, top = parts(**changes)
    return load(table, data, top=top)
