"""The importance-performance map: what matters, how well it is done, and which of both can be told from the average.

The lines that part the map are the study's own means: of the drivers' importance and of their performance. A driver
lies on one side of a line where its interval does not cross it. Source: Martilla and James, Journal of Marketing 41
(1977) 77-79, whose map has no intervals.
"""

import pandas as pd

from cxlib.counts import as_list
from cxlib.errors import CxError, nearest
from cxlib.language import noted, tr
from cxlib.scores import by_group
from cxlib.survey import chosen_wave

# By importance above the mean, and performance above the mean.
QUADRANTS = {
    (True, False): noted("improve first"),
    (True, True): noted("keep up"),
    (False, False): noted("improve later"),
    (False, True): noted("more than enough"),
}
# Likewise, None where an interval crosses its mean.
VERDICTS = QUADRANTS | {
    (True, None): noted("improve first or keep up"),
    (False, None): noted("improve later or more than enough"),
    (None, False): noted("improve first or improve later"),
    (None, True): noted("keep up or more than enough"),
    (None, None): noted("not told apart"),
}
NUMBERS = ["estimate", "low", "high", "se", "n", "n_weighted", "n_effective"]


def of_drivers(study, drivers=None, *, wave: str = "", confidence=0.95) -> pd.DataFrame:
    """The mean answer to each driver question in a wave (default: the latest), under the survey's design.

    Index: driver; columns: label, estimate, low, high, se, n, n_weighted, n_effective, unit. Drivers of which a high
    answer is a bad one (`reverse: true`) are turned round. Where scales differ, all are in percent of their scale's
    length. Drivers under the minimum base have no estimate. Raises CxError for questions that are no drivers, or have
    no scale.
    """
    names, spec = _drivers(study, drivers), study.book.tables["survey"].questions
    rows = _of_wave(study, study.survey, wave)
    how = {"confidence": confidence, "minimum_base": study.book.minimum_base, **study.design}
    same = len({spec[name].scale for name in names}) == 1
    found = []
    for name in names:
        answers = _on_scale(rows[name], spec[name], same)
        row = by_group(rows.assign(**{name: answers}), "mean", [], question=name, **how).iloc[0]
        label = study.label(name)
        label = tr("{driver} (reversed)", driver=label) if spec[name].reverse else label
        found.append({"driver": name, "label": label, **row[NUMBERS], "unit": "score" if same else "percent"})
    return pd.DataFrame(found).set_index("driver").astype({"n": int})


def of_competitors(study, drivers=None, *, wave: str = "", confidence=0.95) -> pd.DataFrame:
    """Competitors' mean answers to the same drivers in that wave, beside of_drivers(); no rows where there are none.

    The benchmark's questions with the driver's name and scale count. Columns: driver, label, company, estimate, low,
    high, se, n, n_weighted, n_effective, unit; each company is a sample of its own. Raises CxError where scales differ
    from ours.
    """
    columns = ["driver", "label", "company", *NUMBERS, "unit"]
    names, spec = _drivers(study, drivers), study.book.tables["survey"].questions
    theirs = study.book.tables["benchmark"].questions if study.has("benchmark") else {}
    asked = [name for name in names if name in theirs]
    if not asked:
        return pd.DataFrame(columns=columns)
    table = study.table("benchmark")
    rows = _of_wave(study, table, wave) if "wave" in table else table
    if rows.empty:
        return pd.DataFrame(columns=columns)
    how = {name: name[:-1] for name in ("weights", "clusters") if name[:-1] in rows}
    strata = {} if "clusters" in how else {"strata": "competitor"}
    same, frames = len({spec[name].scale for name in names}) == 1, []
    for name in asked:
        ours, other = ((q.scale, q.reverse) for q in (spec[name], theirs[name]))
        if ours != other:
            raise CxError(
                f"{study.file}: {name} is rated on {other[0]} by competitors' customers, by ours on {ours[0]}"
            )
        answers = _on_scale(rows[name], spec[name], same)
        found = by_group(
            rows.assign(**{name: answers}), "mean", ["competitor"], question=name, confidence=confidence,
            minimum_base=study.book.minimum_base, **how, **strata,
        )  # fmt: skip
        found = found.assign(driver=name, label=study.label(name), unit="score" if same else "percent")
        frames.append(found.rename(columns={"competitor": "company"})[columns])
    return pd.concat(frames, ignore_index=True).astype({"company": str})


