"""What a metric is worth: money, tenure, repurchase and churn of the customers behind each band of answers.

Churn is counted from the study's own customers in the days after they answered, never taken from a vendor. What goes
with a score need not follow from it: who answers more favourably differs in other ways, too. Those who did not answer
are a segment of their own, whose answers are unknown: nonresponse.sensitivity() shows how far a metric depends on
them.
"""

import numpy as np
import pandas as pd

from cxlib import compare, large_counts
from cxlib.calibration import fixed, without
from cxlib.counts import columns_in
from cxlib.errors import CxError
from cxlib.language import noted, tr
from cxlib.metrics import Metric, find, kind_of, levels
from cxlib.scores import by_group
from cxlib.survey import chosen_wave

# Bands are told from one another by these names; they are translated where they are shown.
NPS_BANDS = {noted("Detractors"): (0, 6), noted("Passives"): (7, 8), noted("Promoters"): (9, 10)}
SILENT = noted("No answer")
HAPPENED = Metric("happened", "Happened", (0, 1), {1: 100}, "percent")
# What a band is measured by: what it is called (of so many days), its unit, and how it is estimated.
OUTCOMES = {
    "value": (noted("Value of a customer"), "money", "mean"),
    "tenure": (noted("Years as a customer"), "score", "mean"),
    "churn": (noted("Left within {days} days"), "percent", HAPPENED),
    "repurchase": (noted("Bought again within {days} days"), "percent", HAPPENED),
}
YEAR = 365.25


def bands(answers, metric, names: dict | None = None) -> pd.Series:
    """The band of each answer, from worst to best score: detractors, passives and promoters for an NPS.

    For other metrics answers that score alike are a band (1-3 and 4-5 for a CSAT), and each answer is one where they
    all score differently. `names` gives bands of your own: {"Low": (1, 4), "High": (5, 7)}. Raises CxError for bands
    that overlap, leave out an answer, or lie off the scale.
    """
    metric = find(metric)
    if metric is None:
        raise CxError('bands are cut from the scale of a metric; "mean" has none')
    low, high = metric.scale
    if names is None:
        names = NPS_BANDS if metric.name == "nps" else _alike(metric)
    spans = {answer: [name for name, (a, b) in names.items() if a <= answer <= b] for answer in range(low, high + 1)}
    for answer, found in spans.items():
        if len(found) != 1:
            raise CxError(
                f"each answer of {low}-{high} lies in one band; {answer} lies in {len(found)} of {', '.join(names)}"
            )
    given = pd.Series(answers)
    outside = given.notna() & ~given.isin(list(spans))
    if outside.any():
        raise CxError(
            f"{metric.label} answers must lie in {low}-{high}, as whole numbers; {outside.sum()} lie outside, e.g. "
            f"{given[outside].iloc[0]}"
        )
    order = sorted(names, key=lambda name: np.mean([metric.table[a] for a in spans if spans[a] == [name]]))
    found = given.map({answer: name for answer, (name,) in spans.items()})
    return pd.Series(pd.Categorical(found, categories=order, ordered=True), index=given.index)


def _alike(metric: Metric) -> dict:
    """Neighbouring answers with the same score, as spans by their names."""
    spans: list[list[int]] = []
    for answer, scored in metric.table.items():
        if spans and metric.table[spans[-1][-1]] == scored and kind_of(levels(metric)) != "mean":
            spans[-1].append(answer)
        else:
            spans.append([answer])
    return {f"{s[0]}-{s[-1]}" if len(s) > 1 else f"{s[0]}": (s[0], s[-1]) for s in spans}


def linked(
    study, question: str, *, wave: str = "", days: int = 90, until: str = "", names: dict | None = None
) -> pd.DataFrame:
    """One row a customer who answered: the latest answer (in `wave`), its band, and what the customer did after it.

    Columns: customer, wave, when, the survey's design, the question, band; value (of the customers table); tenure
    (years on the day of the answer); churn and repurchase (1 where the customer left, or bought, in the `days` after
    that day, 0 where not; blank for customers already gone, and where the tables end sooner). What the study's tables
    do not tell is not there. `until` is the day on which the tables were drawn (2026-12-31; default: the last date that
    each holds); `names` as in bands(). Raises CxError without a table customers, where no answer names one of them, and
    for an `until` before the answers.
    """
    metric, view, survey = study.metric(question), _customers(study), study.survey
    if "customer" not in survey:
        raise CxError(f"{study.file}: the survey must say which column names the customer, e.g. `customer: id`")
    used = [*columns_in(without(study.design)), "customer", "wave", "when", question]
    asked = survey[question].notna() & survey["customer"].isin(view["customer"])
    rows = survey[[column for column in dict.fromkeys(used) if column in survey]][asked]
    if wave:
        rows = rows[rows["wave"].astype(str) == chosen_wave(study, wave)]
    if rows.empty:
        where = f" in {wave}" if wave else ""
        raise CxError(f"no answer to {question}{where} names a customer of the table customers")
    rows = followed(study, rows, days, until)
    order = [column for column in ("wave", "when") if column in rows]
    design = columns_in(without(study.design))
    told = [outcome for outcome in OUTCOMES if outcome in rows]
    rows = rows[list(dict.fromkeys(["customer", *order, *design, question, *told]))]
    return rows.assign(band=bands(rows[question], metric, names))


