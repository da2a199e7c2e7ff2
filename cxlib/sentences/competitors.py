"""Sentences on competitors: who is ahead of whom, and whether we lose ground to them."""

import pandas as pd

from cxlib import benchmark, text
from cxlib.compare import BORDERLINE
from cxlib.competitors import MEAN
from cxlib.sentences.words import VERDICTS, interval_name, wave_name

NONE = "The study has no benchmark table, so there is no comparison with competitors."


def basis(study, rows: pd.DataFrame, wave: str) -> dict[str, str]:
    """What is compared, in which wave, and what is missing from it; `rows` are those of competitors.standing()."""
    if rows.empty:
        return {"no_competitors": NONE}
    kind = benchmark.form(study)
    told = {
        "scores": "published scores with their bases",
        "answers": "answers of competitors' customers to the same questions",
        "checklists": "visits of mystery shoppers with a checklist",
    }
    rivals = list(dict.fromkeys(rows.loc[~rows["own"], "company"]))
    found = {"competitors": f"The comparison with {text.join(rivals)} rests on {told[kind]}."}
    if not rows["own"].any():
        found["competitors_own"] = "The checklists have no visit to our own company, so there is no gap to tell."
    if kind != "checklists" and wave:
        lacking = [wave_name(w) for w in study.waves if w not in benchmark.waves(study)]
        if lacking:
            found["competitors_waves"] = (
                f"The benchmark has nothing for {text.join(lacking)}; the comparison is made in {wave_name(wave)}."
            )
        extra = [wave_name(w) for w in study.levels("wave", "benchmark") if w not in study.waves]
        if extra:
            found["competitors_extra"] = f"The benchmark's {text.join(extra)} is no wave of the survey and left out."
    for label, part in rows[rows["wave"] == wave].groupby("label", sort=False):
        absent = [rival for rival in rivals if rival not in set(part["company"])]
        if absent:
            found[f"{part['name'].iloc[0]}_absent"] = f"There is no {label}{_when(wave)} of {text.join(absent)}."
    return found


def gaps(study, rows: pd.DataFrame, *, confidence: float) -> dict[str, str]:
    """For each metric: whom we are ahead of, whom behind, and from whom we cannot be told apart; `rows` of one wave."""
    found = {}
    for name, part in rows.groupby("name", sort=False):
        tested = part.dropna(subset=["estimate"])
        if tested.empty:
            continue
        told = [
            f"{_size(row)} {'ahead of' if row.estimate > 0 else 'behind'} {row.rival} is {VERDICTS[row.verdict]} "
            f"({_evidence(study, row, confidence)})"
            for row in tested[tested["verdict"] != "none"].itertuples()
        ]
        alike = [
            f"{row.rival} ({text.difference(row.estimate, row.unit)}, {text.p_is(row.p_adjusted)})"
            for row in tested[tested["verdict"] == "none"].itertuples()
        ]
        told += [f"not told apart from {text.join(alike)}"] if alike else []
        several = (
            f" p is corrected for {len(tested)} comparisons by Holm; intervals are not." if len(tested) > 1 else ""
        )
        first = tested.iloc[0]
        found[f"{name}_gap"] = (
            f"{first['label']} of {benchmark.own_name(study)}{_when(first['wave'])}, "
            f"{text.number(first['ours'], first['unit'])}: {'; '.join(told)}.{several}"
        )
    return found | _assumed(study, rows)


def _assumed(study, rows: pd.DataFrame) -> dict[str, str]:
    """How many differences rest on the spread that published answers are taken to have."""
    if rows.empty or benchmark.form(study) != "scores":
        return {}
    told = rows[(rows["p_adjusted"] <= BORDERLINE) & (rows["p_widest"] > BORDERLINE)]
    if told.empty:
        return {}
    which = text.join([f"{row.label} against {row.rival}" for row in told.itertuples()])
    return {
        "gaps_assumed": (
            "Published scores do not tell how far their answers spread; they are taken to spread as ours do. With the "
            f"widest spread that a score allows, these differences could not be told from chance: {which}."
        )
    }


