"""Breaks between waves: questions that came, went or changed, so that their results do not compare.

Some are declared, some stand in the files (another wording, other labels), and some show in the answers alone: codes
that appear or vanish, far more missing, a distribution so different that the scale is the likelier cause.
What shows in the answers is a reason to look, not proof. Source: Biemer and Lyberg, Introduction to Survey Quality
(2003), chapter 4 (changes of an instrument); the thresholds are this project's.
"""

from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import special, stats

from cxlib import text
from cxlib.answer_states import asked, is_missing, shares_by
from cxlib.corrections import adjust
from cxlib.language import digits, noted, tr, tr_n
from cxlib.wave_wordings import changed_wordings

STOP, LOOK = noted("stop"), noted("look")
LEVEL = 0.01  # of Holm's p over all tests of a kind
JUMP = 5.0  # percentage points of missing answers
LARGE = 0.8  # standard deviations between two means. Cohen, Statistical Power Analysis (1988): a large effect
APART = 0.25  # of the answers given otherwise (total variation distance), of a question in groups
SHOWN = 4  # answers that came or went, by name
ALIKE = 0.15  # by which the ratios of three quartiles may differ, where numbers were multiplied
COLUMNS = ["name", "label", "role", "before", "after", "kind", "detail", "severity", "p_adjusted"]


def breaks(study) -> pd.DataFrame:
    """What broke between waves, a row a question and finding; no rows with fewer than two waves.

    Kinds: declared (`breaks:` of study.yml), wording and labels (of the files that carry them), absent (the question is
    asked in one of two waves in a row), range (an end of a rated scale appears or vanishes), option (another answer
    does), missing (jumps by 5 points or more), reversed (the answers look mirrored), multiplied (numbers in another
    unit), shift (a distribution far from the one before). All but the first four are tested, by exact, t or chi-square
    tests of independent answers, with Holm's p (`p_adjusted`) over all tests of that kind, and told under 0.01.
    A question is compared with the last wave before it that asked; a wave under the minimum base is passed over.
    Columns: name, label, role, before, after, kind, detail (a sentence), severity (stop: do not compare across it;
    look: find out), p_adjusted.
    """
    if len(study.waves) < 2:
        return pd.DataFrame(columns=COLUMNS)
    spec, found, compared = study.book.tables["survey"].questions, changed_wordings(study), {}
    for name, question in spec.items():
        bases = _by_wave(study, asked(study, name).astype(int)).get(1, pd.Series(0, study.waves))
        found += _declared(study, name, question) + _absent(bases, name, any(question.waves))
        usable = [wave for wave in study.waves if bases[wave] >= study.book.minimum_base]
        pairs = list(pairwise(usable))
        if pairs and question.role != "comment":
            compared[name] = pairs
    tests = _missing(study, compared)
    for name, pairs in compared.items():
        tests += _answers(study, name, spec[name], pairs)
    found += _told(tests)
    frame = pd.DataFrame(found, columns=[c for c in COLUMNS if c not in ("label", "role")])
    places = [list(study.waves).index(wave) for wave in frame["after"]], [list(spec).index(n) for n in frame["name"]]
    frame = frame.assign(label=frame["name"].map(study.label), role=[spec[name].role for name in frame["name"]])
    return frame.iloc[np.lexsort(places)][COLUMNS].reset_index(drop=True)


def _by_wave(study, values: pd.Series) -> pd.DataFrame:
    """How often each value occurs in each wave: a row a wave, a column a value, in order."""
    waves, (codes, found) = study.survey["wave"].cat.codes.to_numpy(np.int64), pd.factorize(values, sort=True)
    names = study.waves
    there, size = (waves >= 0) & (codes >= 0), (len(names), len(found))
    counts = np.bincount(waves[there] * size[1] + codes[there], minlength=size[0] * size[1])
    return pd.DataFrame(counts.reshape(size), index=names, columns=found)


def _row(name: str, before: str, after: str, kind: str, detail: str, severity: str, p=np.nan) -> dict:
    return {"name": name, "before": before, "after": after, "kind": kind, "detail": detail, "severity": severity,
            "p_adjusted": p}  # fmt: skip


def _declared(study, name: str, question) -> list[dict]:
    waves, kind = study.waves, noted("declared")
    return [
        _row(name, waves[waves.index(wave) - 1], wave, kind, study.book.words(reason).rstrip(".") + ".", STOP)
        for wave, reason in question.breaks.items()
    ]


def _absent(bases: pd.Series, name: str, declared: bool) -> list[dict]:
    """Where a question begins or ends to be asked."""
    rows = []
    for before, after in pairwise(bases.index):
        if (bases[before] > 0) != (bases[after] > 0):
            here, there = (after, before) if bases[after] else (before, after)
            given = {"wave": here, "other": there}
            detail = (
                tr_n(
                    "Asked in {wave} ({n} respondent), not in {other} (as study.yml says).",
                    "Asked in {wave} ({n} respondents), not in {other} (as study.yml says).",
                    bases[here],
                    **given,
                )
                if declared
                else tr_n(
                    "Asked in {wave} ({n} respondent), not in {other} (no answer stands there).",
                    "Asked in {wave} ({n} respondents), not in {other} (no answer stands there).",
                    bases[here],
                    **given,
                )
            )
            rows.append(_row(name, before, after, noted("absent"), detail, LOOK))
    return rows


