"""A small study with all that the chapter on journeys reads, and ways to break it.

400 customers go from see over choose to buy and use. At choose every second one meets the form, where three in five
stop; of the others, who meet the shop, one in ten. By construction nothing else hurts.
"""

import copy

import numpy as np
import pandas as pd
import yaml

CUSTOMERS = 400
EMPLOYEES = ["An", "Binh", "Chi", "Dung", "Giang"]
REGION = {
    "role": "segment",
    "label": {"en": "Region", "vi": "Vùng"},
    "labels": {
        "n": {"en": "North", "vi": "Miền Bắc"},
        "s": {"en": "South", "vi": "Miền Nam"},
        "i": {"en": "Islands", "vi": "Hải đảo"},
    },
}
TABLES = {
    "survey": {
        "file": "s.csv",
        "respondent": "id",
        "customer": "customer",
        "when": "day",
        "questions": {
            "recommend": {"role": "metric", "metric": "nps", "label": {"en": "Recommendation", "vi": "Giới thiệu"}}
        },
    },
    "events": {
        "file": "e.csv",
        "customer": "customer",
        "when": "when",
        "touchpoint": "touchpoint",
        "channel": "channel",
        "stage": "stage",
        "score": "score",
    },
    "map": {
        "file": "m.csv",
        "stage": "stage",
        "order": "order",
        "phase": "phase",
        "touchpoint": "touchpoint",
        "channel": "channel",
        "expected": "expected",
    },
    "customers": {
        "file": "c.csv",
        "customer": "id",
        "since": "since",
        "left": "gone",
        "value": "worth",
        "branch": "branch",
        "questions": {"region": REGION, "kind": {"role": "single", "label": "Kind"}},
    },
    "complaints": {"file": "k.csv", "complaint": "id", "complainer": "customer", "when": "when"},
    "sales": {
        "file": "b.csv",
        "customer": "customer",
        "when": "when",
        "value": "value",
        "won": "won",
        "reason": "reason",
        "employee": "employee",
    },
}
MAP = pd.DataFrame(
    {
        "stage": ["see", "choose", "choose", "buy", "use"],
        "order": [1, 2, 2, 3, 4],
        "phase": ["before", "before", "before", "during", "after"],
        "touchpoint": ["advert", "form", "shop", "till", "help"],
        "channel": ["digital", "digital", "traditional", "traditional", "digital"],
        "expected": [1, 0.5, 0.5, 1, 1],
    }
)


def events(n: int = CUSTOMERS, *, seed: int = 3) -> pd.DataFrame:
    """The contacts of n customers, a day apart, begun on 40 days in turn; every fourth skips buy."""
    random, rows = np.random.default_rng(seed), []
    for i in range(n):
        begin, form = pd.Timestamp("2026-01-05 10:00") + pd.Timedelta(days=i % 40), i % 2 == 0
        stops = random.random(3) < [0.05, 0.6 if form else 0.1, 0.1]
        way = [("see", "advert", "digital", 3.5)]
        way.append(("choose", "form", "digital", 2.0) if form else ("choose", "shop", "traditional", 4.0))
        way += [("buy", "till", "traditional", 3.8), ("use", "help", "digital", 3.7)]
        if i % 4 == 3:
            del way[2]
        for step, (stage, touchpoint, channel, mood) in enumerate(way):
            score = int(np.clip(np.round(mood + random.normal()), 1, 5))
            rows.append((f"c{i}", begin + pd.Timedelta(days=step), touchpoint, channel, stage, score))
            if step < len(stops) and stops[step]:
                break
    frame = pd.DataFrame(rows, columns=["customer", "when", "touchpoint", "channel", "stage", "score"])
    return frame.assign(when=frame["when"].dt.strftime("%Y-%m-%dT%H:%M"))


