"""Two levers against the cost of silence, what would flip the conclusion, and which assumption matters most.

More of the unhappy complain, or more complaints are resolved. The first pays only if complaining helps: complainers who
are left dissatisfied may leave more often than silent customers do, and then more complaints lose money.
"""

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.complaint_rate import ComplaintRate
from cxlib.damage import OUTCOMES, UNHAPPY, Damage, lost, split
from cxlib.errors import CxError
from cxlib.language import digits, noted

RATES, LOSSES = (0.25, 0.5, 1.0, 2.0, 4.0), (0.5, 0.75, 1.0, 1.25, 1.5)  # of the present ones, for the two-way table
NAMES = {
    "complain": noted("More of the silent complain"),
    "resolve": noted("More complaints are resolved"),
    "both": noted("Both together"),
}
SAVES, LOSES, EITHER, NEITHER = noted("saves"), noted("loses"), noted("either"), noted("neither")
FLIPS = {
    "rate": noted("Complaint rate above which complainers are the greater loss"),
    "satisfied": noted("Share of satisfied complainers above which more complaints save customers"),
}

INPUTS = {
    "silent": noted("Loss rate, silent"),
    "satisfied": noted("Loss rate, satisfied complainers"),
    "mollified": noted("Loss rate, mollified complainers"),
    "dissatisfied": noted("Loss rate, dissatisfied complainers"),
}


def levers(
    found: Damage | None, *, complain: float = 0.1, resolve: float = 0.1, case_cost: float | None = None
) -> pd.DataFrame:
    """Customers saved by each lever, and by both.

    `complain` is the share of the silent who are brought to complain (with outcomes as now), `resolve` the share of
    mollified and dissatisfied complaints that end satisfied. Columns: lever, label, handled (cases, median), estimate,
    low, high, se (customers saved), saves (share of the distribution in which it saves any), verdict (saves, loses,
    either, or neither for a lever that moves nothing), unit. Where the value of a customer is known also worth,
    worth_low, worth_high: what they bring less `case_cost` a case (before any cost where that is None). No rows without
    a Damage, here and below, nor here and in break_even() where the ends of complaints are `few`. Raises CxError for
    shares outside 0 to 1.
    """
    for name, share in (("complain", complain), ("resolve", resolve)):
        if not 0 <= share <= 1:
            raise CxError(f"a lever moves a share of 0 to 1; found {name} {share}")
    if found is None or found.few:
        return pd.DataFrame()
    rows = []
    for name, (handled, saved) in _moves(found, complain, resolve).items():
        row = {"lever": name, "label": NAMES[name], "handled": float(np.median(handled))} | found.summary(saved)
        row["saves"] = 100 * float((saved > 0).mean())
        earned = None if found.value is None else saved * found.value - handled * (case_cost or 0.0)
        if earned is not None:
            worth = found.summary(earned)
            row |= {"worth": worth["estimate"], "worth_low": worth["low"], "worth_high": worth["high"]}
        low, high = (row["low"], row["high"]) if earned is None else (row["worth_low"], row["worth_high"])
        row["verdict"] = EITHER if low < 0 < high else SAVES if high > 0 else LOSES if low < 0 else NEITHER
        rows.append(row | {"unit": "count"})
    return pd.DataFrame(rows)


def returns(rows: pd.DataFrame) -> pd.DataFrame:
    """What levers() bring, in money: label, estimate, low, high, unit; no rows where the value is not known."""
    if "worth" not in rows:
        return pd.DataFrame()
    money = {"worth": "estimate", "worth_low": "low", "worth_high": "high"}
    return rows[["label", *money]].rename(columns=money).assign(unit="money")