def _missing(study, compared: dict[str, list[tuple[str, str]]]) -> list[dict]:
    """The share of missing answers to each question in two waves, by a t test on the design without weights."""
    if not compared:
        return []
    found = shares_by(study, {name: is_missing(study, name) for name in compared}, ["wave"])
    shares = {(row["marks"], row["wave"]): row for row in found.to_dict("records")}
    rows = []
    for name, before, after in ((name, *pair) for name, pairs in compared.items() for pair in pairs):
        one, two = shares[name, before], shares[name, after]
        gap, se = two["estimate"] - one["estimate"], np.hypot(one["se"], two["se"])
        t = np.inf if se == 0 and gap else gap / se if se else 0.0
        p = 2 * special.stdtr(one["df"] + two["df"], -abs(t))
        detail = tr(
            "{share} of those asked gave no answer in {after}, {earlier} in {before}.",
            share=text.number(two["estimate"], "percent"),
            earlier=text.number(one["estimate"], "percent"),
            before=before,
            after=after,
        )
        rows.append(_row(name, before, after, noted("missing"), detail, LOOK, p) | {"tell": abs(gap) >= JUMP})
    return rows


def _answers(study, name: str, question, pairs: list[tuple[str, str]]) -> list[dict]:
    """What the answers themselves tell of a question in groups, a rating, or a number."""
    survey = study.survey
    waves = survey["wave"]
    if question.role == "multi":
        waves = waves.astype(str)
        options = [c for c in survey if c.startswith(f"{name}.") and c.removeprefix(f"{name}.") not in question.nets]
        counts = survey[options].eq(1).groupby(waves).sum().rename(columns=lambda c: c.removeprefix(f"{name}."))
        bases = survey[options].notna().any(axis=1).groupby(waves).sum()
        return [row for pair in pairs for row in _options(study, name, counts, bases, *pair)]
    rated = question.role == "metric" or (question.role == "driver" and question.scale is not None)
    numbers = _apart(survey[name], waves) if rated or question.role in ("number", "driver", "metric") else {}
    if numbers and not rated:
        return [row for pair in pairs for row in _numbers(name, numbers, *pair, rated=False)]
    counts = _by_wave(study, survey[name].astype(float if rated else object))
    bases, rows = counts.sum(axis=1), []
    for pair in pairs:
        rows += _options(study, name, counts, bases, *pair, rated=rated)
        rows += _numbers(name, numbers, *pair) if rated else _groups(name, counts, *pair)
    return rows


def _apart(values: pd.Series, waves: pd.Series) -> dict[str, np.ndarray]:
    """The numbers given in each wave."""
    numbers, wave = values.to_numpy(float, na_value=np.nan), waves.cat.codes.to_numpy()
    there = ~np.isnan(numbers)
    return {name: numbers[there & (wave == place)] for place, name in enumerate(waves.cat.categories)}


def _options(study, name, counts: pd.DataFrame, bases: pd.Series, before, after, *, rated=False) -> list[dict]:
    """Answers that one wave has and the other has not, each with the exact chance of that (hypergeometric)."""
    rows, n = [], [int(bases[wave]) for wave in (before, after)]
    places = [counts.index.get_loc(wave) for wave in (before, after)]
    both = zip(counts, *counts.to_numpy()[places].tolist(), strict=True)
    held = {answer: given for answer, *given in both if sum(given)}
    words = study.book.tables["survey"].questions[name].labels
    for answer, (one, two) in held.items():
        if (one and two) or not min(n):
            continue
        p = float(stats.hypergeom.pmf(0, sum(n), one + two, n[1] if one else n[0]))
        shown = digits(f"{answer:g}") if rated else study.book.words(words[answer]) if answer in words else str(answer)
        there, where, nowhere = (one, before, after) if one else (two, after, before)
        end = rated and answer in (min(held), max(held))
        detail = tr_n(
            "{answer} ({n} time in {wave}, never in {other})",
            "{answer} ({n} times in {wave}, never in {other})",
            there,
            answer=shown,
            wave=where,
            other=nowhere,
        )
        kind, severity = (noted("range"), STOP) if end else (noted("option"), LOOK)
        rows.append(_row(name, before, after, kind, detail, severity, p))
    return rows