def customers(n: int = CUSTOMERS) -> pd.DataFrame:
    """Customers who came in 2023 to 2025; every eighth left in 2026. Islands and branch b9 have 12 and 10 of them."""
    rows = np.arange(n)
    region = np.where(rows % 2 == 0, "n", "s").astype(object)
    region[rows >= n - 12] = "i"
    branch = np.array([f"b{i % 4}" for i in rows], dtype=object)
    branch[:10] = "b9"
    came = pd.Timestamp("2023-01-02") + pd.to_timedelta(rows * 2 % 1000, unit="D")
    return pd.DataFrame(
        {
            "id": [f"c{i}" for i in rows],
            "since": came.strftime("%Y-%m-%d"),
            "gone": [f"2026-{1 + i % 6:02}-20" if i % 8 == 0 else None for i in rows],
            "worth": 100 + rows % 13,
            "branch": branch,
            "region": region,
            "kind": [f"k{i % 9}" for i in rows],
        }
    )


def survey(n: int = 300) -> pd.DataFrame:
    """Answers of the first customers in June 2025; who answers 0 to 6 is every third."""
    rows = np.arange(n)
    score = np.where(rows % 3 == 0, rows % 7, 7 + rows % 4)
    return pd.DataFrame(
        {"id": [f"r{i}" for i in rows], "customer": [f"c{i}" for i in rows], "day": "2025-06-10", "recommend": score}
    )


def sales(n: int = 600, *, seed: int = 4) -> pd.DataFrame:
    """Offers of five employees, of which An wins one in five and the others three in five, each with a reason."""
    random, rows = np.random.default_rng(seed), np.arange(n)
    won = (random.random(n) < np.where(rows % 5 == 0, 0.2, 0.6)).astype(int)
    when = pd.Timestamp("2025-01-01") + pd.to_timedelta(rows % 360, unit="D")
    return pd.DataFrame(
        {
            "customer": [f"c{i}" for i in rows % CUSTOMERS],
            "when": when.strftime("%Y-%m-%d"),
            "value": 50 + rows % 9,
            "won": won,
            "reason": np.where(rows % 7 == 0, "price", "service"),
            "employee": [EMPLOYEES[i % 5] for i in rows],
        }
    )


def complaints(n: int = 40) -> pd.DataFrame:
    """Complaints of every tenth customer, from January to June 2026."""
    rows = np.arange(n)
    when = [f"2026-{1 + i % 6:02}-{1 + i % 28:02}" for i in rows]
    return pd.DataFrame({"id": [f"k{i}" for i in rows], "customer": [f"c{10 * i}" for i in rows], "when": when})


FRAMES = {"survey": survey, "events": events, "map": MAP.copy, "customers": customers, "sales": sales,
          "complaints": complaints}  # fmt: skip
JOURNEY, STAYS, SALES = ("events", "map"), ("customers",), ("sales",)


def parts(*, only=None, without=(), frames=None, tables=None, **top) -> tuple[str, dict, str]:
    """What conftest's make() and load() take: the tables, the files, and the head of study.yml.

    `only` names the tables that there are, `without` tables and keys (table.key) that there are not; `frames` replaces
    what tables hold, `tables` changes what study.yml says of them.
    """
    spec = {name: copy.deepcopy(entry) for name, entry in TABLES.items() if only is None or name in only}
    for name in without:
        table, _, key = name.partition(".")
        (spec[table] if key else spec).pop(key or table)
    for name, changed in (tables or {}).items():
        spec[name] = spec.get(name, {}) | changed
    head = {"study": "tiny", "title": "Tiny", "sample": "probability"} | top
    dump = {"sort_keys": False, "allow_unicode": True}
    given = frames or {}
    data = {spec[n]["file"]: (given[n] if n in given else FRAMES[n]()).to_csv(index=False) for n in spec}
    return yaml.safe_dump({"tables": spec}, **dump), data, yaml.safe_dump(head, **dump)


def made(load, **changes):
    """The study of parts(), by conftest's load()."""
    table, data, top = parts(**changes)
    return load(table, data, top=top)
