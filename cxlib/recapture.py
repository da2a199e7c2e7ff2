"""How many complained in all, from two channels that each recorded some of them.

Of the complainers in one channel, the share that the other recorded as well is the other's share of all complainers:
capture and recapture, as animals are counted. It holds as far as the two channels record independently; a third
channel, where there is one, puts that to the test.
"""

import numpy as np
import pandas as pd
from scipy import optimize, special

from cxlib.compare import verdict
from cxlib.counts import as_list
from cxlib.errors import CxError, nearest
from cxlib.estimate import Estimate
from cxlib.language import noted, tr

ASSUMPTION = noted(
    "the two channels record independently, everybody has the same chance in a channel, links are right, nobody joins "
    "or leaves"
)
# With fewer in both channels Chapman's estimate is biased downwards. Source: Seber (1982), section 3.1.
FEW = 7


def recapture(first, second, both, *, confidence=0.95) -> Estimate:
    """All complainers, recorded or not, from the numbers of distinct ones in two channels and in both: Chapman's
    (first + 1)(second + 1) / (both + 1) - 1.

    The interval is log-normal on the unseen, N less the M distinct seen, so that it never falls below M; n and
    n_effective are M. Where a channel adds nobody to the other, no unseen are estimated and the formula's error would
    be 0: se is nan, and high is the greatest N at which so many in both have a chance of (1 - confidence) / 2.
    By simulation of 95% intervals, of the samples with anybody in both 94-95% hold the truth where 15 or more are
    expected in both, 93% where 8, 91% where 4, 86% where 2 and 67% where 1 (else too low; `method` says so below 7 in
    both), and 85-91% where only 2 to 5 are expected to be unseen. Channels that attract the same people make the
    estimate too low, channels that replace each other too high: no interval covers that.
    Raises CxError for numbers that are not whole and 0 or more, more in both than in a channel, nobody in a channel,
    and nobody in both, when any number could be unseen.
    Sources: Chapman, University of California Publications in Statistics 1 (1951) 131-160; variance: Seber, The
    Estimation of Animal Abundance (1982), section 3.1; interval: Chao, Biometrics 43 (1987) 783-791.
    """
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    first, second, both = (_whole(n, name) for n, name in ((first, "first"), (second, "second"), (both, "both")))
    if both > min(first, second):
        raise CxError(
            f"who is in both channels is in each of them; found {both:,.0f} in both, {first:,.0f} in the first and "
            f"{second:,.0f} in the second"
        )
    if min(first, second) == 0:
        raise CxError(f"both channels need complainers; found {first:,.0f} in the first, {second:,.0f} in the second")
    if both == 0:
        raise CxError(
            f"nobody is in both channels ({first:,.0f} and {second:,.0f} complainers), so nothing tells how many are "
            "in neither"
        )
    seen = first + second - both
    unseen = (first - both) * (second - both) / (both + 1)
    if unseen:
        se = np.sqrt((first + 1) * (second + 1) * (first - both) * (second - both) / (both + 2)) / (both + 1)
        # The published intervals are made with three decimals of the critical value: 1.960 for 95%.
        z = np.round(special.ndtri(0.5 + confidence / 2), 3)
        factor = np.exp(z * np.sqrt(np.log1p((se / unseen) ** 2)))
        low, high, how = seen + unseen / factor, seen + unseen * factor, tr("log-normal interval")
    else:
        se, low, high = np.nan, seen, _highest(max(first, second), both, (1 - confidence) / 2)
        how = tr("exact upper limit, as one channel adds nobody to the other")
    method = tr("Chapman; {interval}; assumes that {assumption}", interval=how, assumption=tr(ASSUMPTION))
    if both < FEW:
        method += "; " + tr("only {both} in both: likely to be too low", both=f"{both:.0f}")
    return Estimate(tr("All complainers"), seen + unseen, low, high, se, seen, seen, "count", confidence, method)


def _whole(value, name: str) -> float:
    number = float(value) if isinstance(value, int | float | np.number) else np.nan
    if not (number >= 0 and number % 1 == 0):
        raise CxError(f"complainers must be whole numbers of 0 or more; found {value!r} ({name})")
    return number


def _highest(many: float, few: float, chance: float) -> float:
    """The greatest N of whom `many` are in one channel and, with that chance, all `few` of the other as well."""

    def log_ways(n):  # to choose the few from n
        return -np.log1p(n) - special.betaln(n - few + 1, few + 1)

    def excess(n):
        return log_ways(many) - log_ways(n) - np.log(chance)

    return optimize.brentq(excess, many, many * chance ** (-1 / few) + 1)


