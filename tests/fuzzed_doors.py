"""Hostile and broken inputs for every front door of a study, and what becomes of each: success, or the rule it breaks.

`outcome()` is the whole promise: a study.yml, its files and parameters end in success or in a CxError that names the
file (or the parameter), the place in it and the offender in one line. Whatever else is raised comes through.
"""

import ast
import copy
import io
import math
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
import pyreadstat
import yaml
from hypothesis import strategies as st
from IPython.core.inputtransformer2 import TransformerManager
from papermill.translators import PythonTranslator

from cxlib import (
    Study,
    cli,
    comments,
    competitors,
    declarations,
    key_drivers,
    language,
    missingness,
    regressions,
    survey,
    tabs,
)
from cxlib.errors import CommandError, CxError, plain
from cxlib.report import plan as plans
from cxlib.report.execute import timeless

YES_NO = {1: {"en": "Yes", "vi": "Có"}, 0: {"en": "No", "vi": "Không"}}
CITY = {"role": "segment", "labels": {"h": "Hà Nội", "s": {"en": "Saigon", "vi": "Sài Gòn"}}}
STUDY = {
    "study": "tiny",
    "title": {"en": "Tiny", "vi": "Nhỏ"},
    "client": "Acme",
    "language": "en",
    "currency": "VND",
    "sample": "probability",
    "population": 10_000,
    "minimum_base": 2,
    "fieldwork": "March",
    "banner": ["city", "age_band"],
    "quality": {"exclude": ["speeder"], "invited": {"w1": 40, "w2": 40}, "impossible": [
        {"name": "odd", "given": {"problem": [0]}, "never": {"recommend": [0]}}]},
    "margins": [{"of": "city", "population": {"h": 0.5, "s": 0.5}}],
    "weighting": {"bounds": [0.2, 5]},
    "metrics": {"joy": {"scale": [1, 5], "scores": {4: 50, 5: 100}, "unit": "percent", "label": "Joy"}},
    "names": {"young": {"en": "Young", "vi": "Trẻ"}},
    "improvement": {"group": "city", "treated": "h", "before": "w1", "after": "w2"},
    "iceberg": {"unhappy": {"recommend": [0, 1, 2]}, "complained": {"problem": [1]}, "severity": "all",
                "channels": "all", "window": [date(2026, 1, 1), date(2026, 6, 30)], "rate": "survey",
                "losses": {"silent": 0.3}, "outcomes": {"satisfied": ["ok"], "dissatisfied": ["bad"]}},
    "personas": {"variables": ["staff", "price"], "ideal": {"value_top": 0.25}},
    "disclosure": {"conducted_by": "Us"},
    "brand": {"colour": "#1f5f8b", "confidentiality": "Confidential"},
    "large": {"rows": 500_000, "memory": "1GB"},
    "tables": {
        "survey": {
            "file": "s.csv", "respondent": "id", "wave": "wave", "weight": "w", "stratum": "city_of", "cluster": "shop",
            "seconds": "sec", "customer": "cust", "private": ["phone"], "duplicates": "first",
            "questions": {
                "recommend": {"role": "metric", "metric": "nps", "missing": [11], "label": {"en": "Would", "vi": "Sẽ"}},
                "joy": {"role": "metric", "metric": "joy"},
                "staff": {"role": "driver", "scale": [1, 5], "missing": [9], "factor": "care"},
                "price": {"role": "driver", "scale": [1, 5], "factor": "care"},
                "city": CITY,
                "problem": {"role": "single", "labels": YES_NO},
                "age": {"role": "number", "derive": {"age_band": [18, 30, 45]}, "nets": {"young": [18, 30]}},
                "used": {"role": "multi", "columns": {"web": "used_web", "app": "used_app"}, "nets": {"any": ["web"]}},
                "why": {"role": "comment"},
            },
        },
        "customers": {"file": "c.csv", "customer": "id", "since": "since", "left": "gone", "value": "worth",
                      "questions": {"city": CITY}},
        "complaints": {"file": "k.csv", "complainer": "who", "when": "day", "channel": "via", "outcome": "end"},
    },
}  # fmt: skip
COSTLY = ("quality", "margins", "weighting", "improvement", "iceberg", "personas")
# The same without what takes long to reckon: most inputs are made of it.
LEAN = {key: value for key, value in STUDY.items() if key not in COSTLY} | {
    "tables": {"survey": {key: value for key, value in STUDY["tables"]["survey"].items()
                          if key not in ("stratum", "cluster", "seconds", "customer")}}}  # fmt: skip
