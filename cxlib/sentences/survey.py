"""Sentences of the survey chapter."""

import pandas as pd

from cxlib import text
from cxlib.compare import BORDERLINE, CLEAR
from cxlib.sentences.words import VERDICTS, count, interval_name, wave_name


def changes(study, rows: pd.DataFrame, *, confidence: float, design: str) -> dict[str, str]:
    """How each metric moved from one wave to the next, whether that is more than chance, and under which design."""
    if rows.empty:
        return {"no_change": "The study has one wave, so there is no change to report."}
    found = {}
    for row in rows.itertuples():
        if pd.isna(row.estimate):
            continue
        size = text.difference(abs(row.estimate), row.unit).removeprefix("+")
        moved = (
            f"{'rose' if row.estimate > 0 else 'fell'} by {size}{text.UNITS[row.unit][3]}" if row.estimate else "stayed"
        )
        modes = [study.modes.get(wave, "") for wave in (row.before, row.after)]
        broken = (
            f" The mode of interview changed from {modes[0]} to {modes[1]}, which moves answers by itself."
            if modes[0] != modes[1]
            else ""
        )
        found[f"{row.name}_change"] = (
            f"{row.label} {moved} from {wave_name(row.before)} to {wave_name(row.after)}: {VERDICTS[row.verdict]} "
            f"({confidence:.0%} {interval_name(study)} {text.difference_interval(row.low, row.high, row.unit)}, "
            f"{text.p_is(row.p_adjusted)}{_corrected(row.tests)}, t {text.number(row.t, digits=2)} on "
            f"{text.number(row.df)} degrees of freedom; {design.lower()}).{broken}"
        )
    return found


def _corrected(tests: int) -> str:
    return f" after Holm's correction for {tests} changes" if tests > 1 else ""


def breaks(found: dict[str, dict[str, str]]) -> dict[str, str]:
    """What cannot be compared, since it was asked in another way."""
    return {
        f"break_{number}": f"{label} was asked in another way from {text.join(list(waves))} on "
        f"({'; '.join(waves.values())}): nothing is compared across that line."
        for number, (label, waves) in enumerate(found.items(), 1)
    }


def designs(rows: pd.DataFrame) -> dict[str, str]:
    """Whether the verdict on each metric's last change depends on the design that is assumed."""
    if rows.empty:
        return {"no_design": "The study has one wave, so there is no verdict that could depend on the design."}
    found = {}
    for name, part in rows.dropna(subset=["p"]).groupby("name", sort=False):
        if len(part) < 2:
            continue
        first = part.iloc[0]
        waves = f"from {wave_name(first['before'])} to {wave_name(first['after'])}"
        change = f"{first['label']}: the verdict on the change {waves}"
        low, high = text.p_is(part["p_adjusted"].min()), text.p_is(part["p_adjusted"].max())
        flips = part["verdict"].nunique() > 1 or part["p_adjusted"].min() < 0.05 <= part["p_adjusted"].max()
        if flips:
            found[f"{name}_design"] = (
                f"{change} depends on the design: from {low} to {high} over {len(part)} designs. "
                "The last row is the study's own."
            )
        else:
            found[f"{name}_design"] = f"{change} is the same under {len(part)} designs (from {low} to {high})."
    return found


def segments(rows: pd.DataFrame) -> dict[str, str]:
    """For each metric the groups at the two ends, of all that are reported; a small base is marked."""
    found = {}
    reported = rows.dropna(subset=["estimate"]) if len(rows) else rows
    for name, part in reported.groupby("name", sort=False):
        if len(part) < 2 or part["estimate"].nunique() < 2:
            continue
        low, high = part.loc[part["estimate"].idxmin()], part.loc[part["estimate"].idxmax()]
        ends = []
        for row in (low, high):
            value = text.with_base(text.number(row["estimate"], row["unit"]), row["n"], minimum_base=0)
            between = text.interval(row["low"], row["high"], row["unit"])
            ends.append(f"{row['segment']} {row['group']} at {value} ({between}; {text.number(row['n'])} answers)")
        found[f"{name}_segments"] = (
            f"{part['label'].iloc[0]} is lowest in {ends[0]} and highest in {ends[1]}. These are the ends of "
            f"{len(part)} groups, so part of their distance is the luck of the draw; the intervals are not adjusted "
            "for the search."
        )
    return found


