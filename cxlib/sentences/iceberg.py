"""Sentences on the complaint iceberg: what was declared, how many are silent, where, and what cannot be told."""

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.complaints import in_words
from cxlib.sentences.words import interval_name
from cxlib.silence import Silence

IDENTIFIED = (
    "Complaints alone do not tell how many customers are unhappy: without outside information on the complaint rate "
    "their number is not identified, and every number fits (Stoner, Economou and Drummond Marques 2019)."
)


def undeclared(case: Silence, rates: pd.DataFrame) -> dict[str, str]:
    """Why there is no estimate, and how far the published rates would carry one; nothing where there is one."""
    if case.silent is not None:
        return {}
    told = rates.dropna(subset=["estimate"])
    ends = ""
    if len(told):
        least, most = (text.number(value) for value in (told["estimate"].min(), told["estimate"].max()))
        ends = (
            f" The published rates would put anything from {least} to {most} silent customers behind the "
            f"{text.number(len(case.complainers))} who complained, because unhappy, severity, channel and time window "
            "mean something else in each: none of them is taken unless the study says so."
        )
    return {
        "undeclared": f"There is no estimate of silent customers. Not declared: "
        f"{text.join(case.definition.undeclared)}. {IDENTIFIED}{ends}"
    }


def base(case: Silence) -> str:
    """What the number of silent customers rests on."""
    count = f"{text.number(len(case.complainers))} complainers"
    if case.rate is None or not case.rate.n:
        return f"{count}, rate taken from outside"
    return f"{count}, {rate_base(case)}"


def rate_base(case: Silence) -> str:
    """What the complaint rate rests on."""
    if case.rate is None or not case.rate.n:
        return "no sample of this study"
    return f"{text.number(case.rate.n)} unhappy respondents, effective base {text.number(case.rate.n_effective)}"


def note(case: Silence) -> str:
    """The two other readings of the number of silent customers."""
    if case.silent is None:
        return ""
    found = case.silent
    return f"plug-in {text.number(found.plug_in)}, mean {text.number(found.mean)}"


def definition(case: Silence) -> str:
    """The definition in a line, for the note under every table and the caption of every figure that rests on it."""
    words = in_words(case.study, case.definition)
    return (
        f"Unhappy: {words['unhappy']}. Complained: {words['complained']}. Severity: {words['severity']}. Channels: "
        f"{words['channels']}. Window: {words['window']}."
    )


def steps(case: Silence) -> dict[str, str]:
    """From complaints to distinct complainers."""
    first, last = case.complainers.steps["complaints"].iloc[[0, -1]]
    per = case.complainers.frame["complaints"].mean() if len(case.complainers) else 0.0
    again = f", {text.number(per, digits=2)} complaints each" if len(case.complainers) else ""
    return {
        "complainers": f"Of {text.number(first)} complaints in the table, those within the definition came from "
        f"{text.number(last)} different customers{again}."
    }


def headline(case: Silence) -> dict[str, str]:
    """How many are silent, by which definition, and how many that is for each who complained."""
    found = case.silent
    if found is None:
        return {}
    count = len(case.complainers)
    sentence = f"Behind {text.number(count)} customers who complained there are {_silent(case)} who stayed silent"
    if count:
        each = text.number(found.value / count, digits=1 if found.value < 100 * count else 0)
        sentence += f", {each} for each one who complained"
    capped = f", of at most {text.number(case.customers)} customers" if case.customers is not None else ""
    nobody = (
        " Nobody complained in the window, so a flat prior on the number of unhappy customers is used."
        if not count
        else ""
    )
    return {"silent": f"{sentence}{capped}. {definition(case)}{nobody}"}


def _silent(case: Silence) -> str:
    found = case.silent
    between = f"{found.confidence:.0%} {interval(case)} {text.interval(found.low, found.high)}"
    return f"{text.number(found.value)} unhappy ones ({between})"


def interval(case: Silence) -> str:
    """What the intervals may be called: those of a rate from the study's own survey by the sample's kind."""
    if case.rate is None:
        return "interval"
    return interval_name(case.study) if case.definition.rate == "survey" else "interval"


