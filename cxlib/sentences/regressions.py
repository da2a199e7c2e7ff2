"""Sentences on what moves a metric: never that it causes it, unless a comparison group earned the word effect."""

import pandas as pd

from cxlib import driver_models, text
from cxlib.binary import BinaryFit
from cxlib.compare import BORDERLINE, CLEAR
from cxlib.diagnostics import P
from cxlib.language import noted, tr, tr_n
from cxlib.regressions import Regression
from cxlib.sentences import words
from cxlib.sentences.words import wave_name

NAMED = 3  # drivers that a sentence names
KINDS = {
    "basic": noted("basic (being bad costs, being excellent brings little): {drivers}"),
    "performance": noted("performance (both count): {drivers}"),
    "excitement": noted("excitement (being excellent brings, being bad costs little): {drivers}"),
}


def in_points(value: float, unit: str) -> str:
    """A difference with its sign and what it is counted in: +6.10 points."""
    return text.in_units(text.difference(value, unit), unit)


def interval_of(case: Regression, low: float, high: float, unit: str) -> str:
    """The interval of a difference with its confidence and name: 95% interval +4.00 to +8.20."""
    return words.interval(case.study, case.confidence, text.difference_interval(low, high, unit))


def _capital(clause: str) -> str:
    """A clause as a sentence begins with it."""
    return clause[0].upper() + clause[1:]


def base(case: Regression, table: pd.DataFrame) -> dict[str, str]:
    """Who is looked at, what is explained, and how many answers are lacking."""
    lacking = table.sort_values("n").iloc[0]
    given = {
        "respondents": tr_n("{n} respondent", "{n} respondents", len(case.frame)),
        "metric": case.label,
        "drivers": tr_n("{n} driver", "{n} drivers", len(case.drivers)),
    }
    told = [
        tr("{respondents} in {wave}; {metric} is explained by {drivers}.", wave=wave_name(case.wave), **given)
        if case.wave
        else tr("{respondents}; {metric} is explained by {drivers}.", **given),
        tr("Fewest answers: {driver}, {n}.", driver=lacking["label"], n=text.number(lacking["n"])),
    ]
    if never := int(table["never_used"].sum()):
        told.append(
            tr_n(
                "{n} answer says that something was never used, kept apart from blanks.",
                "{n} answers say that something was never used, kept apart from blanks.",
                never,
            )
        )
    if case.left_out:
        names = text.join([case.study.label(name) for name in case.left_out])
        told.append(tr("Left out, since no two answers to it differ: {drivers}.", drivers=names))
    return {"base": " ".join(told)}


def importance(case: Regression, rows: pd.DataFrame) -> dict[str, str]:
    """How much all drivers account for, and which matter most and least, with ranks that are as sure as they are."""
    if case.too_few:
        told = tr(
            "{n} answered {metric}, and models of {drivers} drivers need {needed} answers: none is fitted, and "
            "importance and effects are left out.",
            n=text.number(case.frame[case.outcome].notna().sum()),
            metric=case.label,
            drivers=text.number(len(case.drivers)),
            needed=text.number(case.too_few),
        )
        return {"importance": told}
    if rows.empty:
        return {"importance": tr("Importance needs two drivers that are numbers or ratings; there are fewer.")}
    first, *_, last = rows.itertuples()
    share = text.number(first.r_squared, "percent")
    if "r_squared_low" in rows and pd.notna(first.r_squared_low):
        between = text.interval(first.r_squared_low, first.r_squared_high, "percent")
        share += f" ({words.interval(case.study, case.confidence, between)})"
    if len(rows) == len(case.drivers):
        whole = tr(
            "Together the drivers account for {share} of how the answers to {metric} differ.",
            share=share,
            metric=case.label,
        )
    else:
        whole = tr(
            "Together the {n} drivers that are numbers account for {share} of how the answers to {metric} differ.",
            n=len(rows),
            share=share,
            metric=case.label,
        )
    named = [
        tr(
            "{driver} ({share} of that; {rank})",
            driver=row.label,
            share=text.number(row.percent, "percent"),
            rank=_rank(row),
        )
        for row in rows.head(min(NAMED, len(rows) - 1)).itertuples()
    ]
    ends = tr(
        "Most goes with {drivers}; least with {last} ({share}; {rank}).",
        drivers=text.join(named),
        last=last.label,
        share=text.number(last.percent, "percent"),
        rank=_rank(last),
    )
    return {"importance": f"{whole} {ends} {tr('This is association: what goes together need not move together.')}"}


def _rank(row) -> str:
    """A driver's rank, and what others it may have; the former alone without bootstrap samples."""
    rank = f"{row.rank:.0f}"
    if pd.isna(row.rank_low):
        return tr("rank {rank}", rank=rank)
    low, high = f"{row.rank_low:.0f}", f"{row.rank_high:.0f}"
    if low == high:
        return tr("rank {rank}, no other is likely", rank=rank)
    return tr("rank {rank}, it may be {low} to {high}", rank=rank, low=low, high=high)


