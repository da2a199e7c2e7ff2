"""Sentences of the survey chapter."""

import pandas as pd

from cxlib import intervals, survey, text
from cxlib.compare import BORDERLINE, CLEAR
from cxlib.language import digits, noted, tr, tr_n
from cxlib.sentences.words import VERDICTS, in_wave, interval, wave_name
from cxlib.suppression import LEAST, of_place, small

MOVED = {  # by the sign of the change
    1: noted("{metric} rose by {size} from {before} to {after}: {verdict} ({evidence})."),
    -1: noted("{metric} fell by {size} from {before} to {after}: {verdict} ({evidence})."),
    0: noted("{metric} stayed from {before} to {after}: {verdict} ({evidence})."),
}
SAMPLES = {
    "probability": noted("a probability sample: the intervals tell how far such samples lie from the population"),
    "census": noted("a census: the intervals tell what answers of the same customers on another day might have been"),
    "quota": noted("a quota sample: the intervals are model-based and carry no margin of error"),
    "panel": noted("a panel of volunteers: the intervals are model-based and carry no margin of error"),
    "opt_in": noted(
        "a sample of people who chose to answer: the intervals are model-based and carry no margin of error"
    ),
}


def looked_at(study, *, method: str = "mover") -> dict[str, str]:
    """What is not as study.yml has it: whom the chapter looks at, answers without weights, another interval.

    Nothing where all is as usual.
    """
    found = {}
    if study.domain is not None:
        whole, part = len(study.survey), int(study.domain.sum())
        found["looked_at"] = tr(
            "The survey's answers are those of {n} of {all} respondents alone: {filter}. All others stay in the "
            "design: strata and clusters that none of these belongs to count for the variance, too.",
            n=text.number(part),
            all=text.number(whole),
            filter=survey.filter_in_words(study),
        )
        heads = study.book.banner or study.questions("segment")
        alone = [study.label(name) for name in heads if name in study.survey and study.survey[name].nunique() == 1]
        if alone:
            found["looked_at_banner"] = tr("They are all of one group of {names}.", names=text.join(alone))
    if not study.weighted:
        found["unweighted"] = tr(
            "The survey's answers are taken as they came, without weights; strata and clusters are kept. Groups count "
            "as they are in the sample, which need not be as they are among all customers."
        )
    if method != "mover":
        known = survey.differences(study)
        told = tr(intervals.DIFFERENCE[method][1])
        found["interval_method"] = (
            tr(
                "The intervals of {metrics} are made by the method {method}, not by MOVER-Wilson; those of shares, "
                "means and changes are as always.",
                metrics=text.join(known),
                method=told,
            )
            if known
            else tr(
                "No metric is a difference of shares, so the interval method {method} changes nothing.", method=told
            )
        )
    return found


def everybody(study, what: str) -> dict[str, str]:
    """Where the filter does not hold, or only on one side: a sentence under the name of what it is about.

    `what` is relative or competitors (the bottom line's changes, and their section), inside or retention.
    """
    theirs = noted(
        "Beside competitors the filter does not hold: our customers are all who answered, as theirs are, whose answers "
        "cannot be filtered alike."
    )
    told = {
        "relative": theirs,
        "competitors": theirs,
        "inside": noted("Staff are held against the customers of the filter alone; staff are all who answered."),
        "retention": noted("The filter does not hold here: it is of the survey, and all customers of the table count."),
    }
    there = {"inside": "staff", "retention": "customers"}.get(what, "benchmark")
    if study.domain is None or not study.has(there):
        return {}
    return {f"{what}_filter": tr(told[what])}


def changes(study, rows: pd.DataFrame, *, confidence: float, design: str) -> dict[str, str]:
    """How each metric moved from one wave to the next, whether that is more than chance, and under which design."""
    if rows.empty:
        return {"no_change": tr("The study has one wave, so there is no change to report.")}
    found = {}
    for row in rows.itertuples():
        if pd.isna(row.estimate):
            continue
        told = tr(
            MOVED[(row.estimate > 0) - (row.estimate < 0)],
            metric=row.label,
            size=text.size(row.estimate, row.unit),
            before=wave_name(row.before),
            after=wave_name(row.after),
            verdict=tr(VERDICTS[row.verdict]),
            evidence=_evidence(study, row, confidence, design),
        )
        found[f"{row.name}_change"] = " ".join([told, *_new_mode(study, row)])
    return found