def linked(complaints: pd.DataFrame, channels, *, complainer="complainer", channel="channel") -> pd.DataFrame:
    """Who was recorded where: a row a complainer (the index), a column of True and False for each of the `channels`.

    Complainers are linked by the study's key, so that several complaints in a channel are one True; who was in none
    of the channels has no row. Complaints without a complainer or channel link to nothing and are left out, which
    does no harm as long as keys are missing by chance: the channel is then one that records fewer.
    Raises CxError for unknown columns and channels, and for fewer than two channels or one named twice.
    """
    for column in (complainer, channel):
        if column not in complaints:
            raise CxError(f"there is no column {column} in the table{nearest(column, complaints.columns)}")
    channels, known = as_list(channels), list(complaints[channel].dropna().unique())
    if len(channels) < 2 or len(set(channels)) < len(channels):
        raise CxError(f"linking needs two channels or more, each named once; found {', '.join(channels) or 'none'}")
    for name in channels:
        if name not in known:
            found = ", ".join(map(str, known)) or "none"
            raise CxError(f"there is no channel {name} in the column {channel}{nearest(name, known)} (found: {found})")
    rows = complaints[complaints[complainer].notna() & complaints[channel].isin(channels)]
    people = pd.Index(rows[complainer].drop_duplicates(), name=complainer)
    return pd.DataFrame(
        {name: people.isin(rows.loc[rows[channel] == name, complainer]) for name in channels}, index=people
    )


def independence(seen: pd.DataFrame, *, confidence=0.95) -> pd.DataFrame:
    """Whether the first two of three channels record independently: their odds ratio among those in the third.

    `seen` is a frame as linked() gives it, with three columns of True and False. Of the complainers in the third
    channel it is known who is in both, one or neither of the others; above 1, who is in one is more often in the
    other, and recapture() gives too low a number; below 1, too high a one. What holds in the third channel is taken to
    hold outside it.
    One row: first, second, third, odds_ratio (conditional maximum likelihood), low, high (exact, two tails of equal
    chance), p (twice the smaller tail of Fisher's exact test: under 1 - confidence where the interval leaves out 1),
    n (complainers in the third channel), both, neither (of them), and verdict of p: clear, borderline, none, or
    unknown where all or nobody in the third channel is in the first or in the second; odds ratio, limits and p are
    then nan. The odds ratio is 0 or infinite where a cell is empty. No verdict proves independence; the interval
    shows which dependence remains possible.
    Raises CxError unless there are three columns of True and False.
    Sources: Cornfield, Proceedings of the Third Berkeley Symposium 4 (1956) 135-148; Fay, Biostatistics 11 (2010)
    373-374; three lists: Fienberg, Biometrika 59 (1972) 591-603.
    """
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    names = list(seen.columns)
    if len(names) != 3:
        raise CxError(f"independence is tested with three channels; found {len(names)}: {', '.join(map(str, names))}")
    for name, column in seen.items():
        wrong = ~column.isin([True, False])
        if wrong.any():
            shown = column[wrong.to_numpy()].iloc[0]
            raise CxError(f"a channel holds True or False; {wrong.sum()} do not, e.g. {shown} (column {name})")
    one, two, third = (column.to_numpy(bool) for _, column in seen.items())
    table = np.array([[np.sum(third & (one == a) & (two == b)) for b in (True, False)] for a in (True, False)])
    row = dict(zip(("first", "second", "third"), names, strict=True)) | _odds_ratio(table, (1 - confidence) / 2)
    row |= {"n": table.sum(), "both": table[0, 0], "neither": table[1, 1], "verdict": verdict(row["p"])}
    return pd.DataFrame([row])


def _odds_ratio(table: np.ndarray, tail: float) -> dict:
    """The conditional odds ratio of a 2 x 2 table, its exact limits, and p; nan where a row or column is empty."""
    in_one, in_two, n, both = table[0].sum(), table[:, 0].sum(), table.sum(), table[0, 0]
    x = np.arange(max(0, in_one + in_two - n), min(in_one, in_two) + 1.0)  # how many may be in both, given the margins
    if len(x) == 1:
        return dict.fromkeys(("odds_ratio", "low", "high", "p"), np.nan)
    ways = -sum(special.gammaln(cell + 1) for cell in (x, in_one - x, in_two - x, n - in_one - in_two + x))

    def chances(log_ratio: float) -> np.ndarray:
        weight = ways + log_ratio * x
        weight = np.exp(weight - weight.max())
        return weight / weight.sum()

    def solve(statistic: np.ndarray, value: float) -> float:
        # The logarithms of all odds ratios of tables that fit into memory lie within 60 of 0.
        return np.exp(optimize.brentq(lambda log_ratio: statistic @ chances(log_ratio) - value, -60, 60, xtol=1e-12))

    least, most = both == x[0], both == x[-1]
    tails = chances(0.0) @ np.column_stack([x >= both, x <= both])
    return {
        "odds_ratio": 0.0 if least else np.inf if most else solve(x, both),
        "low": 0.0 if least else solve(x >= both, tail),
        "high": np.inf if most else solve(x <= both, tail),
        "p": min(1.0, 2 * tails.min()),
    }
