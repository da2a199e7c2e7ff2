"""Sentences of the summary: what matters, what to do, what is not known, what to measure next."""

import pandas as pd

from cxlib import summary, text
from cxlib.language import noted, tr
from cxlib.sentences.words import interval, wave_name
from cxlib.summary import Read, earned

TOP = 3  # findings on the page; all that were looked at stand in the table below
CHAPTERS = {
    "data_quality": noted("data quality"),
    "complaint_iceberg": noted("silent unhappy customers"),
    "survey_analysis": noted("the survey's metrics"),
    "journey_map": noted("the journey"),
    "persona_profiling": noted("personas"),
    "metric_regressions": noted("what moves the metrics"),
}
# What a row of the ranking says, by its kind.
KINDS = {
    "silent": noted("Silent unhappy customers: leave more often than those who are not unhappy"),
    "segment": noted("scores below the others"),
    "ending": noted("more journeys end here than elsewhere"),
    "loss": noted("scores lower than elsewhere"),
    "driver": noted("rated low, and goes with the score"),
}
# Sentences of other chapters that say what is not known, as they stand there.
OPEN = (
    ("data_quality", "response_rate"),
    ("metric_regressions", "nonresponse"),
    ("data_quality", "missing_limit"),
    ("metric_regressions", "placebo"),
    ("survey_analysis", "gaps_assumed"),
    ("journey_map", "moments"),
)

# Sentences of the survey's chapter that say how its numbers are not the usual ones: of a part, or without weights.
UNUSUAL = ("looked_at", "unweighted", "interval_method")


def read(found: Read) -> dict[str, str]:
    """Which chapters were read, and on which study."""
    if not found.chapters:
        return {"read": tr("No executed chapter of this study was found.")}
    names = text.join([tr(CHAPTERS[name]) for name in found.chapters if name in CHAPTERS])
    survey = found.chapters.get("survey_analysis")
    told = {name: survey.findings[name] for name in UNUSUAL if name in survey.findings} if survey else {}
    return {"read": tr("Read were the chapters on {chapters}.", chapters=names)} | told


def headlines(found: Read) -> pd.DataFrame:
    """The numbers to open with, as results.numbers() takes them: each metric with its last change, then the silent."""
    rows = []
    for row in summary.headlines(found):
        rows.append(
            {"name": row["name"], "label": row["label"], "estimate": row["value"]}
            | {key: row.get(key) for key in ("low", "high", "se", "n", "n_weighted", "n_effective", "least", "most")}
            | {"unit": row["unit"], "method": row["method"], "note": change_note(found, row)}
            | {"base": row["printed"]["base"] if row["name"] == "silent" else ""}
        )
    frame = pd.DataFrame(rows)
    numbers = [name for name in ("estimate", "low", "high", "se", "n_weighted", "n_effective") if name in frame]
    return frame.astype(dict.fromkeys(numbers, float))


def change_note(found: Read, row: dict) -> str:
    """How a headline moved: +10.02 since 2026-H1 (+4.71 to +15.34); empty where there is no wave before.

    Whom it is of follows, where the survey's chapter looked at a part of the respondents.
    """
    change, whom = row["change"], ""
    if row["name"] != "silent" and found.chapters["survey_analysis"].parameters.get("only"):
        whom = row["printed"]["note"]
    if change is None or change["estimate"] is None or pd.isna(change["estimate"]):
        return whom
    unit = row["unit"]
    moved = tr(
        "{change} since {wave} ({between})",
        change=text.difference(change["estimate"], unit),
        wave=wave_name(change["before"]),
        between=text.difference_interval(change["low"], change["high"], unit),
    )
    return f"{moved}; {whom}" if whom else moved


def matters(found: Read, rows: pd.DataFrame) -> dict[str, str]:
    """The findings that matter most, and how they were chosen."""
    if not found.chapters:
        return {"nothing_read": tr("No other chapter was executed, so there is nothing to sum up.")}
    if rows.empty:
        return {"nothing_ranked": tr("No chapter published a difference together with a number of customers.")}
    top = rows[rows["matters"]].head(TOP)
    said = {f"matters_{number}": _matters(found, row) for number, row in enumerate(top.itertuples(), 1)}
    if top.empty:
        said["nothing_clear"] = tr(
            "Of {n} differences for which a chapter counts customers none is clear when all are looked at together.",
            n=len(rows),
        )
    said["how_ranked"] = tr(
        "Looked at were {n} differences for which a chapter counts customers; {clear} of them are harms whose interval "
        "excludes zero when all {n} intervals are to hold at once ({confidence}, Bonferroni). They are ranked by how "
        "many customers they concern, not by their size; a question, a driver and a touchpoint are ranked once, by "
        "their clearest harm. One customer may be concerned by several.",
        n=len(rows),
        clear=int((rows["corrected_low"] > 0).sum()),
        confidence=f"{found.confidence:.0%}",
    )
    return said