def sample(study, bases: pd.DataFrame) -> dict[str, str]:
    """How the sample was drawn, what its intervals tell, and how few answers a number may rest on."""
    kinds = {
        "probability": "a probability sample: the intervals tell how far such samples lie from the population",
        "census": "a census: the intervals tell what answers of the same customers on another day might have been",
        "quota": "a quota sample: the intervals are model-based and carry no margin of error",
        "panel": "a panel of volunteers: the intervals are model-based and carry no margin of error",
        "opt_in": "a sample of people who chose to answer: the intervals are model-based and carry no margin of error",
    }
    waves = f" in {len(study.waves)} waves" if len(study.waves) > 1 else ""
    respondents = count(bases["rows"].sum(), "respondent")
    found = {
        "sample": f"The survey holds {respondents}{waves}, {kinds[study.book.sample]}.",
        "minimum_base": (
            f"Numbers on fewer than {study.book.minimum_base} answers are withheld (**), numbers on fewer than "
            f"{text.SMALL_BASE} are marked (*)."
        ),
        "verdicts": (
            f"A change is called more than chance explains where p is under {CLEAR:g}, borderline from {CLEAR:g} to "
            f"{BORDERLINE:g}, and not told apart from chance above; t tests take the design into account, p is "
            "corrected for the number of changes of a metric (Holm), and not for the number of metrics."
        ),
    }
    return found | {f"note_{i}": note[0].upper() + note[1:] + "." for i, note in enumerate(study.notes, 1)}


def trend_caption(study) -> str:
    """The caption of the trend chart, which says what a dashed line is where there is one."""
    several = len(set(study.modes.values())) > 1
    return "Metrics by wave, with intervals" + ("; dashed: the mode of interview changed" if several else "")


def alt_trend(rows: pd.DataFrame) -> str:
    """What the trend chart shows, for who cannot see it."""
    parts = []
    for label, part in rows.dropna(subset=["estimate"]).groupby("label", sort=False):
        values = [f"{text.number(row.estimate, row.unit)} in {row.wave}" for row in part.itertuples() if "wave" in rows]
        parts.append(f"{label} {', '.join(values)}")
    return f"Lines over the waves, with intervals. {'. '.join(parts)}."


def alt_answers(rows: pd.DataFrame) -> str:
    """What the chart of answers shows, for who cannot see it."""
    parts = []
    for label, part in rows.groupby("label", sort=False):
        values = [f"{row.answer}: {text.number(row.estimate, row.unit)}" for row in part.itertuples()]
        parts.append(f"{label} {', '.join(values)}")
    return f"Bars with the share of each answer. {'. '.join(parts)}."


def segment_figures(rows: pd.DataFrame, when: str) -> tuple[dict[str, str], dict[str, str]]:
    """Captions and alternative texts of the charts by segment, by published name of the metric."""
    captions, alts = {}, {}
    for name, part in rows.groupby("name", sort=False):
        label, unit = part["label"].iloc[0], part["unit"].iloc[0]
        captions[name] = f"{label} by segment{when}; dashed: all respondents; hollow: base under {text.SMALL_BASE}"
        values = [
            f"{row.segment} {row.group} {'not reported' if pd.isna(row.estimate) else text.number(row.estimate, unit)}"
            for row in part.itertuples()
        ]
        alts[name] = f"Dots with intervals, {label} by segment{when}: {', '.join(values)}."
    return captions, alts
