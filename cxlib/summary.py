"""The summary: what the other chapters published, ranked by how many customers it concerns.

Nothing is estimated anew here. A candidate is a published difference with its interval, for which the chapters also
tell how many customers it concerns; what matters is a harm (a score below the rest, more journeys that end, more
customers who leave) whose interval, widened for all candidates at once, still excludes zero.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm

from cxlib.errors import CxError
from cxlib.parts import part
from cxlib.places import find, is_study
from cxlib.published import Chapter, read_chapters

COLUMNS = ["kind", "chapter", "about", "subject", "detail", "estimate", "low", "high", "unit", "customers",
           "low_customers", "high_customers", "of"]  # fmt: skip
LOW_RATINGS = 0.25  # of a scale: 1 and 2 of 1-5


@dataclass(frozen=True)
class Read:
    """A study and what its chapters published."""

    study: object
    chapters: dict[str, Chapter]
    confidence: float

    def table(self, chapter: str, name: str) -> pd.DataFrame:
        """A published table; empty where the chapter did not run or did not publish it."""
        found = self.chapters.get(chapter)
        return pd.DataFrame() if found is None else found.tables.get(name, pd.DataFrame())

    def number(self, chapter: str, name: str) -> dict | None:
        """A published number; None where there is none, or where it is withheld."""
        found = self.chapters.get(chapter)
        number = None if found is None else found.numbers.get(name)
        return None if number is None or number["value"] is None else number

    def finding(self, chapter: str, name: str) -> str:
        """A published sentence; empty where there is none."""
        found = self.chapters.get(chapter)
        return "" if found is None else found.findings.get(name, "")


def read(study, chapters: str, *, confidence: float = 0.95) -> Read:
    """What the executed notebooks in the folder `chapters` published on this study.

    Raises CxError where a notebook in the folder was executed on another study, or on another part of it, since its
    numbers are not this one's.
    """
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    found = read_chapters(Path(find(chapters, "folder of executed notebooks")))
    for chapter in found.values():
        other = chapter.parameters["study"]
        if not is_study(other, study.file):
            raise CxError(f"the chapter {chapter.name} in {chapters} was executed on {other}, not on {study.name}")
        about = part(study.total.book, chapter.parameters.get("part", ""))
        if about != study.part:
            these = [f"the part {one}" if one else "the whole study" for one in (about, study.part)]
            raise CxError(f"the chapter {chapter.name} in {chapters} was executed on {these[0]}, not on {these[1]}")
    return Read(study, {name: found[name] for name in found if name != "summary"}, confidence)


def candidates(found: Read) -> pd.DataFrame:
    """Every published difference with an interval and a number of customers: a row each, in the order of the chapters.

    `estimate` is signed so that above zero is worse; `unit` is that of the difference. `customers` (with an interval
    where the chapter gives one) counts customers, or respondents where study.yml names no population; `of` says which.
    """
    rows = [*_silent(found), *_segments(found), *_touchpoints(found), *_drivers(found)]
    return pd.DataFrame(rows, columns=COLUMNS)


def _silent(found: Read) -> list[tuple]:
    """Unhappy customers who stay silent leave more often than those who are not unhappy (Newcombe's difference)."""
    number, rates = found.number("complaint_iceberg", "silent"), found.table("complaint_iceberg", "loss_rates")
    if number is None or "fate" not in rates:
        return []
    by_fate = rates.dropna(subset=["estimate", "low", "high"]).set_index("fate")
    if not {"silent", "content"} <= set(by_fate.index):
        return []
    silent, content = by_fate.loc["silent"], by_fate.loc["content"]
    gap = silent["estimate"] - content["estimate"]
    low = gap - np.hypot(silent["estimate"] - silent["low"], content["high"] - content["estimate"])
    high = gap + np.hypot(silent["high"] - silent["estimate"], content["estimate"] - content["low"])
    counted = (number["value"], number["low"], number["high"], "customers")
    return [("silent", "complaint_iceberg", "silent", "", "", gap, low, high, "percent", *counted)]


def _segments(found: Read) -> list[tuple]:
    """Groups that score below the rest of their question, on the study's first metric."""
    apart, sample = found.table("survey_analysis", "apart"), found.table("survey_analysis", "sample")
    if "metric" not in apart or sample.empty:
        return []
    first = apart[apart["metric"] == apart["metric"].iloc[0]]
    shares = sample.set_index(["segment", "group"])
    rows = []
    for row in first.dropna(subset=["estimate", "low", "high"]).itertuples():
        key = (row.banner, row.group)
        if key in shares.index:
            counted = _of_population(found, shares.loc[key])
            worse = (-row.estimate, -row.high, -row.low)
            what = (row.banner, f"{row.banner}: {row.group}", row.metric)
            rows.append(("segment", "survey_analysis", *what, *worse, row.unit, *counted))
    return rows


def _touchpoints(found: Read) -> list[tuple]:
    """Touchpoints where journeys end more often, or the score is lower, than elsewhere; their customers are counted."""
    rows = []
    for row in found.table("journey_map", "pains").itertuples():
        where = ", ".join(str(part) for part in (row.touchpoint, row.stage, row.channel) if part)
        counted = (row.customers, row.customers, row.customers, "customers")
        for kind, value, low, high, unit in (
            ("ending", row.ending, row.ending_low, row.ending_high, "percent"),
            ("loss", row.loss, row.loss_low, row.loss_high, "score"),
        ):
            if pd.notna(value) and pd.notna(low) and pd.notna(high):
                rows.append((kind, "journey_map", where, where, "", value, low, high, unit, *counted))
    return rows


def _drivers(found: Read) -> list[tuple]:
    """Drivers that go with the outcome; concerned are those who rate them low (the lowest quarter of the scale)."""
    effects, ratings = found.table("metric_regressions", "effects"), found.table("survey_analysis", "ratings")
    if "outcome" not in effects or ratings.empty:
        return []
    rated = ratings.assign(at=pd.to_numeric(ratings["answer"], errors="coerce")).dropna(subset=["at"])
    rows = []
    for row in effects.dropna(subset=["estimate", "low", "high"]).itertuples():
        own = rated[rated["item"] == row.label]
        if own.empty:
            continue
        least, most = own["at"].min(), own["at"].max()
        share = own.loc[own["at"] <= least + LOW_RATINGS * (most - least), "estimate"].sum()
        low_rated = own.iloc[0].to_dict() | {"estimate": share, "low": np.nan, "high": np.nan}
        counted = _of_population(found, low_rated)
        numbers = (row.estimate, row.low, row.high, row.unit)
        rows.append(("driver", "metric_regressions", row.label, row.label, row.outcome, *numbers, *counted))
    return rows


def _of_population(found: Read, share: pd.Series | dict) -> tuple[float, float, float, str]:
    """A share of the survey in customers of the population, or in respondents where it is unknown.

    So it is where the survey's chapter looked at a part of the respondents, or at answers without weights.
    A survey without weights publishes no weighted base; it is the number of its answers.
    """
    survey = found.chapters.get("survey_analysis")
    usual = survey is None or (not survey.parameters.get("only") and survey.parameters.get("weighted", True))
    size = found.study.book.population if usual else None
    whole, of = (size, "customers") if size else (share["n_weighted" if "n_weighted" in share else "n"], "respondents")
    ends = (share["estimate"], share.get("low", np.nan), share.get("high", np.nan))
    return (*(whole * end / 100 for end in ends), of)


def ranked(rows: pd.DataFrame, confidence: float) -> pd.DataFrame:
    """The candidates with intervals that hold for all of them at once (Bonferroni), those that matter first.

    Each side of a published interval is widened by the ratio of the normal quantiles; of a t interval that is a little
    too little on few degrees of freedom. `matters` is true for a harm whose widened interval excludes zero; these are
    ranked by the customers they concern. What they are about (a question, a driver, a touchpoint) is ranked once, by
    its clearest harm.
    """
    if rows.empty:
        return rows.assign(corrected_low=[], corrected_high=[], matters=np.zeros(0, bool))
    wider = norm.isf((1 - confidence) / 2 / len(rows)) / norm.isf((1 - confidence) / 2)
    low = rows["estimate"] - wider * (rows["estimate"] - rows["low"])
    high = rows["estimate"] + wider * (rows["high"] - rows["estimate"])
    rows = rows.assign(corrected_low=low, corrected_high=high, matters=(low > 0) & (rows["customers"] > 0))
    clear = rows["estimate"] / (rows["estimate"] - low).replace(0, np.nan)
    rows = rows.assign(_clear=clear).sort_values("_clear", ascending=False, kind="stable")
    again = rows[rows["matters"]].duplicated(["chapter", "about"])
    rows = rows.assign(matters=rows["matters"] & ~again.reindex(rows.index, fill_value=False))
    order = rows.assign(_size=rows["customers"].round(6)).sort_values(
        ["matters", "_size", "_clear"], ascending=False, kind="stable"
    )
    return order.drop(columns=["_clear", "_size"]).reset_index(drop=True)


def headlines(found: Read) -> list[dict]:
    """The numbers to open with: the survey's metrics with their last change, then the silent unhappy customers."""
    changes = found.table("survey_analysis", "changes")
    survey = found.chapters.get("survey_analysis")
    rows = []
    for name, number in (survey.numbers if survey else {}).items():
        own = changes[changes["name"] == name] if "name" in changes else changes.iloc[:0]
        rows.append(number | {"name": name, "change": own.iloc[-1].to_dict() if len(own) else None})
    silent = found.number("complaint_iceberg", "silent")
    return rows + ([silent | {"name": "silent", "change": None}] if silent else [])


def earned(found: Read) -> dict[str, bool]:
    """Of each outcome of the before-after analysis, by label: whether its difference may be called an effect.

    That takes a comparison group, at least one placebo check on earlier waves, none of them clear, and a difference
    that is clear after its correction. What the groups' make-up did is then still an assumption, which is said.
    """
    rows, placebos = found.table("metric_regressions", "improvement"), found.table("metric_regressions", "placebos")
    if rows.empty:
        return {}
    checks = placebos[placebos["check"] == "placebo"] if "check" in placebos else placebos
    silent = len(checks) > 0 and not (checks["p_adjusted"] < 0.05).any()
    return {row.label: bool(silent and row.p_adjusted < 0.05) for row in rows.itertuples()}
