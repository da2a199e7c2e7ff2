"""A verdict on each metric: fit to report, report with caution, or do not report; by rules that are published with it.

A rule is broken by a number, never by judgement, and each broken rule gives its reason as a sentence. The worst of them
is the verdict. Thresholds without a source are this project's conventions.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.answer_states import asked, is_missing
from cxlib.exclusion_effect import ALL, effect
from cxlib.language import noted, tr, tr_n
from cxlib.raking import MET
from cxlib.survey import by_wave, chosen_wave, headline, metrics
from cxlib.wave_breaks import STOP, breaks
from cxlib.weights import EFFICIENT, effective_n

FIT, CAUTION, DO_NOT = VERDICTS = (noted("fit to report"), noted("report with caution"), noted("do not report"))
SMALL = text.SMALL_BASE
MISSING_CAUTION, MISSING_STOP = 20.0, 40.0  # percent of those asked
FLAGGED = 10.0  # percent of the base that a check of quality marks and that the study keeps


@dataclass(frozen=True)
class Rule:
    """One rule: what is held against what, the verdict where it is broken, and where the threshold comes from.

    All are messages; those of `broken` have LIMITS in their places.
    """

    name: str
    broken: str
    verdict: str
    source: str


LIMITS = {
    "small": f"{SMALL}",
    "missing_stop": f"{MISSING_STOP:.0f}%",
    "missing_caution": f"{MISSING_CAUTION:.0f}%",
    "efficient": f"{100 * EFFICIENT:.0f}%",
    "flagged": f"{FLAGGED:.0f}%",
}
CONVENTION = noted("convention")
RULES = (
    Rule(noted("base"), noted("fewer answers than the study's minimum base"), DO_NOT,
         noted("study.yml, minimum_base")),
    Rule(noted("small base"), noted("fewer than {small} answers"), CAUTION, CONVENTION),
    Rule(noted("effective base"), noted("effective number of answers under the minimum base"), DO_NOT,
         noted("Kish, Survey Sampling (1965), 11.7 (effective sample size)")),
    Rule(noted("small effective base"), noted("effective number of answers under {small}"), CAUTION, CONVENTION),
    Rule(noted("missing answers"), noted("more than {missing_stop} of those asked gave no answer"), DO_NOT, CONVENTION),
    Rule(noted("some missing answers"), noted("more than {missing_caution} of those asked gave no answer"), CAUTION,
         noted("convention; Groves, Public Opinion Quarterly 70 (2006) 646-675 (a rate alone does not tell bias)")),
    Rule(noted("weights"), noted("efficiency of the weights under {efficient}"), CAUTION,
         noted("Kish, Journal of Official Statistics 8 (1992) 183-200 (1 / design effect); threshold: convention")),
    Rule(noted("raking"), noted("the weights do not meet the margins of the population"), DO_NOT,
         noted("weights.rake(): 1e-8 of a share")),
    Rule(noted("exclusions"), noted("leaving respondents out moves the metric by more than half its interval"),
         CAUTION,
         noted("AAPOR, Transparency Initiative (data-quality processing is disclosed); threshold: convention")),
    Rule(noted("marked respondents"),
         noted("checks (but for partial) mark more than {flagged} of the base, which is kept"), CAUTION, CONVENTION),
    Rule(noted("break"), noted("the question changed since the wave before it: the change does not count"), CAUTION,
         noted("Biemer and Lyberg, Introduction to Survey Quality (2003), chapter 4")),
    Rule(noted("mode"), noted("the mode of interview changed since the wave before it: the change is of both"), CAUTION,
         noted("de Leeuw, Journal of Official Statistics 21 (2005) 233-255")),
)  # fmt: skip


def rules() -> pd.DataFrame:
    """The rules as a table: rule, broken (when), verdict (then), source; rule and verdict are messages."""
    return pd.DataFrame([(rule.name, tr(rule.broken, **LIMITS), rule.verdict, tr(rule.source)) for rule in RULES],
                        columns=["rule", "broken", "verdict", "source"])  # fmt: skip


def verdicts(study, wave: str | None = None, *, seams: pd.DataFrame | None = None, confidence=0.95) -> pd.DataFrame:
    """The verdict on each metric in its last wave up to `wave`, with a reason for every rule that it breaks.

    `seams` is wave_breaks.breaks(study), where that is known already.
    Columns: name, label, wave, verdict, broken (names of the rules, a tuple), reasons (sentences, a tuple; what speaks
    for it where nothing is broken), estimate, low, high, se, n, n_weighted, n_effective, missing (percent of those
    asked), efficiency (of the weights, percent), flagged (percent of the base), shift (by the exclusions), unit.
    """
    wave = chosen_wave(study, wave or "")
    rows = _with_unanswered(study, headline(study, by_wave(study, confidence=confidence), wave), wave)
    questions = metrics(study).set_index("name")["question"]
    changes = effect(study, wave, confidence=confidence, by_check=False)
    seams, found = breaks(study) if seams is None else seams, []
    for row in rows.itertuples():
        question = questions[row.name]
        facts = _facts(study, row, question, changes)
        broken = {**_of_base(study, row), **_of_answers(study, row, facts), **_of_change(study, row, question, seams)}
        verdict = max((rule.verdict for rule in RULES if rule.name in broken), key=VERDICTS.index, default=FIT)
        reasons = tuple(broken[rule.name] for rule in RULES if rule.name in broken) or (_for_it(row, facts),)
        kept = {c: getattr(row, c) for c in ("name", "label", "estimate", "low", "high", "se", "n", "n_weighted",
                                             "n_effective", "unit")}  # fmt: skip
        about = {"wave": getattr(row, "wave", None), "verdict": verdict, "reasons": reasons}
        about["broken"] = tuple(rule.name for rule in RULES if rule.name in broken)
        found.append(kept | about | {c: facts[c] for c in ("missing", "efficiency", "flagged", "shift")})
    columns = ["name", "label", "wave", "verdict", "broken", "reasons", "estimate", "low", "high", "se", "n",
               "n_weighted", "n_effective", "missing", "efficiency", "flagged", "shift", "unit"]  # fmt: skip
    return pd.DataFrame(found, columns=columns)


def _with_unanswered(study, rows: pd.DataFrame, wave: str | None) -> pd.DataFrame:
    """The rows, and one without a number for each metric that was asked and that nobody answered."""
    known = metrics(study)
    lacking = [row for row in known[~known["name"].isin(rows["name"])].itertuples()
               if asked(study, row.question, wave).any()]  # fmt: skip
    if not lacking:
        return rows
    blank = {"n": 0, "n_weighted": 0.0, **dict.fromkeys(("estimate", "low", "high", "se", "n_effective"), np.nan)}
    about = [{"name": row.name, "label": row.label, "unit": row.unit, **blank} for row in lacking]
    added = pd.DataFrame(about).assign(**({"wave": wave} if wave else {}))
    return pd.concat([rows, added], ignore_index=True) if len(rows) else added


def _facts(study, row, question: str, changes: pd.DataFrame) -> dict:
    """What the rules need to know of the answers behind a row: shares in percent, and the shift by the exclusions."""
    survey, wave = study.survey, getattr(row, "wave", None)
    answered = survey[question].notna() & (wave is None or survey["wave"].astype(str) == wave)
    kept = (study.everyone["excluded"] == "").to_numpy()
    # Who left before the end is no bad answer to a question that he answered.
    marked = study.flags.drop(columns="partial", errors="ignore").any(axis=1).to_numpy(bool)[kept]
    weight = survey.loc[answered, "weight"] if "weight" in survey else pd.Series(1.0, index=survey.index[answered])
    moved = changes[(changes["name"] == row.name) & (changes["check"] == ALL)]
    change = moved.iloc[0] if len(moved) else None
    usable, gone = len(weight) and weight.sum() > 0, is_missing(study, question, wave)
    return {
        "missing": 100 * gone.mean(),
        "asked": gone.count(),
        "left_out": int(gone.sum()),
        "efficiency": 100 * effective_n(weight) / len(weight) if usable else np.nan,
        "flagged": 100 * marked[answered.to_numpy()].mean() if answered.any() else np.nan,
        "shift": np.nan if change is None else float(change["change"]),
        "change": change,
        "unit": row.unit,
    }


def _of_base(study, row) -> dict[str, str]:
    """The rules on the number of answers."""
    least, found = study.book.minimum_base, {}
    if row.n < least:
        found["base"] = tr_n(
            "It rests on {n} answer; the study's minimum is {least}.",
            "It rests on {n} answers; the study's minimum is {least}.",
            row.n,
            least=text.number(least),
        )
    elif row.n < SMALL:
        found["small base"] = tr_n(
            "It rests on {n} answer, fewer than {small}.",
            "It rests on {n} answers, fewer than {small}.",
            row.n,
            small=SMALL,
        )
    if row.n >= least and not row.n_effective >= least:  # nan where no answer has a weight
        found["effective base"] = tr_n(
            "Its {n} answer is worth {worth}; the minimum is {least}.",
            "Its {n} answers are worth {worth}; the minimum is {least}.",
            row.n,
            worth=text.number(np.nan_to_num(row.n_effective)),
            least=text.number(least),
        )
    elif row.n >= SMALL and row.n_effective < SMALL:
        found["small effective base"] = tr(
            "Its {n} answers are worth {worth} of a simple random sample, fewer than {small}.",
            n=text.number(row.n),
            worth=text.number(row.n_effective),
            small=SMALL,
        )
    return found


def _unmet(study, wave: str | None) -> bool:
    """Whether the raking of the wave misses a level of a margin; another wave's misses are no fault of this one."""
    if study.raked is None or study.raked.converged:
        return False
    levels = study.raked.table
    here = levels[levels["by"].astype(str) == str(wave)] if wave is not None else levels
    return bool((here["miss"].abs() > MET * here["population"]).any())