ROWS = 24


def answers(rows: int = ROWS) -> pd.DataFrame:
    """The survey of STUDY."""
    n = range(rows)
    words = ["slow staff at the counter", "đắt quá", "", "good price and staff"]
    return pd.DataFrame({
        "id": [f"r{i}" for i in n], "wave": ["w1" if 2 * i < rows else "w2" for i in n], "w": [1 + i % 2 for i in n],
        "city_of": ["h" if i % 2 else "s" for i in n], "shop": [f"shop {i // 4}" for i in n],
        "sec": [20 if i == 3 else 200 + i for i in n], "cust": [f"c{i}" for i in n],
        "phone": [f"09{i:08d}" for i in n], "recommend": [(7 * i) % 11 for i in n], "joy": [1 + i % 5 for i in n],
        "staff": [1 + (i * i) % 5 for i in n], "price": [1 + (3 * i + i // 5) % 5 for i in n],
        "city": ["h" if i % 2 else "s" for i in n], "problem": [int(i % 3 == 0) for i in n],
        "age": [18 + 7 * i % 40 for i in n], "used_web": [i % 2 for i in n], "used_app": [1] * rows,
        "why": [f"{words[i % 4]} {i}" if words[i % 4] else "" for i in n],
    })  # fmt: skip


def others() -> dict[str, pd.DataFrame]:
    """The other tables of STUDY, by file."""
    n = range(ROWS)
    return {
        "c.csv": pd.DataFrame({"id": [f"c{i}" for i in n], "since": "2024-01-31", "worth": [10 + i for i in n],
                               "gone": ["2026-02-01" if i % 9 == 0 else "" for i in n],
                               "city": ["h" if i % 2 else "s" for i in n]}),
        "k.csv": pd.DataFrame({"who": ["c1", "c2", "c7"], "day": "2026-03-01", "via": "phone", "end": "ok"}),
    }  # fmt: skip


FILES = {"s.csv": answers().to_csv(index=False).encode()} | {
    name: frame.to_csv(index=False).encode() for name, frame in others().items()
}
HOSTILE = [
    "", " ", "0", "-1", "1e999", "nan", "inf", "null", "~", "true", "yes", "2026-13-45", "12:30:99", "0x1f", "1_000",
    "../../etc/passwd", "/dev/zero", "http://127.0.0.1:9/x.csv", "**/*", "s.csv\0", "nosuch.csv", "~nobody/x", "c:\\x",
    "'; DROP TABLE t; --", '"quoted"', "a\nb", "a\tb", "\u2028", "\ufeff", "\ud800", "\x00", "\x1b[31m", "\u202eabc",
    "{{ 7*7 }}", "{0} {name} %s %(x)s", "$x^2$ #set page()", "=1+cmd|' /C calc'!A0", "<script>alert(1)</script>",
    "![x](http://127.0.0.1:9/p.png)", "[x](javascript:alert(1))", "!!python/object/apply:os.system ['id']", "*a",
    "&a x", "city", "recommend", "wave", "weight", "a.b", "😡" * 5, "Đặng", "x" * 3000, "%run x", "!ls", '"""', "\\",
    "a;b|c: d", "__class__", "_rows", "estimate", "label", "index",
]  # fmt: skip
HALF = re.compile("[\ud800-\udfff]")  # of a letter, which no file can hold
JUNK = st.one_of(
    st.sampled_from(HOSTILE), st.text(max_size=12), st.none(), st.booleans(), st.integers(-3, 12),
    st.sampled_from([10**9, 10**30, -(10**18), 0.5, -0.1, 1e308, math.nan, math.inf, -math.inf]),
    st.floats(), st.dates(), st.datetimes(), st.binary(max_size=4),
    st.lists(st.one_of(st.integers(-1, 12), st.sampled_from(HOSTILE)), max_size=3),
    st.dictionaries(st.one_of(st.sampled_from(HOSTILE), st.integers(-1, 9)), st.integers(-1, 9), max_size=2),
    st.just({}), st.just([]), st.just([[]]), st.just({"en": "x"}), st.just({"with": "city"}), st.just({"xx": "x"}),
)  # fmt: skip


def places(value, path: tuple = ()) -> list[tuple]:
    """The path of every entry of nested dicts and lists."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, one in items for found in [(*path, key), *places(one, (*path, key))]]


@cache
def _places_of(whole: bool) -> list[tuple]:
    return places(STUDY if whole else LEAN)


def _at(value, path: tuple):
    for key in path:
        value = value[key]
    return value


@st.composite
def studies(draw) -> dict:
    """A study.yml with one to four entries removed, replaced, renamed, added, or put into each other's place."""
    whole = draw(st.integers(0, 3)) == 0
    book = copy.deepcopy(STUDY if whole else LEAN)
    for name in draw(st.sets(st.sampled_from(COSTLY))) if whole else ():
        del book[name]
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(_places_of(whole)))
        try:
            holder = _at(book, path[:-1])
            holder[path[-1]]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took it
        if not isinstance(holder, dict | list):
            continue
        how = draw(st.sampled_from(["remove", "replace", "replace", "rename", "add", "swap", "list"]))
        if how == "remove":
            del holder[path[-1]]
        elif how == "swap":
            other = draw(st.sampled_from(_places_of(True)))
            holder[path[-1]] = copy.deepcopy(_at(STUDY, other))
        elif how == "list":
            holder[path[-1]] = [holder[path[-1]]]
        elif how == "rename" and isinstance(holder, dict):
            holder[draw(st.one_of(st.sampled_from(HOSTILE), st.integers(0, 3)))] = holder.pop(path[-1])
        elif how == "add" and isinstance(holder, dict):
            holder[draw(st.sampled_from([*HOSTILE, *NAMES]))] = draw(JUNK)
        else:
            holder[path[-1]] = draw(JUNK)
    return book


NAMES = sorted({str(key) for path in places(STUDY) for key in path if not isinstance(key, int)})


def written(book: dict) -> bytes:
    """A study.yml, in YAML as PyYAML writes it: characters that YAML cannot hold are escaped."""
    return yaml.safe_dump(book, sort_keys=False, allow_unicode=True).encode("utf-8", "surrogatepass")


TOKENS = [
    "study: x", "title: y", "sample: opt_in", "tables:", "  survey:", "    file: s.csv", "    questions:",
    "      recommend: {role: metric, metric: nps}", "&a", "*a", "<<: *a", "!!python/object/apply:os.system ['id']",
    "!!python/name:os.system", "!!binary aGk=", "!!timestamp 2026-02-30", "!!set {a, b}", "!!omap [a: 1]", "!x y", "?",
    "? [a]: b", "- ", "- - - -", "{", "}", "[", "]", ",", ":", ": ", "|", ">", "|+", "'", '"', "#", "%YAML 9.9", "---",
    "...", "\t", "\n", "\r", "  ", "\x00", "\x85", "\u2028", "\ufeff", "\ud800", "0o17", "1e999", ".nan", "12:30:45",
    "2026-01-01", "=", "<<", "null", "~", '"\\ud83d"', '"\\0"', '"\\x07"', "@", "`", "9" * 400, "1:" * 30,
]  # fmt: skip
SOUND = written(LEAN).decode()


@st.composite
def garbage(draw) -> bytes:
    """Text that may be no YAML: tokens in any order, a sound file with some put into it, in any encoding."""
    most = draw(st.sampled_from([1, 2, 8]))
    added = draw(st.lists(st.one_of(st.sampled_from(TOKENS), st.text(max_size=6)), min_size=1, max_size=most))
    if most > 2:
        text = "".join(token + draw(st.sampled_from(["\n", " ", ""])) for token in added)
    else:
        text = SOUND
        for token in added:
            at = draw(st.integers(0, len(text)))
            text = text[:at] + token + text[at + draw(st.integers(0, 5)) :]
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1258", "utf-32"]))
    return text.encode(encoding, "surrogatepass" if "utf" in encoding else "replace")


@cache
def known_parameters() -> dict:
    """The parameters that a command may set, with their defaults."""
    found = {}
    for path, _ in plans.chapters().values():
        found |= plans.notebook_parameters(path)
    return {name: default for name, default in found.items() if name not in plans.COMMANDED or name == "part"}


BREAKING = st.text(
    alphabet=st.one_of(st.sampled_from("\"'\\\n\r\u2028\u2029\x0b\x0c\x1c\x85\0%!?{}#;=$`\ud800\udfff é🎉"),
                       st.characters()), max_size=20
)  # fmt: skip
SHAPES = [
    "city: h", "city: h|s", "age_band: 18-29; city: s", "w1", "w2", "recommend", "staff, price", "recommend: 0|1|2",
    "10 of 42", "beta(3, 97)", "0.03", "silent: 0.3", "2026-01-01", "all", "2-8", "3", "persona:1", "usual", "cusum",
    "mover", "holm", "none", "lmg", "listwise", "em", "0.9", "1.5", "1e-9", "0", "99999999999999999999", "-1",
    "khaosat",
]  # fmt: skip


@st.composite
def parameters(draw) -> list[str]:
    """One to three NAME=VALUE, as a command line has them."""
    found = []
    for _ in range(draw(st.integers(1, 3))):
        known = draw(st.integers(0, 9))
        name = draw(st.sampled_from(sorted(known_parameters())) if known else st.sampled_from(HOSTILE))
        value = draw(st.one_of(BREAKING, st.sampled_from(SHAPES), st.sampled_from(HOSTILE), st.text(max_size=8)))
        found.append(f"{name}={value}" if draw(st.integers(0, 20)) else f"{name}{value}")
    return found


WRITABLE = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=5)).filter(lambda word: not HALF.search(word))
CELLS = st.one_of(
    st.sampled_from(HOSTILE), st.sampled_from(["0", "1", "5", "9", "10", "11", "h", "s", "w1", "w2", "", "4,5", "4.5"]),
    st.text(max_size=6), st.sampled_from(["31/01/2026", "2026-01-31", "0000-00-00", "1/1/1", "9999-12-31", "٣", "½"]),
)  # fmt: skip


