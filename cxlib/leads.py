"""Leads: which prospects are like the study's ideal customers, and to which persona they are likely to belong."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cxlib import lead_score, text
from cxlib.errors import CxError
from cxlib.language import tr
from cxlib.lead_rules import Rule
from cxlib.newcomers import with_options
from cxlib.people import ROLES, is_sensitive
from cxlib.private import cell, move_into_place, place
from cxlib.readers import by_value
from cxlib.segment_variables import code
from cxlib.shown import Shown

LEAST = 50  # ideal customers, and others: see lead_score.fit()


@dataclass(frozen=True, repr=False)
class Leads(Shown):
    """The scorecard of a study's customers and its prospects' scores; or why there is none."""

    score: lead_score.LeadScore | None
    prospects: pd.DataFrame
    why_not: str = ""


def leads(study, *, seed: int = 0, confidence: float = 0.95) -> Leads:
    """The scorecard for the study's ideal customers, and the prospects by score, the highest first.

    Attributes are the questions that customers and prospects share, apart from comments and what is sensitive; ideal
    and rules are those of study.yml, `personas:`. Without prospects the scorecard stands alone. `why_not` says in a
    sentence why there is none: no customers whose values differ, too few of them, or no shared question.
    """
    if not study.has("customers") or "value" not in study.table("customers"):
        return Leads(None, pd.DataFrame(), tr("a lead score needs a table customers with a `value:`"))
    shared = _shared(study)
    if not shared:
        return Leads(None, pd.DataFrame(), tr("customers and prospects share no question that could be scored"))
    customers, settings = study.table("customers"), study.book.personas
    if customers["value"].nunique() < 2:
        return Leads(None, pd.DataFrame(), tr("a lead score needs customers whose values differ"))
    ideal = lead_score.ideal(customers, value_top=settings.ideal.value_top, stayed=settings.ideal.stayed)
    counts = ideal.value_counts()
    if min(counts.get(1.0, 0), counts.get(0.0, 0)) < LEAST:
        why = tr(
            "a lead score needs {least} ideal customers and as many others; there are {ideal} ideal customers and "
            "{others} others",
            least=LEAST,
            ideal=text.number(counts.get(1.0, 0)),
            others=text.number(counts.get(0.0, 0)),
        )
        return Leads(None, pd.DataFrame(), why)
    found = lead_score.fit(customers, ideal, shared, rules=_rules(study), seed=seed, confidence=confidence)
    scored = pd.DataFrame()
    if study.has("prospects"):
        prospects = study.table("prospects")
        scored = found.score(prospects)
        scored = scored.assign(row=prospects.index)
        scored = scored.sort_values("rank", kind="stable").reset_index(drop=True)
    return Leads(found, scored)


def persona_of(study, made) -> pd.DataFrame | None:
    """Segmentation.assign() of the prospects; None without personas, or prospects who share a variable with them.

    An answer that nobody gave of whom the personas were formed counts as none.
    """
    if made.k == 1 or not study.has("prospects"):
        return None
    asked = study.book.tables["prospects"].questions
    prospects = with_options(study.table("prospects"), made.variables, asked)
    shared = [variable for variable in made.variables if variable.name in prospects]
    known = {}
    for variable in shared:
        codes, numbers = code([variable], prospects, strict=False)
        there = (codes >= 0).any(axis=1) | (~np.isnan(numbers)).any(axis=1)
        known[variable.name] = prospects[variable.name].astype(object).where(there)
    return made.assign(pd.DataFrame(known, index=prospects.index)) if shared else None


def write(study, found: Leads, made, out: str | Path) -> list[str]:
    """Write the prospects by score as a private CSV: who, score, chance, what earned it, rules, likely persona.

    Returns what a reader ought to know. Raises CxError as private.place(), without a scorecard, and without prospects.
    """
    out = place(out, "whom to win is")
    if found.score is None:
        raise CxError(f"{study.file}: {found.why_not}")
    if not len(found.prospects):
        tables = ", ".join(study.book.tables)
        raise CxError(f"{study.file}: a list of leads needs a table prospects; there are {tables}")
    rows, table = found.prospects.set_index("row"), study.table("prospects")
    listed = rows[["score", "points", "by_rules", "chance", "chance_low", "chance_high", "rank", "tenth"]].round(2)
    listed = listed.join(rows[["excluded", "reasons", "rules", "unknown"]])
    listed.insert(0, "prospect", table["prospect"] if "prospect" in table else listed.index + 1)
    placed = persona_of(study, made)
    if placed is not None:
        listed = listed.assign(persona=placed["name"], persona_probability=placed["probability"].round(4))
    words = [name for name in ("prospect", "reasons", "unknown", "persona") if name in listed]
    listed = listed.assign(**{name: by_value(listed[name], cell) for name in words})  # a spreadsheet computes none
    move_into_place(listed.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig"), out)
    return [f"{out}: {len(listed):,} prospects, the highest score first", found.score.reason]


def _shared(study) -> dict[str, str]:
    """The questions that customers and prospects share, with their labels; without prospects all of customers.

    A part of a study may have no more than a handful of customers who were asked one: it counts from the minimum base.
    """
    least = 1 if study.part is None else study.book.minimum_base
    customers = study.book.tables["customers"].questions
    others = study.book.tables["prospects"].questions if study.has("prospects") else customers
    return {
        name: study.label(name, "customers")
        for name, question in customers.items()
        if name in others
        and question.role in ROLES
        and question.role != "multi"
        and not is_sensitive(study, "customers", name)
        and study.table("customers")[name].notna().sum() >= least
    }


def _rules(study) -> list[Rule]:
    """The client's rules, their codes as words."""
    made = []
    for rule in study.book.personas.rules:
        question = study.book.tables["customers"].questions[rule.question]
        if question.role == "multi":
            raise CxError(f"{study.file}: a rule on {rule.question} cannot be applied: it has many answers at once")
        words = tuple(study.book.words(question.labels.get(code), code) for code in rule.answers)
        made.append(Rule(rule.question, words, rule.points, rule.exclude))
    return made
