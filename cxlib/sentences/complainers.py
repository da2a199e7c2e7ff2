"""Sentences on complainers and the silent by segment, complainers by month, and those whom no channel recorded."""

import pandas as pd

from cxlib import text
from cxlib.language import tr, tr_n
from cxlib.silence import Silence
from cxlib.suppression import LEAST, WITHHELD


def segments(rows: pd.DataFrame) -> dict[str, str]:
    """Where the fewest and the most of the unhappy complain, and how far pooling drew the groups together."""
    return {f"segment_{name}": _segment(part) for name, part in (rows.groupby("name", sort=False) if len(rows) else ())}


def _segment(part: pd.DataFrame) -> str:
    low, high = part.loc[part["rate"].idxmin()], part.loc[part["rate"][::-1].idxmax()]
    apart = low["rate_high"] < high["rate_low"]
    sentences = [
        tr(
            "{segment}: the complaint rate after pooling runs from {lowest} to {highest}; {verdict}.",
            segment=part["segment"].iloc[0],
            lowest=_group(low),
            highest=_group(high),
            verdict=tr("the intervals do not overlap") if apart else tr("the intervals overlap"),
        )
    ]
    shrunk = [text.number(100 * share, digits=0) for share in (part["shrinkage"].min(), part["shrinkage"].max())]
    share = f"{'-'.join(dict.fromkeys(shrunk))}%"
    sentences.append(tr("Pooling took {share} of each group's distance from the others.", share=share))
    # The most of those shown need not be the most of all.
    if part["estimate"].notna().any() and not any(part.get(WITHHELD, ())):
        most = part.loc[part["estimate"].idxmax()]
        told = tr(
            "Most silent customers: {group}, {number} ({interval}).",
            group=most["group"],
            number=text.number(most["estimate"]),
            interval=text.interval(most["low"], most["high"]),
        )
        sentences.append(told)
    if (unplaced := part["unplaced"].iloc[0]) > 0:
        sentences.append(
            tr_n(
                "{n} complainer belongs to none of these groups.",
                "{n} complainers belong to none of these groups.",
                unplaced,
            )
        )
    return " ".join(sentences)


def _group(row: pd.Series) -> str:
    """A group's pooled rate: North 3.0% (2.0 to 4.0%)."""
    between = text.interval(row["rate_low"], row["rate_high"], "percent")
    return f"{row['group']} {text.number(row['rate'], 'percent')} ({between})"


def no_segments(case: Silence, rows: pd.DataFrame) -> dict[str, str]:
    """Why there are no segments, where there are none."""
    if len(rows) or case.silent is None:
        return {}
    if case.definition.rate != "survey":
        why = tr(
            "Silent customers are not split by segment: the rate is not the survey's own, and a rate does not transfer "
            "between groups."
        )
    else:
        why = tr(
            "Silent customers are not split by segment: none is declared (`segments:`), or too few groups have unhappy "
            "respondents."
        )
    return {"no_segments": why}


def segment_figures(rows: pd.DataFrame) -> tuple[dict[str, str], dict[str, str]]:
    """Captions and alternative texts of the charts of pooling, by segment."""
    captions, alts = {}, {}
    for name, part in rows.groupby("name", sort=False) if len(rows) else ():
        captions[name] = tr(
            "Complaint rate by {segment}: counted (hollow) and pooled (filled)",
            segment=part["segment"].iloc[0].lower(),
        )
        told = [
            tr(
                "{group} from {raw} to {pooled}",
                group=row.group,
                raw=text.number(row.raw, "percent"),
                pooled=text.number(row.rate, "percent"),
            )
            for row in part.itertuples()
        ]
        alts[name] = tr(
            "Complaint rates before and after partial pooling, with intervals: {groups}.", groups="; ".join(told)
        )
    return captions, alts


def monthly(chart: pd.DataFrame) -> dict[str, str]:
    """Which months had more or fewer complainers than chance and the usual noise explain."""
    if WITHHELD in chart:
        told = tr(
            "There is no control chart: in some months fewer than {least} customers complained, and their numbers are "
            "not shown.",
            least=text.number(LEAST),
        )
        return {"no_monthly": told}
    if chart.empty:
        return {
            "no_monthly": tr(
                "There is no control chart: it needs the customers' and the complaints' dates, over eight months or "
                "more."
            )
        }
    sides = text.join([_side(row) for row in chart[chart["out"]].itertuples()])
    told = tr(
        "Complainers a month per 1,000 customers, {centre} over {months} months: {outside} (Laney's; the months vary "
        "{spread} times as much as counts do by chance, and plain Poisson limits would flag {plain}).",
        centre=text.number(chart["centre"].iloc[0], "rate"),
        months=text.number(len(chart)),
        outside=tr("outside the limits: {months}", months=sides) if sides else tr("no month lies outside the limits"),
        spread=text.number(chart["sigma_z"].iloc[0], digits=2),
        plain=text.number(chart["plain_out"].sum()),
    )
    return {"monthly": told}


def _side(row) -> str:
    """A month outside the limits, and on which side of them."""
    given = {"period": row.period, "rate": text.number(row.rate, "rate")}
    if row.rate > row.high:
        return tr("{period} ({rate}, above the limits)", **given)
    return tr("{period} ({rate}, below the limits)", **given)


def alt_monthly(chart: pd.DataFrame) -> str:
    """What the control chart shows."""
    if chart.empty:
        return ""
    return tr_n(
        "A line of complainers per 1,000 customers over {months} months, between {least} and {most}, with the mean of "
        "{mean} and control limits; {n} month is marked as outside.",
        "A line of complainers per 1,000 customers over {months} months, between {least} and {most}, with the mean of "
        "{mean} and control limits; {n} months are marked as outside.",
        chart["out"].sum(),
        months=text.number(len(chart)),
        least=text.number(chart["rate"].min(), "rate"),
        most=text.number(chart["rate"].max(), "rate"),
        mean=text.number(chart["centre"].iloc[0], "rate"),
    )


def unseen(rows: pd.DataFrame, confidence: float) -> dict[str, str]:
    """How many complainers no channel recorded, and on what assumption."""
    if WITHHELD in rows:
        told = tr(
            "How many complainers no channel recorded is not told: fewer than {least} are in both channels, in one of "
            "them alone, or in neither.",
            least=text.number(LEAST),
        )
        return {"no_unseen": told}
    if rows.empty:
        return {}
    row = rows.iloc[0]
    sentences = [
        tr(
            "Two channels, {first} ({n_first} complainers) and {second} ({n_second}), share {both}: by capture and "
            "recapture {number} complained there in all ({interval}), recorded or not.",
            first=row["first"].replace("_", " "),
            n_first=text.number(row["n_first"]),
            second=row["second"].replace("_", " "),
            n_second=text.number(row["n_second"]),
            both=text.number(row["both"]),
            number=text.number(row["estimate"]),
            interval=text.with_confidence(text.interval(row["low"], row["high"]), confidence),
        ),
        tr(
            "This holds if the two record independently and everybody has the same chance in each; it is not used for "
            "the number of silent customers."
        ),
    ]
    if pd.isna(row["odds_ratio"]):
        sentences.append(tr("No third channel can put that to the test."))
    else:
        told = tr(
            "Among complainers in {third} the odds ratio of the two is {ratio} ({interval}; 1 is independence).",
            third=row["third"].replace("_", " "),
            ratio=text.number(row["odds_ratio"], "ratio"),
            interval=text.interval(row["odds_low"], row["odds_high"], "ratio"),
        )
        sentences.append(told)
    return {"unseen": " ".join(sentences)}
