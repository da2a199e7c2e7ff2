"""Shares of drivers and those of bootstrap samples, from which intervals and ranks are read at any confidence."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from cxlib.corrections import adjust
from cxlib.errors import CxError

COLUMNS = ["estimate", "low", "high", "se", "rank", "rank_low", "rank_high", "percent", "percent_low", "percent_high"]
COLUMNS += ["r_squared", "r_squared_low", "r_squared_high", "n", "n_weighted", "n_effective"]
COLUMNS += ["never_used", "blank", "method"]


@dataclass(frozen=True)
class Drawn:
    """The shares of the drivers (0 to 1), in each bootstrap sample as well (samples x drivers; None without any).

    `df` are the degrees of freedom of the design, `bases` the columns that no confidence changes, by name.
    """

    drivers: list[str]
    shares: np.ndarray
    samples: np.ndarray | None
    df: float
    bases: dict

    def at(self, confidence: float) -> pd.DataFrame:
        """The frame of importance(). Raises CxError for a confidence outside 0-1."""
        if not 0 < confidence < 1:
            raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
        found = _numbers(self.shares, self.samples, self.df, confidence) | self.bases
        return pd.DataFrame(found, index=pd.Index(self.drivers, name="driver"))[COLUMNS]


def _numbers(shares: np.ndarray, drawn: np.ndarray | None, df: float, confidence: float) -> dict:
    """The columns of numbers, of the shares and those of the bootstrap samples; nan where there are none."""
    total, size = shares.sum(keepdims=True), len(shares)
    part = shares / total if total > 0 else np.full(size, 1 / size)
    found = {"estimate": shares, "percent": 100 * part, "r_squared": np.repeat(total, size)}
    found["rank"] = 1 + (shares[None, :] > shares[:, None]).sum(axis=1)
    if drawn is None:
        return found | dict.fromkeys(set(COLUMNS[:-5]) - set(found), np.nan)
    # Quantiles as far out as Student's t, for designs of few clusters.
    tail, totals = special.ndtr(special.stdtrit(df, (1 - confidence) / 2)), drawn.sum(axis=1, keepdims=True)
    found["se"] = drawn.std(axis=0)
    found["low"], found["high"] = _bounds(shares, drawn, tail)
    with np.errstate(invalid="ignore"):
        parts = np.nan_to_num(drawn / totals, nan=1 / size)
    found["percent_low"], found["percent_high"] = 100 * _bounds(part, parts, tail)
    # R squared itself is biased upwards, too, by as much as the samples add to it.
    found["r_squared_low"], found["r_squared_high"] = np.repeat(_bounds(total, totals, tail, shifts=2), size, axis=1)
    found["rank_low"], found["rank_high"] = _ranks(shares, drawn, df, confidence)
    return found


def _bounds(value: np.ndarray, drawn: np.ndarray, tail: float, *, shifts: int = 1) -> np.ndarray:
    """Low and high of each value: quantiles of the samples, moved by their bias `shifts` times, within 0 and 1.

    Shares cannot be negative, so that chance adds to small ones, and to those of bootstrap samples once more. Moved
    once, the samples lie about the estimate, and a driver that explains nothing has an interval from 0.
    """
    bias = drawn.mean(axis=0) - value
    # Between Weibull's quantiles lies what is promised, on average; between the usual ones, less.
    return np.clip(np.quantile(drawn, [tail, 1 - tail], axis=0, method="weibull") - shifts * bias, 0.0, 1.0)


def _ranks(shares: np.ndarray, drawn: np.ndarray, df: float, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest rank that a driver may have, given which others are significantly above and below.

    Of each difference from the driver only one sign would be wrong, so that the tests are one-sided; Holm's correction
    lets none of them be wrong with `confidence`.
    """
    difference = shares[None, :] - shares[:, None]
    se = np.array([(drawn - drawn[:, [j]]).std(axis=0) for j in range(len(shares))])
    with np.errstate(invalid="ignore", divide="ignore"):
        p = special.stdtr(df, -np.abs(difference) / se)
    told = adjust(p, "holm") <= 1 - confidence
    return 1 + (told & (difference > 0)).sum(axis=1), len(shares) - (told & (difference < 0)).sum(axis=1)
