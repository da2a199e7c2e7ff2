"""Sentences on competitors: who is ahead of whom, and whether we lose ground to them."""

import pandas as pd

from cxlib import benchmark, text
from cxlib.compare import BORDERLINE
from cxlib.language import noted, tr
from cxlib.sentences.words import VERDICTS, interval, wave_name

NONE = noted("The study has no benchmark table, so there is no comparison with competitors.")
FORMS = {
    "scores": noted("published scores with their bases"),
    "answers": noted("answers of competitors' customers to the same questions"),
    "checklists": noted("visits of mystery shoppers with a checklist"),
}


def basis(study, rows: pd.DataFrame, wave: str) -> dict[str, str]:
    """What is compared, in which wave, and what is missing from it; `rows` are those of competitors.standing()."""
    if rows.empty:
        return {"no_competitors": tr(NONE)}
    kind = benchmark.form(study)
    rivals = list(dict.fromkeys(rows.loc[~rows["own"], "company"]))
    told = tr("The comparison with {rivals} rests on {answers}.", rivals=text.join(rivals), answers=tr(FORMS[kind]))
    found = {"competitors": told}
    if not rows["own"].any():
        found["competitors_own"] = tr("The checklists have no visit to our own company, so there is no gap to tell.")
    if kind != "checklists" and wave:
        lacking = [wave_name(w) for w in study.waves if w not in benchmark.waves(study)]
        if lacking:
            found["competitors_waves"] = tr(
                "The benchmark has nothing for {waves}; the comparison is made in {wave}.",
                waves=text.join(lacking),
                wave=wave_name(wave),
            )
        extra = [wave_name(w) for w in study.levels("wave", "benchmark") if w not in study.waves]
        if extra:
            found["competitors_extra"] = tr(
                "The benchmark's {waves} is no wave of the survey and left out.", waves=text.join(extra)
            )
    for label, part in rows[rows["wave"] == wave].groupby("label", sort=False):
        absent = text.join([rival for rival in rivals if rival not in set(part["company"])])
        if absent:
            found[f"{part['name'].iloc[0]}_absent"] = (
                tr("There is no {metric} in {wave} of {rivals}.", metric=label, wave=wave_name(wave), rivals=absent)
                if wave
                else tr("There is no {metric} of {rivals}.", metric=label, rivals=absent)
            )
    return found


def gaps(study, rows: pd.DataFrame, *, confidence: float) -> dict[str, str]:
    """For each metric: whom we are ahead of, whom behind, and from whom we cannot be told apart; `rows` of one wave."""
    found = {}
    for name, part in rows.groupby("name", sort=False):
        tested = part.dropna(subset=["estimate"])
        if tested.empty:
            continue
        told = [_gap(study, row, confidence) for row in tested[tested["verdict"] != "none"].itertuples()]
        alike = [
            f"{row.rival} ({text.difference(row.estimate, row.unit)}, {text.p_is(row.p_adjusted)})"
            for row in tested[tested["verdict"] == "none"].itertuples()
        ]
        told += [tr("not told apart from {rivals}", rivals=text.join(alike))] if alike else []
        first = tested.iloc[0]
        about = {
            "metric": first["label"],
            "company": benchmark.own_name(study),
            "value": text.number(first["ours"], first["unit"]),
            "gaps": "; ".join(told),
        }
        sentences = [
            tr("{metric} of {company} in {wave}, {value}: {gaps}.", wave=wave_name(first["wave"]), **about)
            if first["wave"]
            else tr("{metric} of {company}, {value}: {gaps}.", **about)
        ]
        if len(tested) > 1:
            sentences.append(
                tr("p is corrected for {tests} comparisons by Holm; intervals are not.", tests=text.number(len(tested)))
            )
        found[f"{name}_gap"] = " ".join(sentences)
    return found | _assumed(study, rows)


def _gap(study, row, confidence: float) -> str:
    """How far we are ahead of a competitor or behind, and whether that is more than chance."""
    about = {
        "size": text.size(row.estimate, row.unit),
        "rival": row.rival,
        "verdict": tr(VERDICTS[row.verdict]),
        "evidence": _evidence(study, row, confidence),
    }
    if row.estimate > 0:
        return tr("{size} ahead of {rival} is {verdict} ({evidence})", **about)
    return tr("{size} behind {rival} is {verdict} ({evidence})", **about)


def _assumed(study, rows: pd.DataFrame) -> dict[str, str]:
    """How many differences rest on the spread that published answers are taken to have."""
    if rows.empty or benchmark.form(study) != "scores":
        return {}
    rested = rows[(rows["p_adjusted"] <= BORDERLINE) & (rows["p_widest"] > BORDERLINE)]
    if rested.empty:
        return {}
    which = [tr("{metric} against {rival}", metric=row.label, rival=row.rival) for row in rested.itertuples()]
    told = tr(
        "Published scores do not tell how far their answers spread; they are taken to spread as ours do. With the "
        "widest spread that a score allows, these differences could not be told from chance: {differences}.",
        differences=text.join(which),
    )
    return {"gaps_assumed": told}