def _matters(found: Read, row) -> str:
    """One finding that matters: whom it concerns, the difference, and its interval for all at once."""
    gap = text.size(row.estimate, row.unit)
    between = interval(found.study, found.confidence, _between(row.corrected_low, row.corrected_high, row.unit))
    widened = tr("{interval}, widened to hold for all differences at once", interval=between)
    given = {"customers": _concerned(row), "gap": gap, "interval": widened}
    if row.kind == "silent":
        return tr(
            "{customers} were unhappy and stayed silent; such customers leave more often than those who were not "
            "unhappy, by {gap} ({interval}).",
            **given,
        )
    if row.kind == "segment":
        return tr(
            "{group}, {customers}: {metric} is {gap} below that of the others ({interval}).",
            group=row.subject,
            metric=row.detail,
            **given,
        )
    if row.kind == "ending":
        return tr(
            "{touchpoint}, {customers}: visits end there more often than elsewhere, by {gap} ({interval}).",
            touchpoint=row.subject,
            **given,
        )
    if row.kind == "loss":
        return tr(
            "{touchpoint}, {customers}: its score is {gap} below that elsewhere ({interval}).",
            touchpoint=row.subject,
            **given,
        )
    return tr(
        "{driver} is rated low by {customers}; one more point on it goes with {gap} more of {metric} ({interval}).",
        driver=row.subject,
        metric=row.detail,
        **given,
    )


def _between(low: float, high: float, unit: str) -> str:
    """The interval of a gap whose direction the sentence tells: both ends above zero, so without their signs."""
    ends = (text.difference(end, unit).removeprefix("+") for end in (low, high))
    return tr("{low} to {high}", **dict(zip(("low", "high"), ends, strict=True)))


def _concerned(row) -> str:
    """How many are concerned: 1,270 customers (854 to 1,925)."""
    number = text.number(float(f"{row.customers:.3g}"))
    if row.of == "respondents":
        return tr("{number} respondents", number=number)
    if pd.isna(row.low_customers) or row.low_customers == row.high_customers:
        return tr("{number} customers", number=number)
    low, high = (float(f"{end:.3g}") for end in (row.low_customers, row.high_customers))
    return tr("{number} customers ({between})", number=number, between=text.interval(low, high))


def ranking(rows: pd.DataFrame) -> pd.DataFrame:
    """The ranking as it is printed: rank (of what matters), subject, what it says, customers, difference, interval."""
    if rows.empty:
        return pd.DataFrame()
    rank = [float(number) if clear else None for number, clear in enumerate(rows["matters"], 1)]
    return pd.DataFrame(
        {
            "rank": pd.Series(rank, dtype=float, index=rows.index),
            "subject": rows["subject"],
            "kind": rows["kind"].map(KINDS),
            "customers": rows["customers"].round(),
            "estimate": rows["estimate"],
            "low": rows["corrected_low"],
            "high": rows["corrected_high"],
            "unit": rows["unit"],
        }
    )


def recommendations(found: Read, rows: pd.DataFrame) -> dict[str, str]:
    """What to do about each finding that matters, and what a tried change did; an effect only where that is earned."""
    said = {}
    for row in rows[rows["matters"]].head(TOP).itertuples():
        said[f"do_{len(said) + 1}"] = _recommended(found, row)
    for name, sentence in _tried(found).items():
        said[f"tried_{name}"] = sentence
    if not said:
        said["nothing_to_do"] = tr("Nothing that was published is clear enough to recommend a change.")
    return said


def _recommended(found: Read, row) -> str:
    gap = text.size(row.estimate, row.unit)
    between = interval(found.study, found.confidence, _between(row.low, row.high, row.unit))
    given = {"gap": gap, "interval": between}
    if row.kind == "silent":
        lever = found.finding("complaint_iceberg", "lever_both") or found.finding("complaint_iceberg", "lever_complain")
        first = tr(
            "Make it easy to complain: silent customers leave more often, by {gap} ({interval}), which is an "
            "association.",
            **given,
        )
        return f"{first} {lever}".strip()
    if row.kind == "segment":
        return tr(
            "Ask the group {group} what they miss, and change that first: the difference of {gap} ({interval}) is one "
            "between people, and no remedy has been tried yet.",
            group=row.subject,
            **given,
        )
    if row.kind in ("ending", "loss"):
        return tr(
            "Mend {touchpoint}: the difference of {gap} ({interval}) is an association, since whoever comes there may "
            "differ from the others. A trial at some places would tell.",
            touchpoint=row.subject,
            **given,
        )
    return tr(
        "Raise {driver} and measure again: {gap} of {metric} go with a point of it ({interval}). It is an association; "
        "what an improvement brings only a trial would tell.",
        driver=row.subject,
        metric=row.detail,
        **given,
    )


