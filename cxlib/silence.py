"""The tables of the complaint-iceberg chapter: the rate beside published ones, the silent, and both by segment."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd

from cxlib import large_counts
from cxlib.anchors import ANCHORS
from cxlib.complaint_rate import ComplaintRate, anchored
from cxlib.complaint_trend import by_month
from cxlib.complaints import (
    SURVEY,
    Complainers,
    Definition,
    complainers,
    customers_in,
    flags,
    number_in,
    rate,
    survey_rates,
    there_in,
)
from cxlib.control_chart import LEAST_PERIODS, control_chart
from cxlib.errors import CxError, nearest
from cxlib.estimate import Estimate
from cxlib.iceberg import Silent, distribution, read_off, silent
from cxlib.language import noted, tr, tr_n
from cxlib.pooling import Pooled, pool
from cxlib.predictive import NegativeBinomial
from cxlib.recapture import independence, linked, recapture
from cxlib.shown import Shown
from cxlib.suppression import WITHHELD, in_list, small, withhold
from cxlib.survey import chosen_wave

EXAMPLE = 10  # complainers that a published rate is explained with
LIMITS = ["estimate", "low", "high"]


@dataclass(frozen=True, repr=False)
class Silence(Shown):
    """What the chapter rests on: the definition, the distinct complainers, the rate and the silent behind them.

    `rate` and `silent` are None where something was not declared; `customers` is the number of customers that unhappy
    ones are taken from, None where it is not known. A part of a study has no rate of its own below the minimum base:
    `too_few` is then the number of its unhappy respondents. Of 1 to 4 complainers there is no estimate either, since it
    would tell their number (see suppression).
    """

    study: object
    definition: Definition
    wave: str | None
    complainers: Complainers
    customers: int | None
    rate: ComplaintRate | None
    silent: Silent | None
    confidence: float
    too_few: int | None = None

    @property
    def rates(self) -> Estimate | None:
        """The complaint rate with its interval."""
        return None if self.rate is None else self.rate.estimate(confidence=self.confidence)

    @property
    def most(self) -> int | None:
        """The silent that there can be at most."""
        return None if self.customers is None else self.customers - len(self.complainers)

    @cached_property
    def distribution(self) -> NegativeBinomial:
        """The exact distribution of the silent, where there is an estimate of them."""
        return distribution(len(self.complainers), self.rate, most=self.most)


def silence(
    study,
    definition: Definition,
    *,
    wave: str = "",
    customers: int = 0,
    confidence: float = 0.95,
    known: ComplaintRate | None = None,
    found: Complainers | None = None,
) -> Silence:
    """The complainers and the silent of a study under a definition; `customers` (0: as the study knows) is the cap.

    The cap is the number of customers who were there in the window, without a table of them the study's `population:`.
    `known` is complaints.rate() of this definition and wave, `found` its complainers(), for who has computed them
    before. Raises CxError as complaints.complainers(), complaints.rate() and iceberg.silent().
    """
    found = complainers(study, definition) if found is None else found
    latest = chosen_wave(study, wave) if study.has("survey") else None
    if not customers:
        here = number_in(study, definition.start, definition.end)
        customers = study.book.population if here is None else here
    hidden, few = None, _too_few(study, definition, latest)
    if found.few:
        known = None
    elif not definition.undeclared and few is None:
        known = known or rate(study, definition, latest)
        hidden = silent(len(found), known, customers=customers, confidence=confidence)
    return Silence(study, definition, latest, found, customers, known, hidden, confidence, few)


def _too_few(study, definition: Definition, wave: str | None) -> int | None:
    """How many unhappy respondents a part of a study has, where they are too few for a rate from the survey."""
    if study.part is None or definition.rate != SURVEY or definition.undeclared or not study.has("survey"):
        return None
    answers = flags(study, definition, wave)
    unhappy = int(((answers["_unhappy"] == 1) & answers["_complained"].notna()).sum())
    return unhappy if unhappy < study.book.minimum_base else None


def confident(case: Silence, confidence: float) -> Silence:
    """The same case at another confidence; errors as silence()."""
    if case.silent is None:
        return replace(case, confidence=confidence)
    how = {"customers": case.customers, "confidence": confidence}
    hidden = read_off(case.distribution, len(case.complainers), case.rate, **how)
    return replace(case, silent=hidden, confidence=confidence)


def evidence(case: Silence, *, only: Iterable[str] = ()) -> pd.DataFrame:
    """What each published rate (those of `only`, where they are named), and the study's own, would mean for the study's
    complainers.

    Columns: name, anchor (label), own, rate (percent), estimate (median silent), low, high, nobody (told nobody, where
    it was published), behind_ten (silent behind 10 complainers, plug-in), country, year, problem, base, source. A rate
    that the number of customers rules out has no estimate; of 1 to 4 complainers no rate has one.
    """
    rows, own, count = [], case.rate, len(case.complainers)
    few = case.complainers.few
    for anchor in (ANCHORS[name] for name in only or ANCHORS):
        about = {
            "name": anchor.name,
            "anchor": anchor.label,
            "own": False,
            "rate": 100 * anchor.rate,
            "behind_ten": EXAMPLE * (1 / anchor.rate - 1),
        }
        if anchor.nobody is not None and not few:
            about["nobody"] = count * anchor.silent_to_all_per_complainer
        about |= {key: getattr(anchor, key) for key in ("country", "year", "problem", "base", "source")}
        found = {} if few else _limits(count, anchored(anchor.name), case.customers, case.confidence)
        rows.append(about | found)
    if own is not None:
        about = {
            "name": "own",
            "anchor": noted("This study"),
            "own": True,
            "rate": 100 * own.value,
            "source": own.method,
            "base": tr_n("{n} unhappy respondent", "{n} unhappy respondents", own.n) if own.n else tr("not a survey"),
            "behind_ten": EXAMPLE * (1 / own.value - 1) if own.value > 0 else np.inf,
        }
        rows.append(about | dict(zip(LIMITS, (case.silent.value, case.silent.low, case.silent.high), strict=True)))
    columns = ["name", "anchor", "own", "rate", *LIMITS, "nobody", "behind_ten", "country", "year", "problem"]
    frame = pd.DataFrame(rows).reindex(columns=[*columns, "base", "source"])
    return frame.sort_values("rate", ignore_index=True).assign(unit="count")


def _limits(complainers: int, rate: ComplaintRate, customers: int | None, confidence: float) -> dict[str, float]:
    try:
        found = silent(complainers, rate, customers=customers, confidence=confidence)
    except CxError:  # more unhappy customers than there are customers
        return dict.fromkeys(LIMITS, np.nan)
    return {"estimate": found.value, "low": found.low, "high": found.high}


def chosen_segments(study, segments: str = "") -> list[str]:
    """The segments named in a comma-separated list, else those of `iceberg:`.

    All must be known of respondents and of customers. Raises CxError for a segment that one of the two tables lacks.
    """
    names = [name.strip() for name in segments.split(",") if name.strip()] or list(study.book.iceberg.segments)
    if not names:
        return []
    tables = [table for table in ("survey", "customers") if study.has(table)]
    known = [
        n for n in study.questions("segment", tables[0]) if all(n in study.questions("segment", t) for t in tables)
    ]
    for name in names:
        if name not in known or len(tables) < 2:
            raise CxError(
                f"a segment of the silent must be known of respondents and of customers; {name} is not; those that "
                f"are: {', '.join(known) or 'none'}{nearest(name, known)}"
            )
    if "customer" not in study.book.tables["customers"].keys:
        raise CxError(
            f"{study.file}: the table customers must say which column names the customer, e.g. `customer: id`"
        )
    return names


def by_segment(case: Silence, segments: list[str]) -> pd.DataFrame:
    """Complaint rate and silent customers in each group of each segment, before and after partial pooling.

    Columns: segment, name, group, complainers, n (unhappy respondents), n_effective, raw, raw_low, raw_high, rate,
    rate_low, rate_high (pooled), overall (all percent), shrinkage, estimate, low, high (silent, with the pooled rate),
    raw_silent, customers, unplaced (complainers of no group), method, unit. A segment is pooled by itself. Groups in
    which no respondent was unhappy are left out, and segments with fewer than two others. No rows unless the rate is
    the survey's. Of groups with 1 to 4 complainers, and others that would tell these, no count or silent customers.
    """
    if case.rate is None or case.definition.rate != "survey":
        return pd.DataFrame()
    frames = [_segment(case, segment) for segment in segments]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _segment(case: Silence, segment: str) -> pd.DataFrame:
    study, definition = case.study, case.definition
    own = survey_rates(study, definition, case.wave, segment)
    groups = [group for group in study.levels(segment, "customers") if group in own]
    if len(groups) < 2:
        return pd.DataFrame()
    x, n = ([getattr(own[group], name) for group in groups] for name in ("complained", "n_effective"))
    pooled = pool(pd.DataFrame({"group": groups, "x": x, "n": n}), confidence=case.confidence)
    here, who = customers_in(study, definition.start, definition.end), case.complainers.frame["complainer"]
    customers = here[segment].astype(object).value_counts().reindex(groups, fill_value=0)
    customers = (customers * large_counts.times(study, "customers")).round()
    if large_counts.is_sample(study, "customers"):  # a complainer need not be in the sample
        dates = [column for column in ("since", "left") if column in here]
        known = large_counts.customers_of(study, who, [segment, *dates])
        here = there_in(known, definition.start, definition.end)
    placed = who.map(here.set_index("customer")[segment].astype(object))
    complained = placed.value_counts().reindex(groups, fill_value=0)
    rows = [
        _group(pooled, own[group], row, int(complained[group]), int(customers[group]), case.confidence)
        for group, row in zip(groups, pooled.frame.to_dict("records"), strict=True)
    ]
    told = {"segment": study.label(segment), "name": segment, "overall": 100 * sum(x) / sum(n)}
    unplaced = len(case.complainers) - int(complained.sum())
    out = in_list([*complained, unplaced])
    frame = pd.DataFrame(rows).assign(**told, unplaced=np.nan if out[-1] else unplaced, unit="count")
    return withhold(frame, out[:-1], ["complainers", "raw_silent", *LIMITS])


def _group(
    pooled: Pooled, own: ComplaintRate, row: dict, complainers: int, customers: int, confidence: float
) -> dict[str, float]:
    """One group's rates and silent customers."""
    rate = pooled.rates[row["group"]]
    known = {"group": row["group"], "complainers": complainers, "customers": customers, "n": own.n}
    known |= {key: row[key] for key in ("raw", "raw_low", "raw_high", "shrinkage")} | {"n_effective": own.n_effective}
    known |= {"rate": row["estimate"], "rate_low": row["low"], "rate_high": row["high"], "method": rate.method}
    most = max(customers, complainers)
    known |= _limits(complainers, rate, most, confidence)
    return known | {"raw_silent": _limits(complainers, own, most, confidence)["estimate"]}