def quadrants(importance: pd.DataFrame, performance: pd.DataFrame) -> pd.DataFrame:
    """Each driver's place on the map: importance beside performance, and what the two ask for.

    `importance` and `performance` are frames by driver with estimate, low and high (importance as drivers.importance()
    gives it, performance as of_drivers()). Index: driver, most important first. Columns: those of `performance`;
    importance, importance_low, importance_high; importance_mean and performance_mean (the lines); quadrant (by the
    estimates alone: improve first, keep up, improve later, more than enough); verdict: the quadrant where both
    intervals clear their line, "improve first or keep up" and the like where one crosses it, "not told apart" where
    both do. Own intervals are held against lines that are estimates themselves, which errs on the safe side where
    drivers go up and down together. Raises CxError for drivers that are in one frame alone, and for fewer than two.
    """
    for one, other, what in ((importance, performance, "performance"), (performance, importance, "importance")):
        lacking = [name for name in one.index if name not in other.index]
        if lacking:
            close = nearest(lacking[0], other.index)
            raise CxError(f"each driver needs importance and performance; {lacking[0]} has no {what}{close}")
        if one.index.has_duplicates:
            raise CxError(f"a driver has one row; {one.index[one.index.duplicated()][0]} has several")
    found = performance.join(importance[["estimate", "low", "high"]].add_prefix("importance_"))
    found = found.rename(columns={"importance_estimate": "importance"})
    known = found[["importance", "estimate"]].notna().all(axis=1)
    if known.sum() < 2:
        raise CxError(f"a map needs two drivers with importance and performance; found {known.sum()}")
    lines = found.loc[known, ["importance", "estimate"]].mean()
    sides = [
        _sides(found["importance_low"], found["importance_high"], lines["importance"]),
        _sides(found["low"], found["high"], lines["estimate"]),
    ]
    above = zip(found["importance"] >= lines["importance"], found["estimate"] >= lines["estimate"], strict=True)
    quadrant = [QUADRANTS[bool(a), bool(b)] if there else "" for (a, b), there in zip(above, known, strict=True)]
    verdicts = [VERDICTS[a, b] if there else "" for a, b, there in zip(*sides, known, strict=True)]
    found = found.assign(
        importance_mean=lines["importance"], performance_mean=lines["estimate"], quadrant=quadrant, verdict=verdicts
    )
    return found.sort_values("importance", ascending=False, kind="stable").rename_axis("driver")


def _sides(low: pd.Series, high: pd.Series, line: float) -> list[bool | None]:
    """True above the line, False below it, None where the interval crosses it."""
    return [True if least > line else False if most < line else None for least, most in zip(low, high, strict=True)]


def _drivers(study, drivers) -> list[str]:
    """The driver questions named, checked; all of the survey's where none is."""
    known = study.questions("driver")
    names = known if drivers is None else as_list(drivers)
    if not names:
        raise CxError(f"{study.file}: the survey has no question with `role: driver`")
    for name in names:
        if name not in known:
            raise CxError(
                f"{name} is no driver of the survey; the drivers are {', '.join(known)}{nearest(name, known)}"
            )
        if study.book.tables["survey"].questions[name].scale is None:
            raise CxError(
                f"{study.file}: performance needs the scale of each driver, e.g. `scale: [1, 5]`; {name} has none"
            )
    return names


def _of_wave(study, table: pd.DataFrame, wave: str) -> pd.DataFrame:
    """The rows of a table that answer for the wave."""
    chosen = chosen_wave(study, wave)
    return table if chosen is None else table[table["wave"].astype(str) == chosen]


def _on_scale(answers: pd.Series, spec, same: bool) -> pd.Series:
    """Answers with the good end up, in percent of the scale where scales differ."""
    low, high = spec.scale
    answers = low + high - answers if spec.reverse else answers
    return answers if same else 100 * (answers - low) / (high - low)