def followed(study, answers: pd.DataFrame, days: int, until: str = "") -> pd.DataFrame:
    """Respondents who name a customer, their latest answer, and what the customer did in the days after it.

    Adds value, tenure, churn and repurchase as linked(), as far as the tables tell.
    """
    view = _customers(study)
    order = [column for column in ("wave", "when") if column in answers]
    named = answers[["customer", *order]].reset_index(drop=True)
    named = named[named["customer"].isin(view["customer"])]
    latest = named.sort_values(order, kind="stable").drop_duplicates("customer", keep="last").index
    rows = answers.iloc[latest].reset_index(drop=True)
    known = view.set_index("customer").reindex(rows["customer"]).reset_index()
    day = rows["when"].dt.normalize() if "when" in rows else None
    taken = [outcome for outcome in OUTCOMES if outcome in rows]
    return rows.drop(columns=taken).assign(**_outcomes(study, known, day, days, until))


def by_band(study, question: str, *, days: int = 90, confidence=0.95, **of) -> pd.DataFrame:
    """Value, tenure, churn and repurchase in each band of answers to a metric question, under the survey's design.

    Raked weights are taken as fixed: who names no customer is not among these answers.

    Columns: outcome (value, tenure, churn, repurchase: those that the tables tell), label, unit,
    band, estimate, low, high, se, n, n_weighted, n_effective, method. Means have t intervals, shares (percent)
    Wilson's. Bands under the study's minimum base have no estimate. `of` (wave, until, names) and errors as linked().
    """
    return of_bands(study, linked(study, question, days=days, **of), days, confidence)


def of_bands(study, rows: pd.DataFrame, days: int, confidence: float) -> pd.DataFrame:
    """by_band() of the rows that linked() gives."""
    found = _measured(study, rows, days, confidence, without(study.design))
    found["method"] += fixed(study.design)
    return found


def gaps(study, question: str, *, days: int = 90, confidence=0.95, **of) -> pd.DataFrame:
    """Each band less each worse one, in what by_band() measures: difference, interval and design-based test.

    Columns: outcome, label, unit, band, other, estimate, low, high, se, t, df, p, p_adjusted (Holm, within an outcome),
    verdict. `of` (wave, until, names) and errors as linked().
    """
    return between_bands(study, linked(study, question, days=days, **of), days, confidence)


def between_bands(study, rows: pd.DataFrame, days: int, confidence: float) -> pd.DataFrame:
    """gaps() of the rows that linked() gives."""
    frames, least = [], study.book.minimum_base
    for outcome, label, unit, metric in _told(rows, days):
        how = {"confidence": confidence, "minimum_base": least, **without(study.design)}
        found = compare.differences(rows, metric, over="band", question=outcome, **how)
        pairs = found[found["other"].isin(rows["band"].cat.categories)].rename(columns={"group": "band"})
        frames.append(pairs.assign(outcome=outcome, label=label, unit=unit))
    found = pd.concat(frames, ignore_index=True)
    return found[["outcome", "label", "unit", *found.columns.drop(["outcome", "label", "unit"])]]


def silent(
    study, question: str, *, wave: str = "", days: int = 90, until: str = "", names: dict | None = None, confidence=0.95
) -> pd.DataFrame:
    """Customers by their answer in a wave (default: the latest), those without one as a segment of their own.

    All who were customers on the day after the wave's last answer, and what each segment did in the `days` after that
    day: counted from then on for everybody, so that having lived to answer is no merit. Columns as by_band(), and share
    (of these customers, in percent). Customers are the sample, each counting once; those who answered without being
    named are among the silent. Arguments and errors as linked(); CxError also where answers have no dates.
    Source: Anderson, Cain and Gelber, Journal of Clinical Oncology 1 (1983) 710-719 (the landmark method).
    """
    wave = chosen_wave(study, wave) or ""
    large_counts.whole(study, "survey", "telling who did not answer")
    answered = linked(study, question, wave=wave, days=days, until=until, names=names)
    if "when" not in answered or answered["when"].isna().all():
        raise CxError(f"{study.file}: the survey must say when answers were given, e.g. `when: started`")
    view = _customers(study)
    landmark = answered["when"].max().normalize() + pd.Timedelta(days=1)
    if "since" in view:
        view = view[~(view["since"] >= landmark)]
    if "left" in view:
        view = view[~(view["left"] < landmark)]
    view = view.reset_index(drop=True)
    order = [*answered["band"].cat.categories, SILENT]
    band = view["customer"].map(answered.set_index("customer")["band"].astype(object)).fillna(SILENT)
    day = pd.Series(landmark - pd.Timedelta(days=1), index=view.index)
    rows = view[["customer"]].assign(
        band=pd.Categorical(band, categories=order, ordered=True), **_outcomes(study, view, day, days, until)
    )
    found = _measured(study, rows, days, confidence, {})
    return found.assign(share=found["band"].map(rows["band"].value_counts(normalize=True)).astype(float) * 100)