def _of_answers(study, row, facts: dict) -> dict[str, str]:
    """The rules on missing answers, weights, exclusions and marked respondents."""
    found = {}
    if facts["missing"] > MISSING_STOP:
        found["missing answers"] = _unanswered(study, facts, LIMITS["missing_stop"])
    elif facts["missing"] > MISSING_CAUTION:
        found["some missing answers"] = _unanswered(study, facts, LIMITS["missing_caution"])
    if facts["efficiency"] < 100 * EFFICIENT:
        found["weights"] = tr(
            "The weights leave {share} of the answers' worth, less than {efficient}.",
            share=text.number(facts["efficiency"], "percent", digits=0),
            efficient=LIMITS["efficient"],
        )
    if _unmet(study, getattr(row, "wave", None)):
        found["raking"] = tr("The weights do not meet the population: {worst}.", worst=study.raked.worst)
    change = facts["change"]
    if change is not None and abs(change["change"]) > (change["all_high"] - change["all_low"]) / 2:
        half, unit = (change["all_high"] - change["all_low"]) / 2, facts["unit"]
        found["exclusions"] = tr_n(
            "Leaving {n} respondent out moves it by {change}, more than half its interval, {margin}.",
            "Leaving {n} respondents out moves it by {change}, more than half its interval, {margin}.",
            change["left_out"],
            change=text.in_units(text.difference(change["change"], unit), unit),
            margin=text.difference(half, unit).removeprefix("+"),
        )
    if facts["flagged"] > FLAGGED and row.n >= study.book.minimum_base:
        share = text.number(facts["flagged"], "percent")
        found["marked respondents"] = tr("Checks of quality mark {share} of its base, who are kept.", share=share)
    return found


