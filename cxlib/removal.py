"""What a touchpoint is worth on the way to the purchase: the removal effect in a first-order Markov chain."""

from itertools import groupby, pairwise

import numpy as np
import pandas as pd
from scipy import sparse

from cxlib.contact_log import Journeys, places
from cxlib.errors import CxError, nearest
from cxlib.language import digits, tr
from cxlib.path_shapes import shapes

NUMBERS = 2**22  # at once


def removal_effect(
    log: Journeys, drawn_map: pd.DataFrame, *, purchase=None, samples=1000, seed=0, confidence=0.95
) -> pd.DataFrame:
    """The share of purchases that would be lost without a touchpoint, were its visitors to stop there; percent.

    A journey is a chain from the start over the touchpoints visited (in any channel, runs being one visit) to the
    purchase, or to nothing; it reaches the purchase with the first contact at the stage `purchase` (default: the last
    stage of the map's phase "during"), and what comes after it does not count. Without a touchpoint, all transitions to
    it lead to nothing. The chain knows only the touchpoint before: an effect is an association, not what an experiment
    would find. Journeys that may go on are left out, as in shapes().

    Columns: touchpoint, stage (of the map, else of the log), customers (who visited it before the purchase), estimate,
    low, high (percentiles of `samples` bootstrap samples of customers), se, n (journeys), n_effective, attributed (the
    effects made to add up to 100), reached (percent of the journeys that reach the purchase), purchase. The greatest
    effect first. Raises CxError where no stage is named, for a stage that the map lacks, and where nobody reaches it.
    Sources: Anderl, Becker, von Wangenheim and Schumann, International Journal of Research in Marketing 33 (2016)
    457-474; Kemeny and Snell, Finite Markov Chains (1960), 43-50 (absorbing chains).
    """
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    purchase = _purchase(drawn_map, purchase)
    key = ("removal", purchase, samples, seed)
    frame, drawn = log.once(key, lambda: _removed(log, purchase, samples, seed))
    tail = (1 - confidence) / 2
    low, high = np.nanquantile(drawn, [tail, 1 - tail], axis=0)
    frame = frame.assign(low=100 * low, high=100 * high)
    method = tr(
        "first-order Markov chain; percentiles of {samples} bootstrap samples of customers",
        samples=digits(f"{samples:,}"),
    )
    frame = frame.assign(unit="percent", method=method)
    return frame.sort_values(["estimate", "touchpoint"], ascending=[False, True], ignore_index=True)


def _removed(log: Journeys, purchase: str, samples: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """The table of removal_effect() but for its limits, in the order of the names; and the effects in the samples."""
    counts, stage_of = {}, {}
    for path, customers in shapes(log, level="touchpoint").itertuples(index=False):
        end = next((i for i, (stage, _) in enumerate(path) if stage == purchase), None)
        for stage, touchpoint in path[:end]:
            stage_of.setdefault(touchpoint, stage)
        key = (tuple(name for name, _ in groupby(touchpoint for _, touchpoint in path[:end])), end is not None)
        counts[key] = counts.get(key, 0) + int(customers)
    names, n = sorted(stage_of), np.array(list(counts.values()))
    reached = sum(customers for (_, bought), customers in counts.items() if bought)
    if not reached:
        raise CxError(f"a removal effect needs customers who reach {purchase}; none of {n.sum():,} does")
    if not names:
        raise CxError(f"a removal effect needs contacts before {purchase}; all {n.sum():,} journeys begin there")
    chains = _transitions_of(list(counts), names)
    effects = removal_effects((n @ chains).reshape(1, len(names) + 1, -1))[0]
    drawn = _bootstrap(chains, n, len(names), samples, seed)
    visited = [sum(c for (path, _), c in counts.items() if name in path) for name in names]
    frame = pd.DataFrame({"touchpoint": names, "stage": [stage_of[name] for name in names], "customers": visited})
    numbers = {"estimate": 100 * effects, "low": np.nan, "high": np.nan, "se": 100 * np.nanstd(drawn, axis=0, ddof=1)}
    frame = frame.assign(
        **numbers, n=int(n.sum()), n_effective=float(n.sum()), attributed=100 * effects / effects.sum()
    )
    return frame.assign(reached=100 * reached / n.sum(), purchase=purchase), drawn


def removal_effects(counts: np.ndarray) -> np.ndarray:
    """1 less the chance of absorption without each state over the chance with it, of chains given as counts.

    `counts` is R x (K + 1) x (K + 2): transitions from the start and K states (rows) to the K states, to conversion and
    to nothing. The result is R x K, nan where nothing converts.

    A way to conversion that a removed state breaks is one that visits it: the effect is the chance of ever visiting a
    state times the chance of conversion from there, over the chance of conversion. With N = (I - Q)^-1 the chance of a
    visit is N[start, k] / N[k, k], so that one inverse serves all states.
    """
    total = counts.sum(axis=2, keepdims=True)
    shares = np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)
    states = counts.shape[1]
    among = np.concatenate([np.zeros((len(counts), states, 1)), shares[:, :, : states - 1]], axis=2)
    expected = np.linalg.inv(np.eye(states) - among)
    converts = (expected @ shares[:, :, states - 1, None])[:, :, 0]
    visits = expected[:, 0, 1:] / np.diagonal(expected, axis1=1, axis2=2)[:, 1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        return visits * converts[:, 1:] / converts[:, :1]


def _purchase(drawn_map: pd.DataFrame, purchase: str | None) -> str:
    known = places(drawn_map)
    if purchase is None:
        during = known.loc[known["phase"] == "during", "stage"]
        if during.empty:
            raise CxError(
                f"name the stage at which a journey has reached the purchase (purchase=); the map has no phase during, "
                f"and its stages are {', '.join(known['stage'])}"
            )
        return during.iloc[-1]
    if purchase not in set(known["stage"]):
        raise CxError(f"the purchase is a stage of the map; {purchase} is none{nearest(purchase, known['stage'])}")
    return purchase


def _transitions_of(chains: list[tuple], names: list[str]) -> sparse.csr_array:
    """How often each chain takes each transition: chains x ((K + 1) (K + 2))."""
    place, width = {name: i for i, name in enumerate(names)}, len(names) + 2
    rows, columns = [], []
    for row, (path, bought) in enumerate(chains):
        steps = [-1, *(place[name] for name in path), width - 2 if bought else width - 1]
        for one, other in pairwise(steps):
            rows.append(row)
            columns.append((one + 1) * width + other)
    ones = np.ones(len(rows))
    return sparse.coo_array((ones, (rows, columns)), shape=(len(chains), (len(names) + 1) * width)).tocsr()


def _bootstrap(chains: sparse.csr_array, n: np.ndarray, states: int, samples: int, seed) -> np.ndarray:
    """The effects in samples of as many customers, drawn with replacement: samples x K."""
    if samples < 2:
        raise CxError(f"a bootstrap needs 2 samples or more; found {samples}")
    random, share, parts = np.random.default_rng(seed), n / n.sum(), []
    most = max(1, NUMBERS // max(len(n), (states + 2) ** 2))
    for start in range(0, samples, most):
        times = random.multinomial(n.sum(), share, size=min(most, samples - start))
        parts.append(removal_effects((times @ chains).reshape(len(times), states + 1, states + 2)))
    return np.concatenate(parts)