def _customers(study) -> pd.DataFrame:
    """Of the table customers what outcomes are told from, a row each of those who are named."""
    if not study.has("customers"):
        raise CxError(f"{study.file}: value needs a table customers; there are {', '.join(study.book.tables)}")
    view = study.table("customers")
    if "customer" not in view:
        raise CxError(
            f"{study.file}: the table customers must say which column names the customer, e.g. `customer: id`"
        )
    used = [column for column in ("customer", "value", "since", "left") if column in view]
    return view[used][view["customer"].notna()]


def _outcomes(study, known: pd.DataFrame, day: pd.Series | None, days: int, until: str) -> dict[str, pd.Series]:
    """What the tables tell of each customer of `known` from its `day` on."""
    if not days >= 1:
        raise CxError(f"churn is counted over 1 or more days; found {days}")
    found = {"value": known["value"]} if "value" in known else {}
    if day is None:
        return found
    end, drawn = day + pd.Timedelta(days=days), _drawn(until, day)
    left = known["left"].dt.normalize() if "left" in known else pd.Series(pd.NaT, index=known.index)
    there = ~(left <= day)
    if "since" in known:
        found["tenure"] = ((day - known["since"].dt.normalize()).dt.days / YEAR).where(there)
    if "left" in known:
        last = drawn or large_counts.last_day(study, "customers", [c for c in ("since", "left") if c in known])
        found["churn"] = (left <= end).astype(float).where(there & (end <= last))
    sales = study.table("sales") if study.has("sales") else pd.DataFrame()
    # Of a customer who is not in a sample of the sales nobody can say that he bought nothing.
    if {"customer", "when"} <= set(sales) and not large_counts.is_sample(study, "sales"):
        bought = sales[sales["won"] == 1] if "won" in sales else sales
        dated = pd.DataFrame({"customer": known["customer"], "_day": day, "_end": end})
        dated = bought[["customer", "when"]].merge(dated, on="customer")
        within = dated[(dated["when"] > dated["_day"]) & (dated["when"] <= dated["_end"])]
        again = known["customer"].isin(within["customer"]).astype(float)
        found["repurchase"] = again.where(there & (end <= (drawn or study.total.table("sales")["when"].max())))
    return found


def _drawn(until: str, day: pd.Series) -> pd.Timestamp | None:
    """The day on which the tables were drawn, where it is given."""
    if not until:
        return None
    try:
        drawn = pd.Timestamp(pd.to_datetime(until, format="%Y-%m-%d"))
    except ValueError:
        raise CxError(f"the day on which tables were drawn is written 2026-12-31; found {until}") from None
    if not drawn > day.min():
        raise CxError(f"tables are drawn after the answers; found {until}, and the first answer of {day.min().date()}")
    return drawn


def _told(rows: pd.DataFrame, days: int):
    """The outcomes that hold a number: name, label, unit and how they are scored."""
    for outcome, (label, unit, metric) in OUTCOMES.items():
        if outcome in rows and rows[outcome].notna().any():
            yield outcome, tr(label, days=days), unit, metric


def _measured(study, rows: pd.DataFrame, days: int, confidence: float, design: dict) -> pd.DataFrame:
    """Every outcome in every band."""
    frames, order = [], list(rows["band"].cat.categories)
    for outcome, label, unit, metric in _told(rows, days):
        how = {"confidence": confidence, "minimum_base": study.book.minimum_base, **design}
        found = by_group(rows, metric, ["band"], question=outcome, **how)
        found = found.assign(outcome=outcome, label=label, unit=unit, band=found["band"].astype(str))
        frames.append(found.iloc[np.argsort([order.index(band) for band in found["band"]])])
    if not frames:
        raise CxError(f"{study.file}: the tables tell nothing of the customers' value, dates or purchases")
    kept = ["outcome", "label", "unit", "band", "estimate", "low", "high", "se", "n", "n_weighted", "n_effective"]
    return pd.concat(frames, ignore_index=True)[[*kept, "method"]]