def rate(case: Silence, rates: pd.DataFrame) -> dict[str, str]:
    """The complaint rate and where it comes from, and what the figure of 1 in 42 would have said instead."""
    if case.rate is None:
        return {}
    known, found = case.rates, case.rate
    if found.kind == "survey":
        one_in = f", 1 in {text.number(1 / found.value, digits=0 if found.value < 0.1 else 1)}" if found.value else ""
        between = text.interval(known.low, known.high, "percent")
        source = (
            f"Of {text.number(found.n)} unhappy respondents {text.number(known.value, 'percent')} complained "
            f"({known.confidence:.0%} {interval(case)} {between}; effective base "
            f"{text.number(found.n_effective)}){one_in}."
        )
    elif found.known:
        source = (
            f"The complaint rate of {text.number(known.value, 'percent')} is taken as known ({found.method}): the "
            "interval of the silent holds chance alone, not what is unsure about the rate."
        )
    else:
        between = text.interval(known.low, known.high, "percent")
        source = f"The complaint rate is stated: {text.number(known.value, 'percent')} ({between})."
    return {"rate": source} | _quoted(case, rates)


def _quoted(case: Silence, rates: pd.DataFrame) -> dict[str, str]:
    """The figure clients quote, beside the study's own."""
    quoted = rates[rates["name"] == "khaosat_2019"].iloc[0]
    if case.rate.kind == "anchor":
        return {}
    if np.isnan(quoted["estimate"]):
        return {"quoted": "The often quoted 1 in 42 would need more unhappy customers than there are customers."}
    own = case.silent
    inside = "inside" if own.low <= quoted["estimate"] <= own.high else "outside"
    times = f", {text.number(quoted['estimate'] / own.value, digits=1)} times as many" if own.value > 0 else ""
    return {
        "quoted": f"The often quoted 1 in 42 (no primary source found) would put {text.number(quoted['estimate'])} "
        f"silent customers there{times}, {inside} this study's interval."
    }


def segments(rows: pd.DataFrame) -> dict[str, str]:
    """Where the fewest and the most of the unhappy complain, and how far pooling drew the groups together."""
    found = {}
    for name, part in rows.groupby("name", sort=False) if len(rows) else ():
        low, high = part.loc[part["rate"].idxmin()], part.loc[part["rate"][::-1].idxmax()]
        apart = low["rate_high"] < high["rate_low"]
        told = [
            f"{row['group']} {text.number(row['rate'], 'percent')} "
            f"({text.interval(row['rate_low'], row['rate_high'], 'percent')})"
            for row in (low, high)
        ]
        shrunk = [text.number(100 * share, digits=0) for share in (part["shrinkage"].min(), part["shrinkage"].max())]
        verdict = "the intervals do not overlap" if apart else "the intervals overlap"
        found[f"segment_{name}"] = (
            f"{part['segment'].iloc[0]}: the complaint rate after pooling runs from {told[0]} to {told[1]}; {verdict}. "
            f"Pooling took {'-'.join(dict.fromkeys(shrunk))}% of each group's distance from the others."
        )
        if part["estimate"].notna().any():
            most = part.loc[part["estimate"].idxmax()]
            found[f"segment_{name}"] += (
                f" Most silent customers: {most['group']}, {text.number(most['estimate'])} "
                f"({text.interval(most['low'], most['high'])})."
            )
        if part["unplaced"].iloc[0]:
            found[f"segment_{name}"] += (
                f" {text.number(part['unplaced'].iloc[0])} complainers belong to none of these groups."
            )
    return found


def no_segments(case: Silence, rows: pd.DataFrame) -> dict[str, str]:
    """Why there are no segments, where there are none."""
    if len(rows) or case.silent is None:
        return {}
    why = (
        "the rate is not the survey's own, and a rate does not transfer between groups"
        if case.definition.rate != "survey"
        else "none is declared (`segments:`), or too few groups have unhappy respondents"
    )
    return {"no_segments": f"Silent customers are not split by segment: {why}."}


