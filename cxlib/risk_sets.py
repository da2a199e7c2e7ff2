"""Who is at risk of leaving at each time, who leaves then, who is last seen, who enters: what curves are made of."""

import numpy as np
import pandas as pd

from cxlib.counts import as_list, tally
from cxlib.errors import CxError

# Times that differ by less than this part of their mean are one: 0.1 + 0.2 months is 0.3 months.
SAME = 1e-9
# Names that a column of groups cannot have, since the results have columns of these names.
TAKEN = {"time", "estimate", "low", "high", "se", "at_risk", "events", "censored", "entered", "n", "n_effective"}
TAKEN |= {"left_out", "gap", "method", "left", "followed", "begins", "horizon"}


def observed(frame, duration, event, *, entry=None, by=None, counts=None, start=None, also=()) -> tuple:
    """The customers in use as a tally (the groups, the columns of `also`, _at, _left, _since, _n), and the number left
    out for a missing value.

    Without `entry` and `start`, _since is -inf. Arguments and errors as survival.survival().
    """
    taken = sorted(TAKEN & set(as_list(by)))
    if taken:
        raise CxError(f"no column of groups may be called {taken[0]}: the result has one of that name; rename it")
    numbers = [duration, event, *as_list(entry), *also]
    keys = list(dict.fromkeys([*as_list(by), *numbers]))
    table = tally(frame, event, by=keys, weights=counts)
    for name in numbers:
        if table[name].notna().any() and not pd.api.types.is_numeric_dtype(table[name]):
            raise CxError(f"times and events are numbers; column {name} holds {table[name].dropna().iloc[0]}")
    there = table[keys].notna().all(axis=1) & (table["w"] > 0)
    left_out = round(table["w"].sum() - table["w"][there].sum())
    if not there.any():
        raise CxError(f"a curve needs customers with {', '.join(keys)}; none of {left_out:,} has all of them")
    table = table[there].reset_index(drop=True)
    since = table[entry] if entry else pd.Series(-np.inf, table.index)
    named = {"_at": table[duration], "_left": table[event], "_since": since, "_n": table["w"]}
    table = table.assign(**{name: column.astype(float) for name, column in named.items()})
    _check(table, duration, event, entry, counts)
    if start is not None:
        if not (np.isfinite(start) and (table["_at"] > start).any()):
            last = table["_at"].max()
            raise CxError(f"a curve starts while some are there; the last was seen at {last:g}, start is {start:g}")
        table = table[table["_at"] > start].assign(_since=table["_since"].clip(lower=start))
    for name in as_list(by):
        # In the order that the frame declares, where it declares one.
        if isinstance(frame, pd.DataFrame) and isinstance(frame[name].dtype, pd.CategoricalDtype):
            order = [str(category) for category in frame[name].cat.categories]
            table[name] = pd.Categorical(table[name], categories=order, ordered=True)
    return table, left_out


def _check(table: pd.DataFrame, duration, event, entry, counts) -> None:
    """Raise a CxError for events, times, numbers of customers and entries that cannot be."""
    at, n = table["_at"], table["_n"]
    bad = ~table["_left"].isin([0, 1])
    if bad.any():
        found = f"{n[bad].sum():.0f} hold something else, e.g. {table['_left'][bad].iloc[0]:g}"
        raise CxError(f"{event} is 1 for who left and 0 for who did not; {found}")
    bad = at < 0
    if bad.any():
        raise CxError(f"times are 0 or more; {n[bad].sum():.0f} in {duration} are not, e.g. {at[bad].iloc[0]:g}")
    bad = n % 1 != 0
    if bad.any():
        raise CxError(f"{counts} holds whole numbers of customers; {bad.sum()} are not, e.g. {n[bad].iloc[0]:g}")
    bad = table["_since"] >= at - SAME * at.mean()
    if entry and bad.any():
        row = table[bad].iloc[0]
        raise CxError(
            f"customers enter before they leave; {n[bad].sum():.0f} do not, e.g. {entry} {row['_since']:g}, {duration} "
            f"{row['_at']:g}"
        )


def check_confidence(confidence: float) -> None:
    """Raise a CxError for a confidence that is none, such as 95."""
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")


def risk_sets(rows: pd.DataFrame, times: np.ndarray | None = None) -> pd.DataFrame:
    """At each of the times (default: all at which somebody leaves, is last seen or enters, and 0 where nobody enters
    late): time, at_risk (entered before it and not gone before it), events, censored, entered."""
    at, left, since, n = (rows[name].to_numpy() for name in ("_at", "_left", "_since", "_n"))
    late = np.isfinite(since)
    if times is None:
        times = np.unique(np.concatenate([at, since[late], [] if late.any() else [0.0]]))
        times = times[np.diff(times, prepend=-np.inf) > SAME * np.abs(times).mean()]

    def total(when, numbers) -> np.ndarray:
        return np.bincount(places(times, when), numbers, len(times))

    events, censored = total(at, n * left), total(at, n * (1 - left))
    entered = total(since[late], n[late])
    # Counted from the end, so that the last at risk are exactly those who go then, whatever they weigh.
    at_risk = np.cumsum((events + censored - entered)[::-1])[::-1]
    counts = {"at_risk": at_risk, "events": events, "censored": censored, "entered": entered}
    return pd.DataFrame({"time": times, **counts})


def remaining(sets: pd.DataFrame) -> pd.Series:
    """Who is at risk just after each time."""
    return sets["at_risk"] - sets["events"] - sets["censored"] + sets["entered"]


def places(times: np.ndarray, when) -> np.ndarray:
    """The place of the last of the times that is not after `when`; -1 where there is none."""
    return np.searchsorted(times, when + SAME * np.abs(times).mean(), side="right") - 1


def each_group(table: pd.DataFrame, by: list[str]) -> list:
    """(the group's names by column, its rows) for every group, in order; one without names where `by` is empty."""
    if not by:
        return [({}, table)]
    groups = table.groupby(by, sort=True, observed=True)
    return [(dict(zip(by, names, strict=True)), rows) for names, rows in groups]


def groups_of(curves: pd.DataFrame) -> list[str]:
    """The columns of groups of a frame of survival.survival()."""
    if not {"time", "at_risk", "entered"} <= set(curves):
        raise CxError(f"this takes the frame that survival() returns; found the columns {', '.join(curves)}")
    return list(curves.columns[: curves.columns.get_loc("time")])
