"""A small study with every table that the complaint-iceberg chapter reads, and ways to break it."""

import copy

import pandas as pd
import yaml

# 100 respondents, of whom 40 are unhappy and 10 complained; 200 customers; 12 complainers in the window, 2 outside.
ICEBERG = {
    "unhappy": {"unhappy": [1]},
    "complained": {"complained": [1]},
    "severity": "all",
    "channels": "all",
    "window": ["2026-03-01", "2026-08-31"],
    "rate": "survey",
}
LOSSES = {"content": 0.1, "silent": 0.4, "satisfied": 0.1, "mollified": 0.3, "dissatisfied": 0.55}
MONEY = {"margin": 0.2, "months": 12, "case_cost": 50, "word_of_mouth": {"told": 5, "deterred": 0.01}}
YES_NO = {1: {"en": "Yes", "vi": "Có"}, 0: {"en": "No", "vi": "Không"}}
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
        "when": "day",
        "questions": {
            "unhappy": {"role": "single", "label": {"en": "Mood", "vi": "Tâm trạng"}, "labels": YES_NO},
            "complained": {"role": "single", "label": {"en": "Told us", "vi": "Đã phàn nàn"}, "labels": YES_NO},
            "city": CITY,
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
    "complaints": {
        "file": "k.csv",
        "complainer": "who",
        "when": "day",
        "channel": "via",
        "severity": "weight",
        "outcome": "end",
    },
}
# Complaints of so many that every end of them may be told: those of complaints() are fewer than five each.
SIX_OF_EACH = pd.DataFrame(
    {
        "who": [f"c{i}" for i in range(18)],
        "day": "2026-05-05",
        "via": "phone",
        "weight": "major",
        "end": ["satisfied", "mollified", "dissatisfied"] * 6,
    }
)


def survey() -> pd.DataFrame:
    rows = range(100)
    return pd.DataFrame(
        {
            "id": [f"r{i}" for i in rows],
            "customer": [f"c{i}" for i in rows],
            "day": "2026-01-10",
            "unhappy": [int(i < 40) for i in rows],
            "complained": [int(i < 10) for i in rows],
            "city": ["ns"[i % 2] for i in rows],
        }
    )


def customers() -> pd.DataFrame:
    rows = range(200)
    left = {20: "2026-02-01", 21: "2026-03-01", 50: "2026-02-20", 60: "2025-12-31", 61: "2026-09-15"}
    return pd.DataFrame(
        {
            "id": [f"c{i}" for i in rows],
            "since": ["2026-12-31" if i == 199 else "2020-01-01" for i in rows],
            "gone": [left.get(i) for i in rows],
            "worth": [100 + i for i in rows],
            "city": ["ns"[i % 2] for i in rows],
        }
    )


def complaints() -> pd.DataFrame:
    ends = ["satisfied", "mollified", "dissatisfied"]
    rows = [(f"c{i}", f"2026-0{3 + i % 6}-15", "phone", "major", ends[i % 3]) for i in range(10)]
    rows += [("c0", "2026-08-31", "shop", "minor", "dissatisfied"), ("c1", "2026-03-01", "shop", "minor", "satisfied")]
    rows += [("c100", "2026-05-01", "shop", "minor", None), ("c101", "2026-05-02", "web", "major", "satisfied")]
    rows += [("c102", "2026-02-28", "web", "minor", "mollified"), ("c103", "2026-09-01", "web", "minor", None)]
    rows += [(None, "2026-05-03", "phone", "minor", "satisfied")]
    return pd.DataFrame(rows, columns=["who", "day", "via", "weight", "end"])


def parts(*, iceberg=None, without=(), frames=None, tables=None, language="en", **top) -> tuple[str, dict, str]:
    """What conftest's make() and load() take: the tables, the files, and the head of study.yml.

    `iceberg` is merged into ICEBERG, None takes a setting out, False the whole section. `without` names tables, and
    keys of tables as table.key. `frames` and `tables` replace what the tables hold, and what study.yml says of them.
    """
    spec = copy.deepcopy(TABLES)
    for name in without:
        table, _, key = name.partition(".")
        (spec if not key else spec[table]).pop(key or table)
    for name, changed in (tables or {}).items():
        spec[name] |= changed
    files = {"survey": survey(), "customers": customers(), "complaints": complaints()} | (frames or {})
    head = {"study": "tiny", "title": "Tiny", "sample": "probability", "currency": "VND", "language": language} | top
    if iceberg is not False:
        head["iceberg"] = {k: v for k, v in (ICEBERG | (iceberg or {})).items() if v is not None}
    dump = {"sort_keys": False, "allow_unicode": True}
    data = {spec[name]["file"]: files[name].to_csv(index=False) for name in spec}
    text = yaml.safe_dump({"tables": spec}, **dump)
    return text, data, yaml.safe_dump(head, **dump)


def made(load, **changes):
    """The study of parts(), by conftest's load()."""
    table, data, top = parts(**changes)
    return load(table, data, top=top)