@st.composite
def tables(draw) -> tuple[str, bytes]:
    """The survey's file with changed cells, columns and rows, in any kind of file that is read; and its name."""
    frame = answers(draw(st.sampled_from([0, 1, 2, 3, 8, ROWS, ROWS]))).astype(object)
    for _ in range(draw(st.integers(0, 4))):
        column = draw(st.sampled_from(list(frame)))
        how = draw(st.sampled_from(["cells", "cells", "all", "drop", "rename", "twice", "type", "order"]))
        if how == "drop" and frame.shape[1] > 2:
            frame = frame.drop(columns=column)
        elif how == "rename":
            frame = frame.rename(columns={column: draw(WRITABLE)})
        elif how == "twice":
            twin = frame.iloc[:, draw(st.integers(0, frame.shape[1] - 1))].to_numpy()
            frame.insert(0, draw(WRITABLE), twin, allow_duplicates=True)
        elif how == "order":
            frame = frame.iloc[::-1].reset_index(drop=True)
        elif column in frame and not isinstance(frame[column], pd.DataFrame):
            changed = list(frame[column])
            rows = range(len(changed)) if how == "all" else draw(st.sets(st.integers(0, max(len(changed) - 1, 0)),
                                                                         max_size=4))  # fmt: skip
            value = draw(CELLS)
            for row in rows:
                if row < len(changed):
                    changed[row] = value if how == "all" else draw(CELLS)
            if how == "type":
                kind = draw(st.sampled_from(["datetime64[ns]", "bool", "category", "float64", "string"]))
                made = pd.to_numeric(frame[column], errors="coerce").fillna(0)
                frame[column] = made.astype(int).astype(kind) if kind != "string" else made.astype(str)
            else:
                frame[column] = pd.Series(changed, dtype=object)
        frame = frame.loc[:, [bool(str(name)) for name in frame]] if frame.shape[1] > 3 else frame
    kind = draw(st.sampled_from(["csv", "csv", "csv", "xlsx", "parquet", "sav"]))
    return f"s.{kind}", _file(draw, frame, kind)