def readings(case: Silence) -> pd.DataFrame:
    """The silent read as median, plug-in and mean, and what each is good for; no rows without an estimate."""
    if case.silent is None:
        return pd.DataFrame()
    found = case.silent
    rows = [
        (noted("Median"), found.value, noted("as likely too high as too low: the number to print")),
        (
            noted("Plug-in"),
            found.plug_in,
            noted("complainers x (1 / rate - 1): the usual arithmetic, with no interval"),
        ),
        (noted("Mean"), found.mean, noted("complainers x E[1 / rate - 1], for sums of money; above the median")),
    ]
    return pd.DataFrame(rows, columns=["reading", "estimate", "use"]).assign(unit="count")


def monthly(case: Silence) -> pd.DataFrame:
    """The control chart of distinct complainers per 1,000 customers by month, of the severities and channels declared,
    over all months that the complaints table covers; no rows where dates or customers lack.

    Nor where a month has 1 to 4 complainers (there is then a column WITHHELD): mean and limits would tell them.
    """
    study = case.study
    if not study.has("customers") or not {"since", "left"} <= set(study.table("customers")):
        return pd.DataFrame()
    if "when" not in study.table("complaints"):
        return pd.DataFrame()
    first, last = study.total.table("complaints")["when"].agg(["min", "max"])
    if not last - first >= LEAST_PERIODS * pd.Timedelta(days=28):
        return pd.DataFrame()
    rows = complainers(study, replace(case.definition, start=None, end=None)).rows
    months = by_month(rows, study.table("customers"), start=str(first.date()), end=str(last.date()))
    months["base"] = (months["base"] * large_counts.times(study, "customers")).round().astype(int)
    if len(months) < LEAST_PERIODS or not months["count"].sum() or not months["base"].all():
        return pd.DataFrame()
    if small(months["count"]).any():
        return pd.DataFrame(columns=[WITHHELD])
    return control_chart(months, count="count", base="base", period="period").assign(
        unit="rate", outside=lambda chart: np.where(chart["out"], noted("yes"), "")
    )