def warnings(study, rows: pd.DataFrame, *, confidence: float, span: str = "wave") -> dict[str, str]:
    """For each metric: do we fall relative to competitors (early warning), or not; `rows` of one wave.

    Since the wave before; with `span` "period" since the first.
    """
    if not study.has("benchmark"):
        return {}  # basis() says so
    if rows.empty:
        none = "There are no two waves in which we can be compared, so no warning can be given."
        return {"no_relative_change": none} if span == "wave" else {}
    found = {}
    for name, part in rows[rows["span"] == span].groupby("name", sort=False):
        tested = part.dropna(subset=["estimate"])
        if tested.empty:
            continue
        mean = tested[tested["rival"] == MEAN]
        main = next((mean if len(mean) else tested).itertuples())
        rivals = tested[tested["rival"] != MEAN]
        against = f"the mean of {len(rivals)} competitors" if len(mean) else main.rival
        moved = (
            f"from {wave_name(main.before)} to {wave_name(main.wave)} {main.label} of {benchmark.own_name(study)} "
            f"changed by {_signed(main.ours, main.unit)} and that of {against} by {_signed(main.theirs, main.unit)}; "
            f"the relative change of {_signed(main.estimate, main.unit)} is {VERDICTS[main.verdict]} "
            f"({_evidence(study, main, confidence)})"
        )
        gained = _gained(rivals) if len(mean) else ""
        alarm = _alarm(main) + (" on the whole" if gained and _alarm(main) == "No warning" else "")
        sentence = f"{alarm}: {moved}.{_not_ruled_out(main)}{gained}{_modes(study, main)}"
        found[f"{name}_{'relative' if span == 'wave' else 'relative_period'}"] = sentence
    return found


def _alarm(row) -> str:
    if row.estimate >= 0 or row.verdict == "none":
        return "No warning"
    return "Early warning" if row.verdict == "clear" else "Possible early warning"


def _not_ruled_out(row) -> str:
    """What no warning does not mean."""
    if row.verdict != "none" or row.low >= 0:
        return ""
    fall = text.difference(-row.low, row.unit).removeprefix("+") + text.UNITS[row.unit][3]
    return f" A relative fall of up to {fall} is not ruled out."


def _gained(rivals: pd.DataFrame) -> str:
    """Which competitors gained on us by themselves."""
    told = [
        f"{row.rival} gained {_size(row)} on us, {VERDICTS[row.verdict]} ({text.p_is(row.p_adjusted)})"
        for row in rivals[(rivals["estimate"] < 0) & rivals["verdict"].isin(["clear", "borderline"])].itertuples()
    ]
    return f" {text.join(told)}." if told else ""


def _modes(study, row) -> str:
    modes = [study.modes.get(wave, "") for wave in (row.before, row.wave)]
    if modes[0] == modes[1] or benchmark.form(study) == "checklists":
        return ""
    return f" Our mode of interview changed from {modes[0]} to {modes[1]}, which moves our answers by itself."


def _size(row) -> str:
    return text.difference(abs(row.estimate), row.unit).removeprefix("+") + text.UNITS[row.unit][3]


def _signed(value: float, unit: str) -> str:
    return text.difference(value, unit) + text.UNITS[unit][3]


def _evidence(study, row, confidence: float) -> str:
    """The interval and p value of a row, in brackets."""
    between = text.difference_interval(row.low, row.high, row.unit)
    return f"{confidence:.0%} {interval_name(study)} {between}, {text.p_is(row.p_adjusted)}"


def _when(wave: str) -> str:
    return f" in {wave_name(wave)}" if wave else ""


def alt_standing(rows: pd.DataFrame) -> str:
    """What the chart of lines shows, for who cannot see it."""
    parts = []
    for (label, company), part in (
        rows.dropna(subset=["estimate"]).groupby(["label", "company"], sort=False) if len(rows) else ()
    ):
        values = [f"{text.number(row.estimate, row.unit)} in {row.wave}" for row in part.itertuples()]
        parts.append(f"{label} of {company} {', '.join(values)}")
    return f"Lines over the waves, with intervals; ours is the thick one. {'. '.join(parts)}."


def alt_gaps(rows: pd.DataFrame) -> str:
    """What the chart of gaps shows, for who cannot see it."""
    parts = [
        f"{row.label} against {row.rival}: "
        + ("not reported" if pd.isna(row.estimate) else text.difference(row.estimate, row.unit))
        for row in (rows.itertuples() if len(rows) else ())
    ]
    return f"Dots with intervals, our score less each competitor's. {', '.join(parts)}."
