"""Consent: who may be called, what they said in confidence, and the one file that names and phone numbers ever reach.

Names and phone numbers are in no table of a study. They are read here, for the customers listed only, at the moment
that the file is written.
"""

import os
import re
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from cxlib import days, large
from cxlib.cells import by_value, code, number
from cxlib.engine import files_of
from cxlib.errors import CxError, nearest
from cxlib.places import ROOT
from cxlib.private_cells import quoted
from cxlib.readers import without_missing

LEFT_OUT = ("without consent", "who left", "with a recorded complaint")


def standing(study, *, start=None, end=None) -> pd.Series:
    """Who may be called: "" for a customer who may, else the first of LEFT_OUT that holds; the index is the customer.

    Consent is a `recontact` of 1 in the customers table and no 0 in any linked answer of the survey: one no is a no,
    and a blank is no yes. Complaints count from the day `start` to the day `end`, all of them where these are not
    given; one without its day counts. Raises CxError where customers, survey, their link or consent are not there.
    """
    customers, asked = _customers(study), "recontact" in study.book.tables["survey"].keys
    # A no counts also from whom the checks of quality leave out of every estimate.
    who, answered = customers["customer"], study.everyone
    refused = answered.loc[answered["recontact"] == 0, "customer"] if asked else []
    consent = (customers["recontact"] == 1) & ~who.isin(refused)
    dated = "left" in study.book.tables["customers"].keys
    left = customers["left"].notna() if dated else np.zeros(len(customers), bool)
    complained = who.isin(_complainers(study, start, end))
    reasons = np.select([~consent, left, complained], LEFT_OUT, "")
    return pd.Series(reasons, index=pd.Index(who, name="customer"), dtype=object)


def _customers(study) -> pd.DataFrame:
    """The customers table, once all that a list of whom to call needs has been found."""
    needed = {"customers": ("customer", "recontact"), "survey": ("customer",)}
    for table, keys in needed.items():
        if not study.has(table):
            raise CxError(f"{study.file}: whom to call needs a table {table}; there are {', '.join(study.book.tables)}")
        for key in keys:
            if key not in study.book.tables[table].keys:
                what = "who agreed to be called (1 or 0)" if key == "recontact" else "the customer"
                raise CxError(
                    f"{study.file}: whom to call needs to know {what}; name the column in the table {table}, "
                    f"e.g. `{key}: {key}`"
                )
    customers = study.table("customers")
    again = customers["customer"].duplicated()
    if again.any():
        raise CxError(
            f"{study.file}: whom to call needs one row a customer; {again.sum()} customers stand in several files, "
            f"e.g. {quoted(customers.loc[again, 'customer'].iloc[0])}"
        )
    return customers


def _complainers(study, start, end) -> pd.Series:
    """The customers with a recorded complaint in the window."""
    first, last = (
        days.day(text, f"the {side} of the window of complaints") if text else None
        for side, text in (("start", start), ("end", end))
    )
    if first is not None and last is not None and first > last:
        raise CxError(f"the window of complaints ends before it starts: {first.date()} to {last.date()}")
    if not study.has("complaints") or "complainer" not in study.table("complaints"):
        return pd.Series([], dtype=object)
    complaints = study.table("complaints")
    if first is None and last is None:
        return complaints["complainer"].dropna()
    if "when" not in complaints:
        raise CxError(f"{study.file}: a window needs the day of each complaint; name its column, e.g. `when: date`")
    day = complaints["when"].dt.normalize()
    outside = day < first if first is not None else np.zeros(len(day), bool)
    outside |= day > last if last is not None else False
    return complaints.loc[~outside, "complainer"].dropna()


def answers(study, who: pd.Series, *, unhappy, complained) -> pd.DataFrame:
    """silent (1 unhappy without a complaint, 0 not) and weight of these customers: the latest answer that tells.

    Only answers whose own interview allowed to be contacted again are looked at. The index is the customer.
    """
    survey, keys = study.survey, study.book.tables["survey"].keys
    sad, told = (_any(study, setting, given) for setting, given in (("unhappy", unhappy), ("complained", complained)))
    silent = np.select([(sad == 0) | (told == 1), (sad == 1) & (told == 0)], [0.0, 1.0], np.nan)
    agreed = survey["customer"].isin(who) & ((survey["recontact"] == 1) if "recontact" in keys else True)
    rows = survey.assign(silent=silent, weight=survey.get("weight", 1.0))
    rows = rows[agreed].dropna(subset="silent")
    rows = rows.sort_values([c for c in ("wave", "when") if c in rows], kind="stable")
    return rows.drop_duplicates("customer", keep="last").set_index("customer")[["silent", "weight"]]


def _any(study, setting: str, given: dict) -> pd.Series:
    """1 where one of the questions got one of its answers, 0 where all got others, nan where that is not known."""
    if not given:
        raise CxError(f"{study.file}: whom to call needs the questions and answers that say who is {setting}")
    said = pd.concat([_said(study, name, codes) for name, codes in given.items()], axis=1)
    return said.max(axis=1).where(said.eq(1).any(axis=1) | said.notna().all(axis=1))


