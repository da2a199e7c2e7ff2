"""A small study with all that the chapter on personas reads, and ways to break it.

450 respondents of three kinds by construction: 200 pay cash, buy in the shop and spend little; 150 pay by card and buy
by app; 100 pay by e-wallet, buy on the web and spend most. Nine in ten answers are those of their kind.
"""

import copy

import numpy as np
import pandas as pd
import yaml

KINDS = (200, 150, 100)
PAY = {
    "cash": {"en": "Cash", "vi": "Tiền mặt"},
    "card": {"en": "Card", "vi": "Thẻ"},
    "wallet": {"en": "E-wallet", "vi": "Ví điện tử"},
}
CITY = {"n": {"en": "North", "vi": "Miền Bắc"}, "s": {"en": "South", "vi": "Miền Nam"}}
USES = {
    "shop": {"en": "In the shop", "vi": "Cửa hàng"},
    "app": {"en": "Mobile app", "vi": "Ứng dụng"},
    "web": {"en": "Website", "vi": "Trang web"},
}
GOAL = {"price": {"en": "Price", "vi": "Giá"}, "time": {"en": "Time", "vi": "Thời gian"}, "best": "Quality"}
RATED = {"role": "driver", "scale": [1, 5]}
PROFILE = {
    "pay": {"role": "single", "attribute": "behavioural", "labels": PAY,
            "label": {"en": "Payment", "vi": "Thanh toán"}},
    "age": {"role": "number", "attribute": "demographic", "label": {"en": "Age", "vi": "Tuổi"},
            "derive": {"age_band": [18, 35, 55]}},
    "city": {"role": "segment", "attribute": "geographic", "label": {"en": "City", "vi": "Thành phố"}, "labels": CITY},
}  # fmt: skip
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
            **PROFILE,
            "uses": {"role": "multi", "attribute": "channel", "labels": USES,
                     "label": {"en": "Channels", "vi": "Kênh"}},
            "spend": {"role": "number", "attribute": "behavioural",
                      "label": {"en": "Spend, a month", "vi": "Chi tiêu, mỗi tháng"}},
            "goal": {"role": "single", "attribute": "psychographic", "text": "What matters most to you?",
                     "label": {"en": "Goal", "vi": "Mục tiêu"}, "labels": GOAL},
            "faith": {"role": "single", "attribute": "psychographic", "label": "Religion"},
            "why": {"role": "comment"},
        },
    },
    "customers": {"file": "c.csv", "customer": "id", "since": "since", "left": "gone", "value": "worth",
                  "questions": PROFILE},
    "complaints": {"file": "x.csv", "complainer": "who", "when": "day",
                   "questions": {"topic": {"role": "single", "label": {"en": "Topic", "vi": "Chủ đề"}}}},
    "prospects": {"file": "p.csv", "prospect": "id", "questions": PROFILE},
}  # fmt: skip
SETTINGS = {"value": "spend", "value_times": 12, "scope": 0.5}