def _file(draw, frame: pd.DataFrame, kind: str) -> bytes:
    stream = io.BytesIO()
    if kind == "csv":
        how = {"sep": draw(st.sampled_from([",", ";", "\t", "|"])),
               "lineterminator": draw(st.sampled_from(["\n", "\r\n", "\r"]))}  # fmt: skip
        text = frame.to_csv(index=False, **how)
        encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1258", "cp1252", "utf-32"]))
        return text.encode(encoding, "surrogatepass" if "utf" in encoding else "replace")
    plain = frame.map(lambda cell: _plain(cell, kind))
    plain.columns = [_plain(str(name), kind)[:60] or f"v{place}" for place, name in enumerate(plain)]
    plain = plain.loc[:, ~plain.columns.duplicated()]
    if kind == "xlsx":
        plain.to_excel(stream, index=False)
        return stream.getvalue()
    if kind == "parquet":
        plain.map(str).to_parquet(stream, index=False) if draw(st.booleans()) else _typed(plain).to_parquet(stream)
        return stream.getvalue()
    plain.columns = [name if re.fullmatch(r"[a-z]\w{0,20}", name, re.ASCII) else f"v{n}"
                     for n, name in enumerate(plain)]  # fmt: skip
    path = Path(draw(st.just("/tmp"))) / "cx-fuzzed.sav"
    pyreadstat.write_sav(_typed(plain.loc[:, ~plain.columns.duplicated()]), str(path))
    try:
        return path.read_bytes()
    finally:
        path.unlink()