def unseen(case: Silence) -> pd.DataFrame:
    """Complainers whom no channel recorded, by capture and recapture between the two channels that share most of them.

    Columns: first, second, n_first, n_second, both, estimate (all complainers), low, high, se, n, n_effective, method,
    unit; odds_ratio, odds_low, odds_high, third where a third channel tells whether the two are independent (else nan).
    No rows with fewer than two channels, or with nobody in both; nor where 1 to 4 are in both, in one of them alone or
    in neither (there is then a column WITHHELD). No odds ratio is told of 1 to 4 in any of its cells.
    """
    rows = case.complainers.rows
    if "channel" not in rows or rows["channel"].nunique() < 2:
        return pd.DataFrame()
    channels = list(rows.groupby("channel")["complainer"].nunique().sort_values(ascending=False, kind="stable").index)
    seen = linked(rows, channels)
    shared = {pair: int((seen[pair[0]] & seen[pair[1]]).sum()) for pair in combinations(channels, 2)}
    pair = max(shared, key=shared.get)
    both, channels = shared[pair], [*pair, *(channel for channel in channels if channel not in pair)]
    if not both:
        return pd.DataFrame()
    first, second = (seen[channel] for channel in pair)
    cells = [both, int(first.sum()) - both, int(second.sum()) - both]
    if small([*cells, len(case.complainers) - sum(cells)]).any():
        return pd.DataFrame(columns=[WITHHELD])
    found = recapture(int(first.sum()), int(second.sum()), both, confidence=case.confidence)
    row = {"first": channels[0], "second": channels[1], "n_first": int(first.sum()), "n_second": int(second.sum())}
    row |= {"both": both} | found.to_dict() | {"odds_ratio": np.nan, "odds_low": np.nan, "odds_high": np.nan}
    if len(channels) > 2:
        test = independence(seen[channels[:3]], confidence=case.confidence).iloc[0]
        there = seen[channels[2]]
        if not small(pd.crosstab(first[there], second[there]).to_numpy()).any():
            row |= {"odds_ratio": test["odds_ratio"], "odds_low": test["low"], "odds_high": test["high"]}
        row |= {"third": channels[2]}
    return pd.DataFrame([row]).rename(columns={"value": "estimate"}).drop(columns="name")
