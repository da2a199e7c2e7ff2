"""What the next wave can see: the smallest true change that is likely to be found, and how many answers it takes.

Both rest on the precision that the study has shown, its own design effect included: the variance of the difference of
two waves is taken as v / n_before + v / n_after, with v from a comparison that was made. That holds where clusters
keep their number of answers, or where the same clusters return (their own level then cancels in a difference).
Source: Bloom, Evaluation Review 19 (1995) 547-556, with the noncentral t distribution instead of his approximation.
"""

import numpy as np
import pandas as pd
from scipy import special

from cxlib.errors import CxError


def multiplier(df, power: float = 0.8, confidence: float = 0.95):
    """How many standard errors a true difference must measure, to be found with that power by a two-sided t test.

    The test's level is 1 - confidence; 2.80 at 80% and 95% with many degrees of freedom. nan where df is not above 0.
    """
    for name, value in (("power", power), ("confidence", confidence)):
        if not 0 < value < 1:
            raise CxError(f"{name} lies between 0 and 1, e.g. 0.8; found {value}")
    if power <= (1 - confidence) / 2:
        raise CxError(f"power must be above half the test's level; found {power} at a confidence of {confidence}")
    df = np.where(np.asarray(df, float) > 0, np.minimum(df, 1e6), np.nan)
    critical = special.stdtrit(df, 0.5 + confidence / 2)
    return special.nctdtrinc(df, 1 - power, critical)


def change(row, *, answers, power=0.8, confidence=0.95) -> pd.DataFrame:
    """The smallest change from the last wave that a next wave of so many answers finds with that power.

    `row` is a row of compare.changes() or before_after.effects(), whose precision and last wave are taken; `answers`
    one or several numbers. Of effects(), the next wave is compared with the same `before`, and answers are those of
    both groups. Columns: answers, detectable (in the metric's unit), se (of the difference), base (answers of the wave
    that is compared with), power, confidence. Raises CxError for a row without a standard error.
    """
    unit, base, df = _precision(row)
    answers = np.atleast_1d(np.asarray(answers, float))
    if not (answers >= 2).all():
        raise CxError(f"a wave needs at least 2 answers; found {answers[~(answers >= 2)][0]:g}")
    se = np.sqrt(unit * (1 / base + 1 / answers))
    found = pd.DataFrame({"answers": answers, "detectable": multiplier(df, power, confidence) * se, "se": se})
    return found.assign(base=base, power=power, confidence=confidence)


def answers_needed(row, *, sees=(1, 2, 3, 5, 10), power=0.8, confidence=0.95) -> pd.DataFrame:
    """How many answers a wave needs to see each true change (in the metric's unit) with that power.

    Columns: sees, answers (of the next wave, compared with the last as it is; infinite where no number would do),
    answers_each (of the next and a last one, were both made anew), base, power, confidence. Arguments as change().
    """
    unit, base, df = _precision(row)
    sees = np.atleast_1d(np.asarray(sees, float))
    if not (sees > 0).all():
        raise CxError(f"a change to be seen is above 0; found {sees[~(sees > 0)][0]:g}")
    allowed = (sees / multiplier(df, power, confidence)) ** 2
    left = allowed / unit - 1 / base
    answers = np.where(left > 0, np.ceil(1 / np.where(left > 0, left, 1.0)), np.inf)
    found = pd.DataFrame({"sees": sees, "answers": answers, "answers_each": np.ceil(2 * unit / allowed)})
    return found.assign(base=base, power=power, confidence=confidence)


def _precision(row) -> tuple[float, float, float]:
    """The variance of a difference that each answer accounts for, the base to compare with, degrees of freedom."""
    row = row.iloc[0] if isinstance(row, pd.DataFrame) else row
    before, after = row["n_before"], row.get("n_after", row["n"])
    if not row["se"] > 0:
        raise CxError("what a wave can see follows from a comparison with a standard error; this one has none")
    return row["se"] ** 2 / (1 / before + 1 / after), float(before if "n_after" in row else after), float(row["df"])
