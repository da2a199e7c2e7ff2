"""The rows of a part of a study, the design that they were drawn by, and the population that it has.

The whole study is read, checked, cleared of whom it leaves out and weighted first; then the part is taken. Its weights
are fixed numbers from there on: what raking explains is a property of all respondents together, so the residuals that
make standard errors of a raked survey smaller are not taken, and errors are on the safe side (R's survey package keeps
them in subset() of a calibrated design).

The design:

- A part that holds all clusters (without clusters: all respondents) of each of its strata is a sample by itself: a
  stratum was drawn apart from others. Nothing is to be kept in mind.
- A part with no more than one cluster a stratum (a branch that is a cluster) has no second one to be held against: its
  linearised variance between clusters would be 0. Its respondents are taken as drawn one by one within it, the first
  stage, each wave apart: intervals are about this cluster alone. Clusters and fpc are dropped.
- Any other part is a domain: how many of its stratum's clusters have a member of it is chance, too. Clusters without
  one count with 0, as in subset() of a design in R: the survey carries how many were drawn (design.DRAWN), so that
  metrics, shares, differences, crosstabs and models have R's errors. Bootstraps draw among the part's clusters alone.

Sources: Särndal, Swensson and Wretman, Model Assisted Survey Sampling, 3.7 and 5.8; Lumley, Complex Surveys, 2.3.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib import parts
from cxlib.columns import natural_order
from cxlib.design import DRAWN
from cxlib.errors import CxError, nearest
from cxlib.margins import of_study
from cxlib.parts import Part, held, place

CUSTOMER = {"survey": "customer", "complaints": "complainer", "events": "customer", "sales": "customer"}
# What a part is of its sample: whole strata, (a part of) one cluster, or a domain.
STRATA, CLUSTER, DOMAIN = "strata", "cluster", "domain"


def rows(study, name: str, frame: pd.DataFrame) -> np.ndarray:
    """Which rows of a table of the whole `study` (or of everyone) belong to the part that study.part names.

    All of them for a table that stays as it is. Raises CxError where nobody of survey and customers has the value.
    """
    one, book = study.part, study.total.book
    there = place(name, book.tables[name], one.names)
    if there is not None:
        found = (frame[there] == held(book, name, there, one)).to_numpy(bool, na_value=False)
        if not found.any() and name in parts.PEOPLE:
            _refuse(study, name, there, frame)
        return found
    key = CUSTOMER.get(name)
    if key is None:
        return np.ones(len(frame), bool)
    if key not in frame:
        return np.zeros(len(frame), bool)
    found = frame[key].isin(study.table("customers")["customer"]).to_numpy(bool)
    if name == "survey" and not found.any():
        raise CxError(f"{study.file}: nobody who answered the survey is a customer of {one.column}: {one.value}")
    return found


def _refuse(study, name: str, there: str, frame: pd.DataFrame) -> None:
    """Raise a CxError for a value that nobody has; a table of customers may be without one that respondents have."""
    one, known = study.part, natural_order(frame[there].dropna().unique())
    other = [table for table in parts.PEOPLE if table != name and study.total.has(table)]
    for table in other:
        column = place(table, study.total.book.tables[table], one.names)
        if column and (study.total.table(table)[column] == held(study.total.book, table, column, one)).any():
            if name == "customers":
                return
            raise CxError(f"{study.file}: nobody of {one.column}: {one.value} answered the survey")
    shown = ", ".join(known[:6]) + (f" and {len(known) - 6} more" if len(known) > 6 else "")
    raise CxError(f"{study.file}: {one.column} has no value {one.value} in the table {name}; "
                  f"its values are {shown}{nearest(one.value, known)}")  # fmt: skip


@dataclass(frozen=True)
class Sampled:
    """A part's survey as it was drawn: which of STRATA, CLUSTER and DOMAIN it is, and its columns of the design."""

    survey: pd.DataFrame
    kind: str


