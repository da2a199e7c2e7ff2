"""A verdict on each metric: fit to report, report with caution, or do not report; by rules that are published with it.

A rule is broken by a number, never by judgement, and each broken rule gives its reason as a sentence. The worst of them
is the verdict. Thresholds without a source are this project's conventions.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.answer_states import asked, is_missing, state
from cxlib.exclusion_effect import ALL, effect
from cxlib.raking import MET
from cxlib.survey import by_wave, chosen_wave, headline, metrics
from cxlib.wave_breaks import STOP, breaks
from cxlib.weights import EFFICIENT, effective_n

FIT, CAUTION, DO_NOT = VERDICTS = ("fit to report", "report with caution", "do not report")
SMALL = text.SMALL_BASE
MISSING_CAUTION, MISSING_STOP = 20.0, 40.0  # percent of those asked
FLAGGED = 10.0  # percent of the base that a check of quality marks and that the study keeps


@dataclass(frozen=True)
class Rule:
    """One rule: what is held against what, the verdict where it is broken, and where the threshold comes from."""

    name: str
    broken: str
    verdict: str
    source: str


RULES = (
    Rule("base", "fewer answers than the study's minimum base", DO_NOT, "study.yml, minimum_base"),
    Rule("small base", f"fewer than {SMALL} answers", CAUTION, "convention"),
    Rule("effective base", "effective number of answers under the minimum base", DO_NOT,
         "Kish, Survey Sampling (1965), 11.7 (effective sample size)"),
    Rule("small effective base", f"effective number of answers under {SMALL}", CAUTION, "convention"),
    Rule("missing answers", f"more than {MISSING_STOP:.0f}% of those asked gave no answer", DO_NOT, "convention"),
    Rule("some missing answers", f"more than {MISSING_CAUTION:.0f}% of those asked gave no answer", CAUTION,
         "convention; Groves, Public Opinion Quarterly 70 (2006) 646-675 (a rate alone does not tell bias)"),
    Rule("weights", f"efficiency of the weights under {100 * EFFICIENT:.0f}%", CAUTION,
         "Kish, Journal of Official Statistics 8 (1992) 183-200 (1 / design effect); threshold: convention"),
    Rule("raking", "the weights do not meet the margins of the population", DO_NOT, "weights.rake(): 1e-8 of a share"),
    Rule("exclusions", "leaving respondents out moves the metric by more than its margin of error", CAUTION,
         "AAPOR, Transparency Initiative (data-quality processing is disclosed); threshold: convention"),
    Rule("marked respondents", f"checks (but for partial) mark more than {FLAGGED:.0f}% of the base, which is kept",
         CAUTION, "convention"),
    Rule("break", "the question changed since the wave before it: the change does not count", CAUTION,
         "Biemer and Lyberg, Introduction to Survey Quality (2003), chapter 4"),
    Rule("mode", "the mode of interview changed since the wave before it: the change is of both", CAUTION,
         "de Leeuw, Journal of Official Statistics 21 (2005) 233-255"),
)  # fmt: skip


def rules() -> pd.DataFrame:
    """The rules as a table: rule, broken (when), verdict (then), source."""
    return pd.DataFrame([(rule.name, rule.broken, rule.verdict, rule.source) for rule in RULES],
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
    usable, gone = len(weight) and weight.sum() > 0, is_missing(state(study, question, wave))
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
        found["base"] = f"It rests on {row.n:,} answer{'' if row.n == 1 else 's'}; the study's minimum is {least}."
    elif row.n < SMALL:
        found["small base"] = f"It rests on {row.n:,} answers, fewer than {SMALL}."
    if row.n >= least and not row.n_effective >= least:  # nan where no answer has a weight
        worth = np.nan_to_num(row.n_effective)
        found["effective base"] = f"Its {row.n:,} answers are worth {worth:,.0f}; the minimum is {least}."
    elif row.n >= SMALL and row.n_effective < SMALL:
        worth = f"Its {row.n:,} answers are worth {row.n_effective:,.0f} of a simple random sample"
        found["small effective base"] = f"{worth}, fewer than {SMALL}."
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
    found, missing, few = {}, facts["missing"], facts["asked"] < study.book.minimum_base
    share = f"{facts['left_out']} of {facts['asked']}" if few else f"{missing:.1f}% of those"
    told = f"{share} who were asked gave no answer"
    if missing > MISSING_STOP:
        found["missing answers"] = f"{told}, more than {MISSING_STOP:.0f}%."
    elif missing > MISSING_CAUTION:
        found["some missing answers"] = f"{told}, more than {MISSING_CAUTION:.0f}%."
    if facts["efficiency"] < 100 * EFFICIENT:
        lost = f"The weights leave {facts['efficiency']:.0f}% of the answers' worth"
        found["weights"] = f"{lost}, less than {100 * EFFICIENT:.0f}%."
    if _unmet(study, getattr(row, "wave", None)):
        found["raking"] = f"The weights do not meet the population: {study.raked.worst}."
    change = facts["change"]
    if change is not None and abs(change["change"]) > (change["all_high"] - change["all_low"]) / 2:
        half, what = (change["all_high"] - change["all_low"]) / 2, text.UNITS[facts["unit"]][3]
        found["exclusions"] = (
            f"Leaving {change['left_out']:,} respondents out moves it by "
            f"{text.difference(change['change'], facts['unit'])}{what}, more than its margin of error of "
            f"{text.difference(half, facts['unit']).removeprefix('+')}."
        )
    if facts["flagged"] > FLAGGED and row.n >= study.book.minimum_base:
        found["marked respondents"] = f"Checks of quality mark {facts['flagged']:.1f}% of its base, who are kept."
    return found


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
        found["break"] = f"Do not compare it with {before}: {own.iloc[0]['detail']}"
    modes = study.modes
    if modes and modes.get(before) != modes.get(row.wave):
        one, two = (modes.get(wave, "").replace("_", " ") or "unknown" for wave in (before, row.wave))
        found["mode"] = f"Its change since {before} is also one of the mode of interview ({one}, then {two})."
    return found


def _for_it(row, facts: dict) -> str:
    """What speaks for a metric that breaks no rule."""
    return (
        f"{row.n:,} answers, worth {row.n_effective:,.0f} of a simple random sample; {facts['missing']:.1f}% of those "
        f"asked gave none, and checks (but for partial interviews) mark {facts['flagged']:.1f}% of the base."
    )