def _plain(cell, kind: str):
    """A cell that the writer of this kind of file takes."""
    if not isinstance(cell, str):
        return cell
    text = re.sub(r"[\ud800-\udfff]", "?", cell)
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "?", text) if kind != "parquet" else text


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of one type each."""
    made = {}
    for name in frame:
        column = frame[name]
        numbers = pd.to_numeric(column, errors="coerce") if column.dtype == object else None
        text = column.astype(object).map(str) if column.dtype == object else column
        made[name] = text if numbers is None or numbers.isna().any() else numbers.astype(float)
    return pd.DataFrame(made)


REMARKS = st.lists(
    st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60), st.sampled_from(
        ["gọi tôi 0912 345 678 nhé", "mail me at a.b@c.vn", "4111 1111 1111 1111", "079099001234", "staff " * 400,
         "<img src=x onerror=alert(1)>", "too slow, too dear", "đắt quá, nhân viên chậm"])),
    min_size=1, max_size=ROWS,
)  # fmt: skip


def with_remarks(remarks: list[str]) -> bytes:
    """The survey's file with these comments, one after another."""
    frame = answers()
    whole = [HALF.sub("?", remark) for remark in remarks]
    frame["why"] = [whole[i % len(whole)] for i in range(len(frame))]
    return frame.to_csv(index=False).encode()


def outcome(folder: Path, book: bytes = b"", files: dict[str, bytes] = FILES, given=(), *, which=-1) -> str:
    """What becomes of a study with these parameters: "done", or the rule of its refusal. All else is raised.

    `which` of the estimates are made: one, by its number; all (-1); none beyond their number.
    """
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / "study.yml").write_bytes(book or written(LEAN))
    names = {"study.yml", *files}
    try:
        chosen = cli._given(tuple(given))
        plan, whole = plans.make_plan(str(folder), parameters=chosen)
        for planned in plan.chapters:
            check_literals(planned.parameters)
        study = Study.load(folder, part=plan.part)
        language.speak(whole.language)
        problems = study.check()
        for problem in problems:
            assert problem.table in whole.tables, problem
            assert problem.rule
            assert "\n" not in problem.rule
        if problems:
            return _rule(problems[0].rule.replace(str(folder), ""))
        problems = declarations.problems(study)
        if problems:
            assert all(problem.column in study.book.model_fields for problem in problems), problems
            return _rule(problems[0].rule.replace(str(folder), ""))
        names |= _names(study)
        estimates(study, chosen | {"part": ""}, which)
    except CxError as error:
        told = str(error)
        assert plain(told) == told, told  # one line, and nothing that commands a terminal
        # A chapter's error names the notebook and the cell; what stands in it of a parameter is its value.
        words = [*names, *known_parameters(), *(part for one in given for part in (one, *re.split("[=;,|:]", one)))]
        named = any(word in told or ascii(word)[1:-1] in told or repr(word)[1:-1] in told for word in words if word)
        assert named or isinstance(error, CommandError), f"names no file, no key and no parameter: {told}"  # noqa: PT017
        return _rule(told.replace(str(folder), ""))
    finally:
        language.speak("en")
        for name in files:
            (folder / name).unlink()
    return "done"