def kinds(n: int = sum(KINDS)) -> np.ndarray:
    """The kind of each respondent, 0 to 2."""
    return np.repeat([0, 1, 2], [part * n // sum(KINDS) for part in KINDS])


def survey(n: int = sum(KINDS), *, seed: int = 7) -> pd.DataFrame:
    """Respondents; every eleventh left the payment blank, and all but two answered the question on religion alike."""
    random, kind = np.random.default_rng(seed), kinds(n)

    def like(words: list[str]) -> np.ndarray:
        """The answer of one's kind in nine of ten, another one else."""
        other = (kind + random.integers(1, 3, n)) % 3
        return np.array(words, object)[np.where(random.random(n) < 0.9, kind, other)]

    rows, care = np.arange(n), random.integers(1, 6, n)
    score = np.clip(np.round(care + 2 + kind + random.normal(size=n)), 0, 10).astype(int)
    return pd.DataFrame(
        {
            "id": [f"r{i}" for i in rows],
            "customer": [f"c{i}" for i in rows],
            "wave": np.where(rows % 2, "w2", "w1"),
            "day": np.where(rows % 2, "2026-03-10", "2026-01-10"),
            "recommend": score,
            "care": care,
            "speed": random.integers(1, 6, n),
            "pay": pd.Series(like(["cash", "card", "wallet"])).mask(rows % 11 == 0),
            "age": 20 + 15 * kind + random.integers(0, 15, n),
            "city": np.where(random.random(n) < 0.4, "n", "s"),
            "uses": like(["shop", "app;web", "web"]),
            "spend": np.round(100 * np.exp(kind + 0.3 * random.normal(size=n))),
            "goal": like(["price", "time", "best"]),
            "faith": np.where(rows < 2, "Bahá'í", "None"),
            "why": "fine",
        }
    )


def customers(n: int = 600, *, seed: int = 8) -> pd.DataFrame:
    """Customers, the first 450 of whom are the respondents; the old and those who pay cash are worth less and leave."""
    random = np.random.default_rng(seed)
    kind = np.concatenate([kinds(), random.integers(0, 3, n - 450)])
    gone = random.random(n) < np.array([0.4, 0.1, 0.1])[kind]
    pays = np.where(random.random(n) < 0.8, kind, random.integers(0, 3, n))
    return pd.DataFrame(
        {
            "id": [f"c{i}" for i in range(n)],
            "since": [f"20{20 + i % 5}-0{1 + i % 9}-05" for i in range(n)],
            "gone": [f"2026-{1 + i % 12:02}-20" if left else None for i, left in enumerate(gone)],
            "worth": np.round(100 * np.exp(kind + 0.5 * random.normal(size=n))),
            "pay": np.array(["cash", "card", "wallet"])[pays],
            "age": 20 + 15 * kind + random.integers(0, 15, n),
            "city": random.choice(["n", "s"], n),
        }
    )  # fmt: skip


def complaints() -> pd.DataFrame:
    """A complaint of each of the first 80 customers, all of the first kind, mostly late; and one of the third kind."""
    who = [f"c{i}" for i in range(80)] + ["c440"]
    topic = ["late" if i % 4 else "broken" for i in range(80)] + ["rude"]
    return pd.DataFrame({"who": who, "day": "2026-02-01", "topic": topic})


def prospects(n: int = 120) -> pd.DataFrame:
    """Prospects, drawn as customers are."""
    return customers(600, seed=9)[["id", "pay", "age", "city"]].tail(n).assign(id=[f"p{i}" for i in range(n)])


def unlike(n: int = 400, *, seed: int = 3) -> pd.DataFrame:
    """Respondents whose answers have nothing to do with each other."""
    random = np.random.default_rng(seed)
    drawn = {name: random.choice(words, n) for name, words in
             {"pay": ["cash", "card", "wallet"], "uses": ["shop", "shop;app", "shop;web", "shop;app;web"],
              "goal": ["price", "time", "best"], "city": ["n", "s"]}.items()}  # fmt: skip
    numbers = {"spend": np.round(random.normal(500, 80, n)), "age": random.integers(18, 70, n)}
    return survey(450).head(n).assign(**drawn, **numbers)


def parts(*, without=(), frames=None, tables=None, questions=None, personas=None, language="en", **top) -> tuple:
    """What conftest's make() and load() take: the tables, the files, and the head of study.yml.

    `without` names tables, keys as table.key, and questions as table.questions.name. `frames` replace what tables hold,
    or change it (a function of the frame); `tables` replace what study.yml says of them; `questions` are added to the
    survey's, a question of None is left out. `personas` are added to SETTINGS; a setting of None is
    left out.
    """
    spec = copy.deepcopy(TABLES)
    for name in without:
        *above, last = name.split(".")
        place = spec
        for key in above:
            place = place[key]
        place.pop(last)
    for name, changed in (tables or {}).items():
        spec[name] |= changed
    if "survey" in spec:
        asked = spec["survey"]["questions"] | (questions or {})
        spec["survey"]["questions"] = {name: question for name, question in asked.items() if question is not None}
    files = {"survey": survey(), "customers": customers(), "complaints": complaints(), "prospects": prospects()}
    for name, given in (frames or {}).items():
        files[name] = given(files[name]) if callable(given) else given
    settings = SETTINGS | (personas or {})
    settings = {key: value for key, value in settings.items() if value is not None}
    head = {"study": "tiny", "title": "Tiny", "sample": "probability", "language": language, "currency": "VND"}
    head |= {"population": 10_000, "personas": settings or None} | top
    head = {key: value for key, value in head.items() if value is not None}
    dump = {"sort_keys": False, "allow_unicode": True}
    data = {spec[name]["file"]: files[name].to_csv(index=False) for name in spec}
    return yaml.safe_dump({"tables": spec}, **dump), data, yaml.safe_dump(head, **dump)


def made(load, **changes):
    """The study of parts(), by conftest's load() or make()."""
    table, data, top = parts(**changes)
    return load(table, data, top=top)