def treatments(rows: pd.DataFrame) -> dict[str, str]:
    """How far the ranking depends on what is done about missing answers."""
    if rows.empty:
        return {}
    widest = rows.loc[rows["moved"].idxmax()]
    answered = {"complete": text.number(rows["n_listwise"].iloc[0]), "all": text.number(rows["n"].iloc[0])}
    if widest["moved"] == 0:
        told = tr(
            "No rank moves when missing answers are treated in another way; {complete} of {all} answered everything.",
            **answered,
        )
    else:
        told = tr(
            "With missing answers treated in another way ranks move by up to {moved} ({driver}); only {complete} of "
            "{all} answered everything.",
            moved=f"{widest['moved']:.0f}",
            driver=widest["label"],
            **answered,
        )
    return {"treatments": told}


def effects(case: Regression, fit, rows: pd.DataFrame) -> dict[str, str]:
    """What one more point goes with, the clearest first; what separates is named instead of counted."""
    found = {}
    if isinstance(fit, BinaryFit) and fit.separation:
        said = _capital(driver_models.separation(case, fit))
        found["separation"] = tr("{separation}. No size of it is to be quoted.", separation=said)
    known = rows.dropna(subset=["estimate"])
    if known.empty:
        return found
    clear = known[(known["low"] > 0) | (known["high"] < 0)]
    clear = clear.reindex((clear["estimate"] / clear["se"]).abs().sort_values(ascending=False).index)
    told = [_goes_with(case, row) for row in clear.head(NAMED).itertuples()]
    lead = f"{_capital('; '.join(told))}." if told else tr("No driver's interval leaves out 0.")
    rest = tr(
        "With the other drivers alike {clear} of {all} intervals leave out 0; by chance {chance} would. Base {base}, "
        "who answered everything.",
        clear=len(clear),
        all=len(known),
        chance=text.number((1 - case.confidence) * len(known), digits=1),
        base=text.number(known["n"].iloc[0]),
    )
    return found | {"effects": f"{lead} {rest}"}


def _goes_with(case: Regression, row) -> str:
    """What goes with one more point on a rating, 1,000 more of an income, or a category as such."""
    given = {
        "driver": row.label if row.term not in case.numeric or row.step == 1 else case.study.label(row.term),
        "difference": in_points(row.estimate, row.unit),
        "metric": case.label,
        "interval": interval_of(case, row.low, row.high, row.unit),
    }
    if row.term not in case.numeric:
        return tr("{driver} goes with {difference} of {metric} ({interval})", **given)
    if row.step == 1:
        return tr("one more point on {driver} goes with {difference} of {metric} ({interval})", **given)
    step = text.number(row.step)
    return tr("{step} more of {driver} goes with {difference} of {metric} ({interval})", step=step, **given)


def odds(rows: pd.DataFrame) -> dict[str, str]:
    """Whether one coefficient a driver is enough, and what is lost where it is not."""
    if rows.empty:
        return {}
    whole = rows[rows["driver"] == "omnibus"].iloc[0]
    if pd.isna(whole["p"]):
        return {"odds": tr("Whether each driver goes alike with the whole scale cannot be tested on these answers.")}
    p = text.p_is(whole["p"])
    if whole["p"] > P[0]:
        alike = tr("Each driver goes alike with the whole scale, as far as can be told (Brant's test, {p}).", p=p)
        return {"odds": alike}
    single = rows[(rows["driver"] != "omnibus") & (rows["p"] < 0.05)]
    names = f": {text.join(list(single['label']))}" if len(single) else ""
    if whole["p"] <= P[1]:
        lead = tr("Drivers do not go alike with the whole scale (Brant's test, {p})", p=p)
    else:
        lead = tr("Drivers may not go alike with the whole scale (Brant's test, {p})", p=p)
    lost = tr(
        "What is lost: the points told of a driver are an average over the scale; at one end of it they are more, at "
        "the other fewer."
    )
    return {"odds": f"{lead}{names}. {lost}"}


def checks(rows: pd.DataFrame) -> dict[str, str]:
    """How many assumptions hold, and what follows from those that do not; nothing without a model."""
    if rows.empty:
        return {}
    bad = rows[rows["verdict"].isin(["worth a look", "does not hold"])]
    fine = int((rows["verdict"] == "no sign of trouble").sum())
    told = [
        f"{_capital(tr(row.assumption))}: {tr(row.verdict)}. {_capital(row.consequence)}" for row in bad.itertuples()
    ]
    lead = tr("{fine} of {all} assumptions show no sign of trouble.", fine=fine, all=len(rows))
    return {"checks": " ".join([lead, *told])}