def _evidence(study, row, confidence: float, design: str) -> str:
    """Interval, p, t and design of a change, as they stand in brackets."""
    p = text.p_is(row.p_adjusted)
    if row.tests > 1:
        p = tr("{p} after Holm's correction for {tests} changes", p=p, tests=text.number(row.tests))
    return tr(
        "{interval}, {p}, t {t} on {df} degrees of freedom; {design}",
        interval=interval(study, confidence, text.difference_interval(row.low, row.high, row.unit)),
        p=p,
        t=text.number(row.t, digits=2),
        df=text.number(row.df),
        design=design.lower(),
    )


def _new_mode(study, row) -> list[str]:
    """A sentence where the mode of interview changed between the two waves."""
    before, after = (study.modes.get(wave, "") for wave in (row.before, row.after))
    if before == after:
        return []
    return [
        tr(
            "The mode of interview changed from {before} to {after}, which moves answers by itself.",
            before=before,
            after=after,
        )
    ]


def breaks(found: dict[str, dict[str, str]]) -> dict[str, str]:
    """What cannot be compared, since it was asked in another way."""
    return {
        f"break_{number}": tr(
            "{metric} was asked in another way from {waves} on ({reasons}): nothing is compared across that line.",
            metric=label,
            waves=text.join(list(waves)),
            reasons="; ".join(waves.values()),
        )
        for number, (label, waves) in enumerate(found.items(), 1)
    }


def designs(rows: pd.DataFrame) -> dict[str, str]:
    """Whether the verdict on each metric's last change depends on the design that is assumed."""
    if rows.empty:
        return {"no_design": tr("The study has one wave, so there is no verdict that could depend on the design.")}
    found = {}
    for name, part in rows.dropna(subset=["p"]).groupby("name", sort=False):
        if len(part) < 2:
            continue
        first, p = part.iloc[0], part["p_adjusted"]
        flips = part["verdict"].nunique() > 1 or p.min() < 0.05 <= p.max()
        told = (
            noted(
                "{metric}: the verdict on the change from {before} to {after} depends on the design: from {low} to "
                "{high} over {designs} designs. The last row is the study's own."
            )
            if flips
            else noted(
                "{metric}: the verdict on the change from {before} to {after} is the same under {designs} designs "
                "(from {low} to {high})."
            )
        )
        found[f"{name}_design"] = tr(
            told,
            metric=first["label"],
            before=wave_name(first["before"]),
            after=wave_name(first["after"]),
            low=text.p_is(p.min()),
            high=text.p_is(p.max()),
            designs=text.number(len(part)),
        )
    return found


def segments(rows: pd.DataFrame) -> dict[str, str]:
    """For each metric the groups at the two ends, of all that are reported; a small base is marked."""
    found = {}
    reported = rows.dropna(subset=["estimate"]) if len(rows) else rows
    for name, part in reported.groupby("name", sort=False):
        if len(part) < 2 or part["estimate"].nunique() < 2:
            continue
        ends = (part.loc[part["estimate"].idxmin()], part.loc[part["estimate"].idxmax()])
        lowest, highest = (
            tr(
                "{segment} {group} at {value} ({between}; {answers})",
                segment=row["segment"],
                group=row["group"],
                value=text.with_base(text.number(row["estimate"], row["unit"]), row["n"], minimum_base=0),
                between=text.interval(row["low"], row["high"], row["unit"]),
                answers=tr_n("{n} answer", "{n} answers", row["n"]),
            )
            for row in ends
        )
        found[f"{name}_segments"] = tr(
            "{metric} is lowest in {lowest} and highest in {highest}. These are the ends of {groups} groups, so part "
            "of their distance is the luck of the draw; the intervals are not adjusted for the search.",
            metric=part["label"].iloc[0],
            lowest=lowest,
            highest=highest,
            groups=text.number(len(part)),
        )
    return found