def sampled(whole: pd.DataFrame, inside: np.ndarray, *, persists: bool) -> Sampled:
    """The rows `inside` of the whole survey, with what the design of a part needs; see above.

    `persists` says that clusters return in every wave. Waves that nobody of the part answered in are no waves of it.
    """
    survey = whole[inside].reset_index(drop=True)
    survey = survey.drop(columns=[c for c in survey if c == "weight_ratio" or c.startswith("margin.")])
    if "wave" in survey:
        survey["wave"] = survey["wave"].cat.remove_unused_categories()
    waves = [key for key in ("wave",) if key in whole]
    strata = [*([] if persists else waves), *(key for key in ("stratum",) if key in whole)]
    drawn, ours = _drawn(whole, strata), _drawn(whole[inside], strata)
    if "cluster" in whole and whole["cluster"][inside].notna().all() and (ours <= 1).all():
        return Sampled(survey.drop(columns=["cluster", "fpc"], errors="ignore"), CLUSTER)
    every = drawn.reindex(ours.index)
    if (every == ours).all():
        return Sampled(survey, STRATA)
    number = every.to_numpy()[_groups(survey, strata).ngroup()]
    return Sampled(survey.assign(**{DRAWN: number}), DOMAIN)


def _drawn(survey: pd.DataFrame, strata: list[str]) -> pd.Series:
    """How many clusters, or respondents without one, were drawn in each stratum."""
    units = survey["cluster"] if "cluster" in survey else pd.Series(np.nan, index=survey.index)
    frame = survey[strata].assign(unit=units, alone=units.isna())
    found = _groups(frame, strata).agg({"unit": "nunique", "alone": "sum"})
    return (found["unit"] + found["alone"]).astype(float)


def _groups(frame: pd.DataFrame, strata: list[str]):
    """The rows of a frame by stratum, in sorted order."""
    keys = [frame[key].astype(object) for key in strata]
    return frame.groupby(keys or np.zeros(len(frame), int), dropna=False, sort=True)


def margins_of(study) -> dict:
    """The margins of the population that a study's respondents can be held against, as weights.rake() takes them."""
    found = of_study(study, study.survey) if study.book.margins else {}
    return found if study.part is None else _within(found, study.part)


def _within(found: dict, one: Part) -> dict:
    """The margins of a whole study that hold of a part: those that cross its column, within the part.

    A margin of the column alone says nothing of the part's make-up, and one that does not cross it is of the whole.
    """
    kept = {}
    for of, population in found.items():
        columns = (of,) if isinstance(of, str) else of
        column = next((name for name in columns if name in one.names), None)
        if column is None or len(columns) == 1:
            continue
        at, rest = columns.index(column), tuple(name for name in columns if name != column)
        before = len(next(iter(population))) - len(columns)  # 1 where the wave comes first
        level, sums = {}, {}
        for key, people in population.items():
            if key[at + before] == one.label:
                left = tuple(part for place, part in enumerate(key) if place != at + before)
                level[left if len(left) > 1 else left[0]] = people
                sums[key[:before]] = sums.get(key[:before], 0) + people
        if level and min(sums.values()) > 0:
            shares = {key: people / sums[key[:before] if before else ()] for key, people in level.items()}
            kept[rest if len(rest) > 1 else rest[0]] = shares
    return kept


def population(study, one: Part) -> int | None:
    """How many customers the part has, by the share that a margin of the population gives its value; None if none does.

    With margins by wave the last one's.
    """
    size = study.book.population
    margins = [margin for margin in study.book.margins if set(margin.of) & set(one.names)]
    if size is None or not margins:
        return None
    frame = pd.DataFrame({name: pd.Categorical([]) for margin in margins for name in margin.of} | {"wave": []})
    found = of_study(study, frame, margins[:1])
    ((of, people),) = found.items()
    columns = (of,) if isinstance(of, str) else of
    at = next(place for place, name in enumerate(columns) if name in one.names)
    keys = [key if isinstance(key, tuple) else (key,) for key in people]
    before = len(keys[0]) - len(columns)
    last = keys[-1][0] if before else None
    counted = {key: n for key, n in zip(keys, people.values(), strict=True) if not before or key[0] == last}
    own = sum(n for key, n in counted.items() if key[at + before] == one.label)
    return round(size * own / sum(counted.values())) if own else None