def monthly(chart: pd.DataFrame) -> dict[str, str]:
    """Which months had more or fewer complainers than chance and the usual noise explain."""
    if chart.empty:
        return {
            "no_monthly": "There is no control chart: it needs the customers' and the complaints' dates, over eight "
            "months or more."
        }
    out, plain = chart[chart["out"]], int(chart["plain_out"].sum())
    sides = [
        f"{row.period} ({text.number(row.rate, 'rate')}, {'above' if row.rate > row.high else 'below'} the limits)"
        for row in out.itertuples()
    ]
    told = f"outside the limits: {text.join(sides)}" if sides else "no month lies outside the limits"
    spread = text.number(chart["sigma_z"].iloc[0], digits=2)
    return {
        "monthly": f"Complainers a month per 1,000 customers, {text.number(chart['centre'].iloc[0], 'rate')} over "
        f"{len(chart)} months: {told} (Laney's; the months vary {spread} times as much as counts do by chance, and "
        f"plain Poisson limits would flag {plain})."
    }


def unseen(rows: pd.DataFrame, confidence: float) -> dict[str, str]:
    """How many complainers no channel recorded, and on what assumption."""
    if rows.empty:
        return {}
    row = rows.iloc[0]
    sentence = (
        f"Two channels, {row['first'].replace('_', ' ')} ({text.number(row['n_first'])} complainers) and "
        f"{row['second'].replace('_', ' ')} ({text.number(row['n_second'])}), share {text.number(row['both'])}: by "
        f"capture and recapture {text.number(row['estimate'])} complained there in all ({confidence:.0%} interval "
        f"{text.interval(row['low'], row['high'])}), recorded or not. This holds if the two record independently and "
        "everybody has the same chance in each; it is not used for the number of silent customers."
    )
    if pd.isna(row["odds_ratio"]):
        return {"unseen": f"{sentence} No third channel can put that to the test."}
    between = f"{text.number(row['odds_low'], digits=2)} to {text.number(row['odds_high'], digits=2)}"
    return {
        "unseen": f"{sentence} Among complainers in {row['third'].replace('_', ' ')} the odds ratio of the two is "
        f"{text.number(row['odds_ratio'], digits=2)} ({between}; 1 is independence)."
    }


def alt_iceberg(case: Silence) -> str:
    """What the drawing shows, for who cannot see it."""
    if case.silent is None:
        return ""
    return (
        f"An iceberg drawn to scale by area: {text.number(len(case.complainers))} complainers above the waterline, "
        f"{_silent(case)} below it; dashed outlines show both ends of the interval."
    )


def alt_evidence(rates: pd.DataFrame) -> str:
    """What the chart of published rates shows."""
    told = [
        f"{row.anchor} {text.number(row.estimate)} ({text.interval(row.low, row.high)})"
        for row in rates.dropna(subset=["estimate"]).itertuples()
    ]
    return f"Silent customers as each complaint rate would have them, on a logarithmic scale: {'; '.join(told)}."


def alt_monthly(chart: pd.DataFrame) -> str:
    """What the control chart shows."""
    if chart.empty:
        return ""
    return (
        f"A line of complainers per 1,000 customers over {len(chart)} months, between "
        f"{text.number(chart['rate'].min(), 'rate')} and {text.number(chart['rate'].max(), 'rate')}, with the mean of "
        f"{text.number(chart['centre'].iloc[0], 'rate')} and control limits; {int(chart['out'].sum())} months are "
        "marked as outside."
    )


def segment_figures(rows: pd.DataFrame) -> tuple[dict[str, str], dict[str, str]]:
    """Captions and alternative texts of the charts of pooling, by segment."""
    captions, alts = {}, {}
    for name, part in rows.groupby("name", sort=False) if len(rows) else ():
        captions[name] = f"Complaint rate by {part['segment'].iloc[0].lower()}: counted (hollow) and pooled (filled)"
        told = [
            f"{row.group} from {text.number(row.raw, 'percent')} to {text.number(row.rate, 'percent')}"
            for row in part.itertuples()
        ]
        alts[name] = f"Complaint rates before and after partial pooling, with intervals: {'; '.join(told)}."
    return captions, alts