def sample(study, bases: pd.DataFrame) -> dict[str, str]:
    """How the sample was drawn, what its intervals tell, and how few answers a number may rest on."""
    part = study.domain is not None
    about = {
        "respondents": _respondents(study, len(study.survey) if part else bases["rows"].sum()),
        "sample": tr(SAMPLES[study.book.sample]),
    }
    found = {
        "sample": tr("The survey holds {respondents} in {waves} waves, {sample}.", waves=len(study.waves), **about)
        if len(study.waves) > 1
        else tr("The survey holds {respondents}, {sample}.", **about),
        "minimum_base": tr(
            "Numbers on fewer than {withheld} answers are withheld (**), numbers on fewer than {marked} are marked "
            "(*).",
            withheld=text.number(study.book.minimum_base),
            marked=text.SMALL_BASE,
        ),
        "verdicts": tr(
            "A change is called more than chance explains where p is under {clear}, borderline from {clear} to "
            "{borderline}, and not told apart from chance above; t tests take the design into account, p is corrected "
            "for the number of changes of a metric (Holm), and not for the number of metrics.",
            clear=digits(f"{CLEAR:g}"),
            borderline=digits(f"{BORDERLINE:g}"),
        ),
    }
    if part:
        looked_at = _respondents(study, bases["rows"].sum())
        found["part"] = tr(
            "Counted here are {respondents} of them: {filter}.",
            respondents=looked_at,
            filter=survey.filter_in_words(study),
        )
    return found | {f"note_{i}": note[0].upper() + note[1:] + "." for i, note in enumerate(study.notes, 1)}


def _respondents(study, number: int) -> str:
    """How many respondents there are; of a named place not, where they are 1 to 4."""
    if of_place(study) and small(number):
        return tr("fewer than {least} respondents", least=LEAST)
    return tr_n("{n} respondent", "{n} respondents", number)


def trend_caption(study) -> str:
    """The caption of the trend chart, which says what a dashed line is where there is one."""
    if len(set(study.modes.values())) > 1:
        return tr("Metrics by wave, with intervals; dashed: the mode of interview changed")
    return tr("Metrics by wave, with intervals")


def alt_trend(rows: pd.DataFrame) -> str:
    """What the trend chart shows, for who cannot see it."""
    parts = []
    for label, part in rows.dropna(subset=["estimate"]).groupby("label", sort=False):
        values = [
            tr("{value} in {wave}", value=text.number(row.estimate, row.unit), wave=row.wave)
            for row in part.itertuples()
            if "wave" in rows
        ]
        parts.append(f"{label} {', '.join(values)}")
    return tr("Lines over the waves, with intervals. {values}.", values=". ".join(parts))


def answers_caption(wave: str | None) -> str:
    """The caption of the chart of answers."""
    if wave is None:
        return tr("Answers, with intervals")
    return tr("Answers in {wave}, with intervals", wave=wave_name(wave))


def alt_answers(rows: pd.DataFrame) -> str:
    """What the chart of answers shows, for who cannot see it."""
    parts = []
    for label, part in rows.groupby("label", sort=False):
        values = [f"{row.answer}: {text.number(row.estimate, row.unit)}" for row in part.itertuples()]
        parts.append(f"{label} {', '.join(values)}")
    return tr("Bars with the share of each answer. {values}.", values=". ".join(parts))


def segment_figures(rows: pd.DataFrame, wave: str | None) -> tuple[dict[str, str], dict[str, str]]:
    """Captions and alternative texts of the charts by segment, by published name of the metric."""
    captions, alts = {}, {}
    for name, part in rows.groupby("name", sort=False):
        label, unit = part["label"].iloc[0], part["unit"].iloc[0]
        what = in_wave(tr("{metric} by segment", metric=label), wave)
        captions[name] = tr(
            "{what}; dashed: all respondents; hollow: base under {base}", what=what, base=text.SMALL_BASE
        )
        shown = [tr("not reported") if pd.isna(value) else text.number(value, unit) for value in part["estimate"]]
        groups = [tr("{segment} {group}", segment=row.segment, group=row.group) for row in part.itertuples()]
        values = [f"{group} {value}" for group, value in zip(groups, shown, strict=True)]
        alts[name] = tr("Dots with intervals, {what}: {values}.", what=what, values=", ".join(values))
    return captions, alts