def _names(study) -> set[str]:
    """Whatever an error may name of a study: its questions, their labels, its tables."""
    spec = study.book.tables
    found = {*spec}
    for name, table in spec.items():
        questions = [*table.questions, *(new for q in table.questions.values() for new in q.derive)]
        found |= {*questions, *(study.label(one, name) for one in questions), *table.keys}
    return found


def estimates(study, given: dict, which: int) -> None:
    """What the chapters reckon of a survey, with these parameters where they know them: all, or a piece of it."""
    if not study.has("survey") or not study.questions("metric"):
        return
    asked = dict.fromkeys(known_parameters(), "") | {"confidence": "0.95", "weighted": "true"} | given
    asked |= {"confidence": plans._typed("confidence", asked["confidence"], 0.95)}
    asked |= {"interval_method": survey.interval_method(study, asked["interval_method"])}
    study = survey.looked_at(study, only=asked["only"], weighted=asked["weighted"].lower() == "true")
    latest = survey.chosen_wave(study, asked["wave"])
    for piece in PIECES if which < 0 else PIECES[which : which + 1]:
        piece(study, latest, asked, {"confidence": asked["confidence"], "method": asked["interval_method"]})


def _scored(study, latest, asked, how) -> None:
    survey.headline(study, survey.by_wave(study, **how), latest)
    survey.changes(study, confidence=how["confidence"])


def _grouped(study, latest, asked, how) -> None:
    survey.by_segment(study, latest, survey.chosen_segments(study, asked["segments"]), **how)


def _tabbed(study, latest, asked, how) -> None:
    columns = tabs.chosen_banner(study, asked["banner"], latest)
    rows = tabs.chosen_rows(study, asked["rows"])
    tabs.tab_book(study, latest, rows[:3], columns[:2], correction=asked["correction"] or "holm", **how)


def _said(study, latest, asked, how) -> None:
    spoken = comments.said(study, asked["comment"])
    comments.terms(spoken, latest, confidence=how["confidence"])
    comments.themes(spoken, latest, **how)


def _driven(study, latest, asked, how) -> None:
    if not study.questions("driver"):
        return
    chosen = {name: asked[name] for name in ("outcome", "drivers", "wave")}
    case = regressions.regression(study, confidence=how["confidence"], **chosen)
    regressions.drivers_table(case)
    key_drivers.shares(case, method=asked["method"] or "lmg", missing=asked["missing"] or "pairwise", bootstrap=0)


def _doubted(study, latest, asked, how) -> None:
    competitors.standing(study.whole, **how)
    _ = study.flags, missingness.response(study)


PIECES = (_scored, _grouped, _tabbed, _said, _driven, _doubted)


# Not `new`, `chapter` and `report`: any word may name the folder that they write to, which need not be the test's.
COMMANDS = ["check", "data", "cases", "personas", "leads", "assign", "nosuch", ""]
WORDS = ["--data", "--out", "--only", "--lang", "-p", "--format", "--each", "--workers", "--form", "--from", "--yes",
         "--personas", "--cluster", "--no-cache", "city", "survey_analysis", "html", "en", "confidence=0.9", "STUDY",
         "STUDY/s.csv", "STUDY/out.csv", "STUDY/out.xlsx", "STUDY/out.sav", "STUDY/study.yml", "STUDY/p.json", "0",
         "/nosuch/x.csv", "--help"]  # fmt: skip


@st.composite
def commands(draw) -> tuple[bytes, list[str]]:
    """A study.yml and a command line of `cx`; STUDY stands for the study's folder."""
    name = draw(st.sampled_from(COMMANDS))
    first = draw(st.sampled_from(["STUDY", "STUDY", "STUDY", *HOSTILE]))
    known = {"data": ["--out", "STUDY/out.csv"], "cases": ["--out", "STUDY/out.csv"], "leads": ["--out", "STUDY/o.csv"],
             "personas": ["--out", "STUDY/p.json"]}  # fmt: skip
    more = draw(st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(HOSTILE)), max_size=3))
    if draw(st.booleans()):
        more = []
    given = [name, first, *(known.get(name, []) if draw(st.integers(0, 4)) else []), *more]
    book = draw(st.one_of(st.just(written(LEAN)), st.just(written(STUDY)), studies().map(written)))
    # No system passes NUL on, and a byte that is no text arrives as the second half of a letter.
    return book, [word.replace("\ud800", "\udcff") for word in given if "\0" not in word]