def _tried(found: Read) -> dict[str, str]:
    """What the before-after analysis found, outcome by outcome."""
    rows, said = found.table("metric_regressions", "improvement"), {}
    if "name" not in rows:
        return said
    may = earned(found)
    for row in rows.dropna(subset=["estimate"]).itertuples():
        between = text.difference_interval(row.low, row.high, row.unit)
        given = {
            "group": row.group,
            "metric": row.label,
            "gap": text.in_units(text.difference(row.estimate, row.unit), row.unit),
            "interval": interval(found.study, found.confidence, between),
        }
        if may[row.label]:
            said[row.name] = tr(
                "Go on with what was tried: in {group} {metric} moved by {gap} beyond the comparison ({interval}). It "
                "may be called an effect as far as both groups would have moved alike without it: there is a "
                "comparison group, and no check on earlier waves moved.",
                **given,
            )
        elif row.p_adjusted < 0.05:
            said[row.name] = tr(
                "In {group} {metric} moved by {gap} beyond the comparison ({interval}). It may not be called an "
                "effect: no check on earlier waves stands behind it, or one of them moved as well.",
                **given,
            )
        else:
            said[row.name] = tr(
                "Whether what was tried moved {metric} is open: in {group} it moved by {gap} beyond the comparison "
                "({interval}).",
                **given,
            )
    return said


def unknown(found: Read) -> dict[str, str]:
    """What the report does not know, in the words of its chapters, and which chapters there are not."""
    said = {f"open_{name}": sentence for chapter, name in OPEN if (sentence := found.finding(chapter, name))}
    absent = [tr(title) for name, title in CHAPTERS.items() if name not in found.chapters]
    if absent and found.chapters:
        said["open_chapters"] = tr(
            "Nothing is said on {chapters}, since the study lacks the data for it, or the chapter was not executed.",
            chapters=text.join(absent),
        )
    return said


def following(found: Read) -> dict[str, str]:
    """What to measure next: the input that would narrow the estimate most, and how many answers a change would take."""
    said = {}
    inputs = found.table("complaint_iceberg", "one_way")
    if len(inputs):
        row = inputs.iloc[0]
        said["next_input"] = tr(
            "What would narrow the number of lost customers most is a better {input}: between {low} and {high} that "
            "number runs from {fewest} to {most}.",
            input=tr(row["input"]),
            low=row["low_text"],
            high=row["high_text"],
            fewest=text.number(min(row["at_low"], row["at_high"])),
            most=text.number(max(row["at_low"], row["at_high"])),
        )
    needed = found.finding("metric_regressions", "needed")
    if needed:
        said["next_needed"] = needed
    if not said:
        said["next_none"] = tr("The chapters publish nothing from which the size of the next survey could be told.")
    return said


def loop(found: Read, rows: pd.DataFrame) -> pd.DataFrame:
    """The improvement loop, a row a step: what this report did for it, and what is left to do."""
    clear = rows[rows["matters"]]
    tried = found.table("metric_regressions", "improvement")
    chosen = clear.iloc[0]["subject"] or tr("silent unhappy customers") if len(clear) else ""
    worked = text.join([label for label, may in earned(found).items() if may])
    if worked:
        improved = tr("Tried and told from chance: {metrics}.", metrics=worked)
    elif len(tried):
        improved = tr("A change was tried; what it did is open.")
    else:
        improved = tr("No change has been tried with a comparison group.")
    return pd.DataFrame(
        {
            "step": [
                noted("Understand"),
                noted("Choose"),
                noted("Improve"),
                noted("Measure again"),
            ],
            "state": [
                tr(
                    "{n} chapters read, {differences} differences looked at.",
                    n=len(found.chapters),
                    differences=len(rows),
                ),
                tr("First: {subject}.", subject=chosen) if chosen else tr("Nothing is clear enough to choose."),
                improved,
                tr("Same questions, same mode, a comparison group."),
            ],
        }
    )


def whom(rows: pd.DataFrame) -> str:
    """The heading of the counts: customers, or respondents where the population is unknown."""
    return noted("Respondents") if (rows["of"] == "respondents").any() else noted("Customers")


def concerned(rows: pd.DataFrame) -> pd.DataFrame:
    """The findings that matter as charts.concerned() takes them: label, customers and their interval."""
    clear = rows[rows["matters"]]
    return pd.DataFrame(
        {
            "label": [label(row) for row in clear.itertuples()],
            "customers": clear["customers"].to_numpy(float),
            "low": clear["low_customers"].to_numpy(float),
            "high": clear["high_customers"].to_numpy(float),
        }
    )


def alt_concerned(rows: pd.DataFrame) -> str:
    """What the chart of customers concerned shows."""
    clear = rows[rows["matters"]]
    told = [f"{label(row)}, {_concerned(row)}" for row in clear.itertuples()]
    return tr("Bars, a finding each: {findings}.", findings="; ".join(told))


def alt_loop(steps: pd.DataFrame) -> str:
    """What the picture of the improvement loop shows."""
    told = [f"{tr(row.step)}: {row.state}" for row in steps.itertuples()]
    return tr("Four steps in a circle. {steps}", steps=" ".join(told))


def label(row) -> str:
    """What a finding is about, in a few words."""
    return row.subject or tr("Silent unhappy customers")