def segments(case: Regression, segment: str, rows: pd.DataFrame) -> dict[str, str]:
    """Whether a driver matters more in one group than in another."""
    if case.metric is None:
        return {"no_segment": tr("No segment was compared: that takes a metric, and the outcome is none.")}
    if rows.empty:
        return {
            "no_segment": tr(
                "No segment was compared: none is named, or in its groups there are too few respondents, or answers "
                "that are all alike, for the model."
            )
        }
    clear = rows[rows["p_adjusted"] < CLEAR]
    near = rows[(rows["p_adjusted"] >= CLEAR) & (rows["p_adjusted"] <= BORDERLINE)]
    told = [_more(case, row) for row in clear.sort_values("p_adjusted").head(NAMED).itertuples()]
    lead = "; ".join(told) or tr("no driver matters clearly more in one group than in another")
    rest = tr_n(
        "Of {comparisons} {n} is more than chance explains and {near} borderline (Holm's correction over all).",
        "Of {comparisons} {n} are more than chance explains and {near} borderline (Holm's correction over all).",
        len(clear),
        comparisons=tr_n("{n} comparison", "{n} comparisons", len(rows)),
        near=len(near),
    )
    return {"segment": f"{case.study.label(segment)}: {lead}. {rest}"}


def _more(case: Regression, row) -> str:
    """A difference between groups, told from the side of the greater one."""
    sign, (more, less) = (1, (row.group, row.other)) if row.estimate > 0 else (-1, (row.other, row.group))
    low, high = sorted((sign * row.low, sign * row.high))
    return tr(
        "{driver} goes with {difference} more in {group} than in {other} ({interval}, {p})",
        driver=row.label,
        difference=in_points(sign * row.estimate, row.unit),
        group=more,
        other=less,
        interval=interval_of(case, low, high, row.unit),
        p=text.p_is(row.p_adjusted),
    )


def asymmetry(rows: pd.DataFrame) -> dict[str, str]:
    """Which drivers cost where they are bad, which bring where they are excellent, and how many refuse to be sorted."""
    if rows.empty:
        return {
            "no_asymmetry": tr(
                "Penalty and reward are not told: that takes a metric, and bad, middling and excellent ratings of "
                "every driver."
            )
        }
    sorted_into = {kind: list(rows.loc[rows["kind"] == kind, "label"]) for kind in KINDS}
    told = [tr(KINDS[kind], drivers=text.join(names)) for kind, names in sorted_into.items() if names]
    lead = f"{_capital('; '.join(told))}." if told else tr("No driver can be sorted.")
    rest = tr(
        "{n} of {all} cannot be sorted, or show neither.", n=int((~rows["kind"].isin(KINDS)).sum()), all=len(rows)
    )
    return {"asymmetry": f"{lead} {rest}"}


def quadrants(rows: pd.DataFrame) -> dict[str, str]:
    """Where to act first, as far as the intervals allow."""
    if rows.empty:
        return {"no_map": tr("There is no map: it needs two rated drivers with a scale and enough answers.")}
    first = list(rows.loc[rows["verdict"] == "improve first", "label"])
    maybe = list(rows.loc[rows["verdict"].str.startswith("improve first or"), "label"])
    told = [
        tr("More important and rated lower than the average driver: {drivers}.", drivers=text.join(first))
        if first
        else tr("No driver is clearly both more important and rated lower than the average one.")
    ]
    if maybe:
        told.append(tr("It may be so of {drivers}.", drivers=text.join(maybe)))
    return {"map": " ".join(told)}


def alt_importance(rows: pd.DataFrame) -> str:
    """What the chart of importance shows."""
    told = [
        tr(
            "{driver} {share}, rank {ranks}",
            driver=row.label,
            share=text.number(row.estimate, "percent"),
            ranks=row.ranks,
        )
        for row in rows.itertuples()
    ]
    return tr(
        "Bars of each driver's share of the outcome's variance with intervals, the greatest on top: {drivers}.",
        drivers="; ".join(told),
    )


def alt_effects(rows: pd.DataFrame) -> str:
    """What the chart of effects shows."""
    told = [
        f"{row.label} {in_points(row.estimate, row.unit)}"
        if pd.notna(row.estimate)
        else tr("{driver} not estimable", driver=row.label)
        for row in rows.itertuples()
    ]
    return tr(
        "Points of the outcome that go with one more point on each driver, with intervals: {drivers}.",
        drivers="; ".join(told),
    )


def alt_asymmetry(rows: pd.DataFrame) -> str:
    """What the chart of penalties and rewards shows."""
    told = [
        tr(
            "{driver} {penalty} and {reward}, {kind}",
            driver=row.label,
            penalty=text.difference(row.penalty, row.unit),
            reward=text.difference(row.reward, row.unit),
            kind=tr(row.kind),
        )
        for row in rows.itertuples()
    ]
    return tr(
        "Two bars a driver, what it costs where it is bad and brings where it is excellent: {drivers}.",
        drivers="; ".join(told),
    )


def alt_map(rows: pd.DataFrame) -> str:
    """What the map of importance and performance shows."""
    told = [f"{row.label}: {tr(row.verdict)}" for row in rows.itertuples()]
    return tr(
        "Drivers by performance, across, and importance, upwards, with intervals on both: {drivers}.",
        drivers="; ".join(told),
    )