def _of_command(folder: Path, command: tuple[bytes, list[str]], which: int) -> str:
    """What the command says of it: exit code 0, or 1 or 2 with one line that no traceback follows."""
    book, words = command
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    (folder / "study.yml").write_bytes(book)
    beside = set(folder.parent.iterdir())
    before, here, sys.argv = sys.argv, Path.cwd(), ["cx", *(word.replace("STUDY", str(folder)) for word in words)]
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    os.chdir(folder)  # a relative --out is written there, and nowhere else
    try:
        with redirect_stdout(out), redirect_stderr(err):
            cli.main()
        status = 0
    except SystemExit as stop:
        status = stop.code or 0
    finally:
        os.chdir(here)
        sys.argv = before
        language.speak("en")
        assert set(folder.parent.iterdir()) == beside, "something was written beside the folder"
        for path in folder.iterdir():
            path.unlink()
    out.seek(0)
    err.seek(0)
    said, told = out.read(), err.read()
    assert status in (0, 1, 2), told
    assert "Traceback" not in told, told
    assert all(plain(line) == line for line in (said + told).split("\n")), told
    return "done" if status == 0 else _rule((told.splitlines() or [""])[-1].replace(str(folder), ""))


def check_literals(given: dict) -> None:
    """That parameters become, in a notebook's cell, exactly these literals: by papermill's hand and by ours."""
    notebook = {"metadata": {}, "cells": [{"metadata": {"tags": ["injected-parameters"]}, "source": ""}]}
    ours = timeless(notebook, given)["cells"][0]["source"]
    for source in (PythonTranslator.codify(given, "Parameters"), ours):
        seen = TransformerManager().transform_cell(source)  # what IPython makes of it: %magic, !shell, help?
        for text in (source, seen):
            found = {}
            for node in ast.parse(text).body:
                assert isinstance(node, ast.Assign), text
                found[node.targets[0].id] = ast.literal_eval(node.value)
            assert found == given, text


def _rule(told: str) -> str:
    """A message without what it is about: paths, quoted words and numbers."""
    text = re.sub(r"'[^']*'|\"[^\"]*\"|`[^`]*`", "…", told)
    text = re.sub(r"^/?study\.yml: (line \d+, )?[^ ]*:? ?", "", text)
    return re.sub(r"\d[\d.,]*", "9", text)[:70].strip()


@dataclass(frozen=True)
class Door:
    """A front door: how many inputs the long run and the quick sample give it, what they are, and what takes them."""

    many: int
    few: int
    inputs: st.SearchStrategy
    enter: Callable[..., str]


def _of_study(folder: Path, book: dict, which: int) -> str:
    return outcome(folder, written(book), which=which)


def _of_text(folder: Path, text: bytes, which: int) -> str:
    return outcome(folder, text, which=which)


def _of_parameters(folder: Path, given: list[str], which: int) -> str:
    return outcome(folder, given=given, which=which)


def _of_table(folder: Path, table: tuple[str, bytes], which: int) -> str:
    name, content = table
    return outcome(folder, written(LEAN).replace(b"s.csv", name.encode()), {name: content}, which=which)


def _of_comments(folder: Path, remarks: list[str], which: int) -> str:
    return outcome(folder, files={"s.csv": with_remarks(remarks)}, which=which)


DOORS = {
    "study.yml, changed": Door(4000, 40, studies(), _of_study),
    "study.yml, any text": Door(8500, 150, garbage(), _of_text),
    "parameters": Door(5500, 60, parameters(), _of_parameters),
    "tables": Door(1300, 20, tables(), _of_table),
    "comments": Door(400, 8, REMARKS, _of_comments),
    "the command": Door(300, 10, commands(), _of_command),
}
PIECE = st.integers(0, 4 * len(PIECES) - 1)  # a quarter of the inputs is reckoned with, by one piece each


@contextmanager
def hashed_once() -> Iterator[None]:
    """Within it, code and notebooks, which no input changes, are hashed and read once."""
    found = {name: getattr(plans, name) for name in ("code_hash", "environment", "source_hash", "notebook_parameters",
                                                     "chapters")}  # fmt: skip
    kept = {name: cache(function) for name, function in found.items()}
    with ExitStack() as stack:
        for name, function in kept.items():
            stack.callback(setattr, plans, name, found[name])
            setattr(plans, name, function)
        yield