def _said(study, name: str, codes) -> pd.Series:
    """study.said() of an answer that there is."""
    survey, questions = study.survey, study.book.tables["survey"].questions
    if name not in questions:
        raise CxError(f"{study.file}: the survey has no question {name}{nearest(name, questions)}")
    labels, numeric = questions[name].labels, name in survey and pd.api.types.is_numeric_dtype(survey[name])
    unknown = [c for c in codes if (number(str(c)) is None if numeric else labels and str(c) not in labels)]
    if unknown or not codes:
        raise CxError(f"{study.file}: {name} has no answer {unknown[0] if unknown else 'that says so'}")
    return study.said(name, [str(c) for c in codes])


def write(study, cases, out: str | Path) -> Path:
    """Write the list of cases() with the private columns of the customers table, for the caller alone to read.

    A CSV in UTF-8 with a mark (by which Excel reads Vietnamese): customer, the `private:` columns, then the other
    columns of the list. Cells are the file's own text: phone numbers keep their zeros (in Excel, import the column as
    text). Raises CxError, leaving nothing behind, as place() does and where somebody listed may not be called.
    """
    out = place(out)
    listed = cases.frame
    may = standing(study).isin(["", LEFT_OUT[2]])  # who complained depends on the window, consent does not
    barred = ~listed["customer"].map(may).fillna(False).astype(bool)
    if barred.any():
        raise CxError(
            f"only customers who agreed to be called and are still there may be listed; {barred.sum()} are not"
        )
    held = contacts(study, listed["customer"])
    held = held.rename(columns={c: f"{c} (private)" for c in held if c in listed})
    table = listed[["customer"]].join(held, on="customer").join(listed.drop(columns="customer"))
    table["known"] = table["known"].map({True: "yes", False: "no"})
    numbers = {"chance": 4, "value": 2, "expected": 2}
    table = table.assign(**{c: table[c].round(numbers[c]) if c in numbers else by_value(table[c], cell) for c in table})
    move_into_place(table.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig"), out)
    return out


def place(out: str | Path, what: str = "whom to call is", *, endings: tuple[str, ...] = (".csv",)) -> Path:
    """`out` where a private file may be written, else CxError, which says what would be.

    It must have one of the `endings`, stand in a folder that is there, be no file yet, and lie in no report and no
    reports/ folder.
    """
    out = Path(out).expanduser()
    folder = out.parent.resolve()
    if out.suffix.lower() not in endings:
        known = " or ".join(part for part in (", ".join(endings[:-1]), endings[-1]) if part)
        raise CxError(f"{out}: {what} written as a {known} file")
    if not folder.is_dir():
        raise CxError(f"{out}: there is no folder {out.parent}")
    for above in (folder, *folder.parents):
        if above in (ROOT / "reports", Path("reports").resolve()) or _is_report(above):
            raise CxError(f"{out}: lies in {above}; {what} private and never part of a report")
    if os.path.lexists(out):
        raise CxError(f"{out}: is there already and is not replaced; remove it or choose another name")
    return folder / out.name


def _is_report(folder: Path) -> bool:
    return (folder / "plan.json").is_file() and (folder / "index.html").is_file()


def contacts(study, customers: pd.Series) -> pd.DataFrame:
    """The private columns of the customers table, as text, for these customers only; the index is the customer."""
    spec = study.book.tables["customers"]
    parts = []
    for entry in spec.file:
        for path in [path for one, path in files_of(study, spec) if one is entry]:
            raw = without_missing(large.read(study, "customers", entry, path))
            raw = raw.loc[:, ~raw.columns.duplicated()]
            key = by_value(raw[spec.source("customer", entry)], code)
            listed = key.isin(customers)
            held = raw.loc[listed, [c for c in spec.private if c in raw]]
            parts.append(held.set_axis(pd.Index(key[listed], name="customer")))
    found = pd.concat(parts)
    found = found[~found.index.duplicated()]  # `duplicates: first`, where the study says so
    return pd.DataFrame({c: by_value(found[c], code) for c in spec.private}, index=found.index)


# What a spreadsheet takes for a formula: these at the start of a cell, or behind what may start one where lists are
# separated otherwise. The wide letters count as the narrow ones in East Asian settings.
_FORMULA = re.compile(r"(^|[;,\t\r\n\"])(\s*)([=+\-@＝＋－＠])")
_PHONE = re.compile(r"\+[\d ().\-/]{6,}")


def cell(value) -> str | None:
    """A text of the data that a spreadsheet shows and does not compute: an apostrophe stands before a formula.

    A phone number of another country keeps its plus, since a phone cannot dial an apostrophe: digits compute nothing.
    What stands between them is written as a blank, since +84-901 would be shown as the difference of two numbers.
    """
    text = code(value)
    if text is None:
        return None
    if _PHONE.fullmatch(text):
        return "+" + " ".join(re.findall(r"\d+", text))
    return _FORMULA.sub(r"\1\2'\3", text)


def move_into_place(content: bytes, out: Path) -> None:
    """The file appears whole or not at all, for its owner alone to read, and replaces none."""
    made = []
    try:
        handle, part = tempfile.mkstemp(prefix=f".{out.stem[:50]}.", dir=out.parent)  # mode 0600
        made.append(part)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.close(os.open(out, os.O_CREAT | os.O_EXCL, 0o600))  # the name is ours, or somebody was faster
        made.append(out)
        os.replace(part, out)
        made.clear()
    except FileExistsError:
        raise CxError(f"{out}: is there already and is not replaced; remove it or choose another name") from None
    except OSError as error:
        raise CxError(f"{out}: cannot be written: {error.strerror}") from None
    finally:
        for path in made:
            os.unlink(path)