def warnings(study, rows: pd.DataFrame, *, confidence: float, span: str = "wave") -> dict[str, str]:
    """For each metric: do we fall relative to competitors (early warning), or not; `rows` of one wave.

    Since the wave before; with `span` "period" since the first.
    """
    if not study.has("benchmark"):
        return {}  # basis() says so
    if rows.empty:
        none = tr("There are no two waves in which we can be compared, so no warning can be given.")
        return {"no_relative_change": none} if span == "wave" else {}
    found = {}
    for name, part in rows[rows["span"] == span].groupby("name", sort=False):
        tested = part.dropna(subset=["estimate"])
        if tested.empty:
            continue
        mean, rivals = tested[tested["mean"].astype(bool)], tested[~tested["mean"].astype(bool)]
        main = next((mean if len(mean) else tested).itertuples())
        gained = _gained(rivals) if len(mean) else ""
        told = tr(
            "{alarm}: from {before} to {after} {metric} of {company} changed by {ours} and that of {rivals} by "
            "{theirs}; the relative change of {change} is {verdict} ({evidence}).",
            alarm=_alarm(main, gained),
            before=wave_name(main.before),
            after=wave_name(main.wave),
            metric=main.label,
            company=benchmark.own_name(study),
            ours=_signed(main.ours, main.unit),
            rivals=tr("the mean of {n} competitors", n=text.number(len(rivals))) if len(mean) else main.rival,
            theirs=_signed(main.theirs, main.unit),
            change=_signed(main.estimate, main.unit),
            verdict=tr(VERDICTS[main.verdict]),
            evidence=_evidence(study, main, confidence),
        )
        sentences = (told, _not_ruled_out(main), gained, _modes(study, main))
        found[f"{name}_{'relative' if span == 'wave' else 'relative_period'}"] = " ".join(filter(None, sentences))
    return found


def _alarm(row, gained: str) -> str:
    """What the change relative to all competitors means; `gained` tells of those who gained on us by themselves."""
    if row.estimate >= 0 or row.verdict == "none":
        return tr("No warning on the whole") if gained else tr("No warning")
    return tr("Early warning") if row.verdict == "clear" else tr("Possible early warning")


def _not_ruled_out(row) -> str:
    """What no warning does not mean."""
    if row.verdict != "none" or row.low >= 0:
        return ""
    return tr("A relative fall of up to {size} is not ruled out.", size=text.size(row.low, row.unit))


def _gained(rivals: pd.DataFrame) -> str:
    """Which competitors gained on us by themselves."""
    told = [
        tr(
            "{rival} gained {size} on us, {verdict} ({p})",
            rival=row.rival,
            size=text.size(row.estimate, row.unit),
            verdict=tr(VERDICTS[row.verdict]),
            p=text.p_is(row.p_adjusted),
        )
        for row in rivals[(rivals["estimate"] < 0) & rivals["verdict"].isin(["clear", "borderline"])].itertuples()
    ]
    return f"{text.join(told)}." if told else ""


def _modes(study, row) -> str:
    before, after = (study.modes.get(wave, "") for wave in (row.before, row.wave))
    if before == after or benchmark.form(study) == "checklists":
        return ""
    return tr(
        "Our mode of interview changed from {before} to {after}, which moves our answers by itself.",
        before=before,
        after=after,
    )


def _signed(value: float, unit: str) -> str:
    return text.in_units(text.difference(value, unit), unit)


def _evidence(study, row, confidence: float) -> str:
    """The interval and p value of a row, in brackets."""
    between = interval(study, confidence, text.difference_interval(row.low, row.high, row.unit))
    return f"{between}, {text.p_is(row.p_adjusted)}"


def alt_standing(rows: pd.DataFrame) -> str:
    """What the chart of lines shows, for who cannot see it."""
    parts = []
    for (label, company), part in (
        rows.dropna(subset=["estimate"]).groupby(["label", "company"], sort=False) if len(rows) else ()
    ):
        values = [
            tr("{value} in {wave}", value=text.number(row.estimate, row.unit), wave=row.wave)
            for row in part.itertuples()
        ]
        told = tr("{metric} of {company} {values}", metric=label, company=company, values=", ".join(values))
        parts.append(told)
    return tr("Lines over the waves, with intervals; ours is the thick one. {values}.", values=". ".join(parts))


def alt_gaps(rows: pd.DataFrame) -> str:
    """What the chart of gaps shows, for who cannot see it."""
    parts = []
    for row in rows.itertuples() if len(rows) else ():
        pair = tr("{metric} against {rival}", metric=row.label, rival=row.rival)
        shown = tr("not reported") if pd.isna(row.estimate) else text.difference(row.estimate, row.unit)
        parts.append(f"{pair}: {shown}")
    return tr("Dots with intervals, our score less each competitor's. {values}.", values=", ".join(parts))