def _numbers(name: str, numbers: dict[str, np.ndarray], before: str, after: str, *, rated=True) -> list[dict]:
    """Two waves of numbers by Welch's t: far apart, and then whether mirrored or multiplied."""
    one, two = numbers[before], numbers[after]
    if min(len(one), len(two)) < 2:
        return []
    spread = np.sqrt((one.var(ddof=1) + two.var(ddof=1)) / 2)
    apart = two.mean() - one.mean()
    p = _welch(one, two) if spread > 0 else float(apart == 0)
    size = abs(apart) / spread if spread > 0 else np.inf * abs(np.sign(apart)) if apart else 0.0
    means = [digits(f"{wave.mean():.4g}") for wave in (one, two)]
    given = {"first": means[0], "second": means[1], "before": before, "after": after}
    kind, severity, tell = noted("shift"), LOOK, size >= LARGE
    detail = tr(
        "The mean went from {first} in {before} to {second} in {after}, {size} standard deviations.",
        size=text.number(size, digits=1),
        **given,
    )
    if rated and _mirrored(one, two):
        kind, severity, tell = noted("reversed"), STOP, True
        detail = tr(
            "The answers look mirrored: the mean went from {first} in {before} to {second} in {after}.", **given
        )
    times = None if rated else _times(one, two)
    if times is not None:
        kind, severity, tell = noted("multiplied"), STOP, True
        detail = tr(
            "The numbers look multiplied by about {times}: the mean went from {first} in {before} to {second} in "
            "{after}.",
            times=digits(f"{times:.3g}"),
            **given,
        )
    return [_row(name, before, after, kind, detail, severity, p) | {"tell": tell, "family": "shift"}]


def _welch(one: np.ndarray, two: np.ndarray) -> float:
    """p of Welch's t test, as scipy.stats.ttest_ind(two, one, equal_var=False) gives it in ten times the time."""
    first, second = (values.var(ddof=1) / len(values) for values in (one, two))
    df = (first + second) ** 2 / (first**2 / (len(one) - 1) + second**2 / (len(two) - 1))
    return float(2 * special.stdtr(df, -abs(two.mean() - one.mean()) / np.sqrt(first + second)))


def _mirrored(one: np.ndarray, two: np.ndarray) -> bool:
    """Whether the second answers are far from the first, and much nearer to them read from the other end."""
    low, high = min(one.min(), two.min()), max(one.max(), two.max())
    sides = one, low + high - one, two
    _, place = np.unique(np.concatenate(sides), return_inverse=True)
    ends = np.cumsum([len(side) for side in sides])[:-1]
    table = [np.bincount(part, minlength=place.max() + 1) / len(part) for part in np.split(place, ends)]
    as_is, turned = (abs(table[i] - table[2]).sum() / 2 for i in (0, 1))
    return as_is >= APART and turned < as_is / 2


def _times(one: np.ndarray, two: np.ndarray) -> float | None:
    """By what all quartiles were multiplied, where by the same and by at least one and a half (or divided)."""
    first, second = (np.quantile(values, [0.25, 0.5, 0.75]) for values in (one, two))
    if not (first > 0).all() or not (second > 0).all():
        return None
    ratios = second / first
    middle = float(ratios[1])
    same = np.abs(ratios / middle - 1).max() <= ALIKE
    return middle if same and max(middle, 1 / middle) >= 1.5 else None


def _groups(name: str, counts: pd.DataFrame, before: str, after: str) -> list[dict]:
    """Two waves of answers in groups by chi-square: how many answers would have to be others."""
    table = counts.to_numpy(float)[[counts.index.get_loc(wave) for wave in (before, after)]]
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2 or not table.sum(axis=1).all():
        return []
    p = stats.chi2_contingency(table, correction=False).pvalue
    shares = table / table.sum(axis=1, keepdims=True)
    distance = abs(shares[0] - shares[1]).sum() / 2
    detail = tr(
        "{share} of the answers of {after} would have to be others to be distributed as in {before}.",
        share=text.number(100 * distance, "percent", digits=0),
        before=before,
        after=after,
    )
    return [_row(name, before, after, "shift", detail, LOOK, p) | {"tell": distance >= APART, "family": "groups"}]


def _told(tests: list[dict]) -> list[dict]:
    """Of all tests those that tell something, with Holm's p over those of a family."""
    kept, families = [], {}
    for test in tests:
        families.setdefault(test.get("family", test["kind"]), []).append(test)
    for rows in families.values():
        for row, p in zip(rows, adjust(np.array([row["p_adjusted"] for row in rows], float)), strict=True):
            if p < LEVEL and row.get("tell", True):
                kept.append({key: row[key] for key in row if key not in ("tell", "family")} | {"p_adjusted": float(p)})
    return _together(kept)


def _together(rows: list[dict]) -> list[dict]:
    """One row for all answers of a question that come or go between two waves, the most telling first."""
    single, answers = [], {}
    for row in rows:
        if row["kind"] in ("range", "option"):
            answers.setdefault((row["name"], row["before"], row["after"], row["kind"]), []).append(row)
        else:
            single.append(row)
    for same in answers.values():
        same = sorted(same, key=lambda row: row["p_adjusted"])
        told = [row["detail"] for row in same[:SHOWN]]
        told += [tr("{number} more", number=text.number(len(same) - SHOWN))] if len(same) > SHOWN else []
        detail = (
            tr("In one wave only, the answer was given: {answers}.", answers=told[0])
            if len(same) == 1
            else tr("In one wave only, the answers were given: {answers}.", answers=text.join(told))
        )
        single.append(same[0] | {"detail": detail})
    return single