def _unanswered(study, facts: dict, limit: str) -> str:
    """How many gave no answer; in numbers where few were asked."""
    if facts["asked"] < study.book.minimum_base:
        return tr(
            "{left_out} of {asked} who were asked gave no answer, more than {limit}.",
            left_out=text.number(facts["left_out"]),
            asked=text.number(facts["asked"]),
            limit=limit,
        )
    share = text.number(facts["missing"], "percent")
    return tr("{share} of those who were asked gave no answer, more than {limit}.", share=share, limit=limit)


def _of_change(study, row, question: str, seams: pd.DataFrame) -> dict[str, str]:
    """The rules on comparing a metric with the wave before it that asked."""
    if not study.waves:
        return {}
    answered = study.survey.groupby("wave", observed=True)[question].count()
    earlier = [wave for wave in study.waves[: study.waves.index(row.wave)] if answered.get(wave, 0)]
    if not earlier:
        return {}
    before, found = earlier[-1], {}
    between = study.waves[study.waves.index(before) + 1 : study.waves.index(row.wave) + 1]
    own = seams[(seams["name"] == question) & (seams["severity"] == STOP) & seams["after"].isin(between)]
    if len(own):
        found["break"] = tr("Do not compare it with {wave}: {why}", wave=before, why=own.iloc[0]["detail"])
    modes = study.modes
    if modes and modes.get(before) != modes.get(row.wave):
        one, two = (modes.get(wave, "").replace("_", " ") or tr("unknown") for wave in (before, row.wave))
        found["mode"] = tr(
            "Its change since {wave} is also one of the mode of interview ({first}, then {second}).",
            wave=before,
            first=one,
            second=two,
        )
    return found


def _for_it(row, facts: dict) -> str:
    """What speaks for a metric that breaks no rule."""
    return tr(
        "{n} answers, worth {worth} of a simple random sample; {missing} of those asked gave none, and checks (but for "
        "partial interviews) mark {flagged} of the base.",
        n=text.number(row.n),
        worth=text.number(row.n_effective),
        missing=text.number(facts["missing"], "percent"),
        flagged=text.number(facts["flagged"], "percent"),
    )