def _moves(found: Damage, complain: float, resolve: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Cases handled and customers saved by each lever."""
    losses, customers = found.losses, found.customers
    moved = complain * customers["silent"]
    now = sum(found.outcomes[fate] * losses[fate] for fate in OUTCOMES)
    better = {fate: found.outcomes[fate] * (1 - resolve) for fate in ("mollified", "dissatisfied")}
    better["satisfied"] = 1 - better["mollified"] - better["dissatisfied"]
    then = sum(better[fate] * losses[fate] for fate in OUTCOMES)
    cases = resolve * (customers["mollified"] + customers["dissatisfied"])
    kept = resolve * sum(customers[f] * (losses[f] - losses["satisfied"]) for f in ("mollified", "dissatisfied"))
    return {
        "complain": (moved, moved * (losses["silent"] - now)),
        "resolve": (cases, kept),
        "both": (moved + cases, kept + moved * (losses["silent"] - then)),
    }


def break_even(found: Damage | None) -> pd.DataFrame:
    """Where the conclusions flip: columns flip (rate, satisfied), what, estimate, low, high, se (percent), now, above,
    unit.

    The complaint rate above which complainers are the greater loss, and the share of satisfied complainers above which
    more complaints save customers (mollified and dissatisfied in their present proportion); outside 0 to 100% the
    conclusion never flips. `above` is the chance, in percent, that the present rate or share lies above it. A ratio
    whose denominator may be 0 has no interval: no row where nobody is lost, nor where satisfied complainers are not
    known to leave less than the others.
    """
    if found is None or found.few:
        return pd.DataFrame()
    losses, shares = found.losses, found.outcomes
    of_complainer = sum(shares[fate] * losses[fate] for fate in OUTCOMES)
    rest = shares["mollified"] + shares["dissatisfied"]
    of_rest = (shares["mollified"] * losses["mollified"] + shares["dissatisfied"] * losses["dissatisfied"]) / rest
    either, gap = losses["silent"] + of_complainer, of_rest - losses["satisfied"]
    rate = found.complainers / (found.complainers + found.customers["silent"])
    flips = {"rate": (losses["silent"], either, rate)}
    flips["satisfied"] = (of_rest - losses["silent"], gap, shares["satisfied"])
    rows = []
    for flip, (part, whole, now) in flips.items():
        if np.quantile(whole, (1 - found.confidence) / 2) > 0:
            points = part / whole
            row = {"flip": flip, "what": FLIPS[flip]} | found.summary(100 * points)
            row |= {"now": 100 * float(np.median(now)), "above": 100 * float((now > points).mean())}
            rows.append(row | {"unit": "percent"})
    return pd.DataFrame(rows)


def one_way(found: Damage | None, rate: ComplaintRate) -> pd.DataFrame:
    """Customers lost with each input at either end of its interval and all others in the middle, the widest first.

    Columns: input, low_text, high_text (the input there), at_low, at_high (customers lost), swing, total. Where the
    ends of complaints are `few`, their loss rates are none of the inputs.
    """
    if found is None:
        return pd.DataFrame()
    middle = {fate: float(np.median(found.losses[fate])) for fate in UNHAPPY}
    customers = {fate: float(np.median(found.customers[fate])) for fate in UNHAPPY}
    total = sum(lost(customers, middle).values())
    tail = (1 - found.confidence) / 2
    low, high = np.quantile(found.customers["silent"], [tail, 1 - tail])
    rest = total - customers["silent"] * middle["silent"]
    if rate.known:
        name, texts = noted("Silent customers (chance alone)"), (text.number(low), text.number(high))
        ends = (low, high)
    else:
        # A low rate leaves many silent.
        name = noted("Complaint rate")
        texts = tuple(text.number(100 * rate.quantile(q), "percent") for q in (tail, 1 - tail))
        ends = (high, low)
    rows = [(name, *texts, *(rest + s * middle["silent"] for s in ends))]
    for fate, label in INPUTS.items():
        if found.few and fate != "silent":
            continue
        ends = np.quantile(found.losses[fate], [tail, 1 - tail])
        values = [total + customers[fate] * (end - middle[fate]) for end in ends]
        rows.append((label, *(text.number(100 * end, "percent") for end in ends), *values))
    frame = pd.DataFrame(rows, columns=["input", "low_text", "high_text", "at_low", "at_high"])
    frame = frame.assign(swing=(frame["at_high"] - frame["at_low"]).abs(), total=total, unit="count")
    return frame.sort_values("swing", ascending=False, kind="stable", ignore_index=True)


def two_way(found: Damage | None, rate: ComplaintRate) -> pd.DataFrame:
    """Customers lost by complaint rate and loss rate of the silent, both from a part to a multiple of the present ones.

    Columns: row (loss rate of the silent), column (complaint rate), value, here (the present assumptions). Rates that
    would pass 100% are left out; no more customers are silent than there are.
    """
    if found is None:
        return pd.DataFrame()
    shares = {fate: float(np.median(found.outcomes[fate])) for fate in OUTCOMES}
    shares = {fate: share / sum(shares.values()) for fate, share in shares.items()}
    losses = {fate: float(np.median(found.losses[fate])) for fate in UNHAPPY}
    now = rate.value if rate.value > 0 else rate.mean
    cells = []
    for loss in dict.fromkeys(part * losses["silent"] for part in LOSSES):
        for share in (part * now for part in RATES):
            if loss > 1 or share > 1:
                continue
            customers = split(found.complainers / share, share, shares)
            customers["silent"] = min(customers["silent"], np.inf if found.most is None else found.most)
            value = sum(lost(customers, losses | {"silent": loss}).values())
            here = share == now and loss == losses["silent"]
            cells.append((digits(f"{100 * loss:.3g}%"), digits(f"{100 * share:.3g}%"), value, here))
    return pd.DataFrame(cells, columns=["row", "column", "value", "here"]).assign(unit="count")
