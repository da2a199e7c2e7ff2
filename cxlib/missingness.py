"""Answers that are not there: who finished, which questions were left out, together with which, and by whom.

Shares describe the interviews, so that weights play no part in them; clusters and strata do. What counts as missing is
told in answer_states.py.
"""

import numpy as np
import pandas as pd
from scipy import special

from cxlib import intervals, large_counts
from cxlib.answer_states import is_missing, matrix, share, shares_of, state_counts
from cxlib.errors import CxError, nearest
from cxlib.language import noted, tr
from cxlib.missing_links import compared, related

__all__ = ["compared", "drop_off", "items", "monotone", "patterns", "related", "response"]

COMPLETE, DROP_OFF, GAPS, OTHER = noted("complete"), noted("drop-off"), noted("gaps"), noted("other patterns")
BREAK_OFF = noted("break-off")
TAIL = 3  # questions left out up to the last one, from which on it is called leaving; fewer may be chance


def items(study, wave: str | None = None, *, confidence=0.95) -> pd.DataFrame:
    """How many of those who were asked each question left it unanswered, in the order of study.yml.

    Columns: name, label, role, asked, answered, blank, no_answer (a code declared as missing), never_used, estimate
    (blank and no_answer in percent of those asked), low, high (Wilson, on the effective number of interviews), se, n
    (asked), n_effective, unit, note, method. Questions that nobody was asked are left out.
    """
    rows, marks = [], {}
    for name, spec in study.book.tables["survey"].questions.items():
        counts = state_counts(study, name, wave)
        if not sum(counts):
            continue
        row = {"name": name, "label": study.label(name), "role": spec.role, "asked": sum(counts)}
        row |= dict(zip(("answered", "blank", "no_answer", "never_used"), counts, strict=True))
        rows.append(row | {"note": _note(spec)})
        marks[name] = is_missing(study, name, wave)
    found = shares_of(study, marks, confidence=confidence)
    rows = [row | found[row["name"]] for row in rows]
    columns = ["name", "label", "role", "asked", "answered", "blank", "no_answer", "never_used", "estimate", "low",
               "high", "se", "n", "n_effective", "unit", "note", "method"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def _note(spec) -> str:
    """What to know of a question's blanks."""
    if spec.role == "multi" and not spec.no:
        return tr("who ticked nothing counts as missing")
    return tr("may be left out") if spec.role == "comment" else ""


def response(study, *, confidence=0.95) -> pd.DataFrame:
    """How many were invited, started and finished in each wave, and the response rates that follow.

    A respondent who answered less than `quality.complete` of what he was asked is a break-off where everything from
    some question to the last is missing, else a partial; all others are complete. A row a rate: RR1 (complete in
    percent of invited), RR2 (complete and partial), both only where `quality.invited` says how many were and the survey
    is no sample of a large table, and break-off (in percent of started). Copies of others that the study leaves out did
    not start. Columns: wave (all where invited is known over all waves only), invited, started, complete, partial,
    break_off, rate, estimate, low, high (Wilson), se, n, n_effective, unit, method. RR1 and RR2 take everybody invited
    to be eligible. Raises CxError for a wave that does not exist and for fewer invited than started. Sources: AAPOR,
    Standard Definitions, 10th edition (2023), RR1 and RR2; Callegaro and DiSogra, Public Opinion Quarterly 72 (2008)
    1008-1032 (break-off rate).
    """
    groups, invited = _invited(study)
    found = _finished(study.excluding(()), study)
    rows, drawn = [], large_counts.is_sample(study, "survey")
    for wave, inside in groups.items():
        counts = found[found.index.isin(np.flatnonzero(inside))].value_counts()
        complete, partial, left = (int(counts.get(kind, 0)) for kind in ("complete", "partial", "break_off"))
        started, known = complete + partial + left, invited.get(wave)
        if known is not None and known < started:
            where = "" if wave == "all" else f" in wave {wave}"
            raise CxError(
                f"{study.file}: quality.invited must be at least the number who started; {known:,} are said to be "
                f"invited{where}, and {started:,} started"
            )
        about = {"wave": wave, "invited": known, "started": started, "complete": complete, "partial": partial,
                 "break_off": left}  # fmt: skip
        rates = {"RR1": (complete, known), "RR2": (complete + partial, known)} if not drawn else {}
        rates[BREAK_OFF] = (left, started)
        rows += [about | {"rate": rate} | _rate(*of, confidence) for rate, of in rates.items() if of[1]]
    return pd.DataFrame(rows).astype({"invited": float})


def _invited(study) -> tuple[dict[str, np.ndarray], dict[str, int]]:
    """Which rows of `everyone` belong to each wave, and how many were invited to it."""
    everyone, known = study.everyone, study.book.quality.invited
    every, waves = np.ones(len(everyone), bool), study.waves
    groups = {wave: (everyone["wave"].astype(str) == wave).to_numpy() for wave in waves} or {"all": every}
    if isinstance(known, dict):
        strange = [wave for wave in known if wave not in groups]
        if strange:
            there = f"the waves are {', '.join(waves)}" if waves else "the survey has no waves"
            raise CxError(
                f"{study.file}: quality.invited names the wave {strange[0]}; {there}{nearest(strange[0], waves)}"
            )
        return groups, known
    if known is None:
        return groups, {}
    if len(waves) == 1:
        return groups, {waves[0]: known}
    return groups | {"all": every}, {"all": known}


def _finished(whole, study) -> pd.Series:
    """complete, partial or break_off for everyone who started, by the row in `everyone`."""
    gone, seen = matrix(whole, None)
    partial = study.flags.get("partial", pd.Series(False, index=study.everyone.index)).to_numpy(bool)
    left = pd.Series(_tail(gone, seen) > 0, index=gone.index).reindex(whole.survey.index, fill_value=False)
    found = pd.Series(np.where(~partial, "complete", np.where(left, "break_off", "partial")))
    copies = [check for check in ("duplicate", "near_duplicate") if check in study.exclude]
    return found[~study.flags[copies].any(axis=1).to_numpy(bool)]


def _rate(hits: int, n: int, confidence: float) -> dict:
    """A share in percent with Wilson's interval for n independent cases."""
    p = hits / n
    low, high = intervals.wilson(p, n, special.ndtri(0.5 + confidence / 2))
    se = np.sqrt(p * (1 - p) / (n - 1)) if n > 1 else np.nan
    values = {"estimate": p, "low": float(low), "high": float(high), "se": float(se)}
    about = {"n": n, "n_effective": float(n), "unit": "percent", "method": tr("Wilson; each case by itself")}
    return {k: 100 * v for k, v in values.items()} | about


def _tail(gone: pd.DataFrame, seen: pd.DataFrame) -> np.ndarray:
    """How many of the questions asked of each respondent are missing without a break up to the last."""
    passed = (gone | ~seen).to_numpy(bool)[:, ::-1]
    final = np.logical_and.accumulate(passed, axis=1)
    return (final & gone.to_numpy(bool)[:, ::-1]).sum(axis=1)


def patterns(study, wave: str | None, most: int = 12, *, confidence=0.95) -> pd.DataFrame:
    """Which questions are missing together: the most frequent patterns, and all others in a last row.

    Columns: pattern (1, 2 …), kind (complete; drop-off: everything asked from some question on is missing; gaps; other
    patterns), questions (the labels of what is missing, a tuple), missing (their number), n_with (respondents),
    estimate (percent of respondents), low, high, se, n (respondents in all), n_effective, unit, method.
    """
    gone, seen = matrix(study, wave)
    kinds = _kinds(gone, seen)
    sheets = pd.Series(list(map(tuple, gone.to_numpy(bool))), index=gone.index)
    counts = sheets.value_counts()
    # Patterns equally frequent: those that miss least first, so that the order does not depend on that of the rows.
    order = sorted(counts.index, key=lambda sheet: (-counts[sheet], sum(sheet), [not mark for mark in sheet]))
    labels, rows = [study.label(name) for name in gone], []
    for sheet in order[:most]:
        own = sheets == sheet
        kind = DROP_OFF if (kinds[own] == DROP_OFF).all() else GAPS if any(sheet) else COMPLETE
        rows.append((kind, tuple(np.array(labels, dtype=object)[list(sheet)]), sum(sheet), own))
    if len(order) > most:
        rows.append((OTHER, (), np.nan, sheets.isin(order[most:])))
    found = shares_of(study, {i: own for i, (*_, own) in enumerate(rows)}, confidence=confidence)
    frames = []
    for (kind, questions, missing, own), part in zip(rows, found.values(), strict=True):
        frames.append({"kind": kind, "questions": questions, "missing": missing, "n_with": int(own.sum())} | part)
    columns = ["kind", "questions", "missing", "n_with", "estimate", "low", "high", "se", "n", "n_effective", "unit",
               "method"]  # fmt: skip
    frame = pd.DataFrame(frames, columns=columns)
    return frame.rename_axis("pattern").reset_index().assign(pattern=lambda f: f["pattern"] + 1)


def _kinds(gone: pd.DataFrame, seen: pd.DataFrame) -> pd.Series:
    """complete, drop-off or gaps for each respondent."""
    missing = gone.to_numpy(bool).sum(axis=1)
    kinds = np.where(missing == 0, COMPLETE, np.where(_tail(gone, seen) == missing, DROP_OFF, GAPS))
    return pd.Series(kinds, index=gone.index)


def monotone(study, wave: str | None, *, confidence=0.95) -> pd.DataFrame:
    """Of those who left anything out: the share whose missing answers all come at the end (a drop-off), in one row.

    Missing answers that are all drop-offs are called monotone. Columns: complete, incomplete, dropped, estimate, low,
    high, se, n (incomplete), n_effective, unit, method. No row where nothing is missing.
    Source: Little and Rubin, Statistical Analysis with Missing Data, 3rd edition (2019), 1.2.
    """
    kinds = _kinds(*matrix(study, wave))
    counts = kinds.value_counts()
    incomplete = int((kinds != COMPLETE).sum())
    if not incomplete:
        return pd.DataFrame()
    marks = (kinds == DROP_OFF).astype(float).where(kinds != COMPLETE)
    about = {"complete": int(counts.get(COMPLETE, 0)), "incomplete": incomplete, "dropped": int((marks == 1).sum())}
    return pd.DataFrame([about | share(study, marks, confidence=confidence)])


def drop_off(study, wave: str | None, *, confidence=0.95) -> pd.DataFrame:
    """Where respondents leave: after which question nothing more was answered, of three questions or more.

    Columns: name, label, asked, left (who answered nothing from this question on), estimate (in percent of all
    respondents), low, high, se, n, n_effective, unit, method; only questions at which somebody left.
    """
    gone, seen = matrix(study, wave)
    if gone.empty:
        return pd.DataFrame()
    tail = _tail(gone, seen)
    # The first missing question of the final run.
    place = (np.cumsum(gone.to_numpy(bool)[:, ::-1], axis=1) == tail[:, None]).argmax(axis=1)
    first = np.where(tail >= TAIL, gone.shape[1] - 1 - place, -1)
    marks = {name: pd.Series(first == i, index=gone.index) for i, name in enumerate(gone) if (first == i).any()}
    rows = []
    for name, found in shares_of(study, marks, confidence=confidence).items():
        asked, left = int(seen[name].sum()), int(marks[name].sum())
        rows.append({"name": name, "label": study.label(name), "asked": asked, "left": left} | found)
    return pd.DataFrame(rows)
