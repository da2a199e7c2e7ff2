"""Models fitted to samples drawn again from the demo's world: how often does a 95% interval hold the truth?

The truth of a coefficient is what the same model gives in the population: the models are summaries of a world that is
none of them (latent normals behind every answer). It is known from samples of many shops; truth() draws them.
"""

import sys
from concurrent.futures import ProcessPoolExecutor

import pandas as pd
from simulate import DEMO, DESIGN

from cxlib.asymmetry import asymmetry
from cxlib.binary import binary
from cxlib.linear import linear
from cxlib.marginal import effects
from cxlib.ordinal import ordinal

DRIVERS = ["product_quality", "channel_app", "staff_attitude", "convenience_checkout", "support_resolution"]
MODELS = ("linear", "ordinal", "probit", "binary", "effect", "penalty", "reward")


def fits(frame: pd.DataFrame, design: dict) -> pd.DataFrame:
    """Every coefficient of every model of a sample: model, term, estimate, low, high."""
    rated = ordinal(frame, "satisfaction", DRIVERS, **design)
    ends = asymmetry(frame, "recommend", DRIVERS[:3], metric="nps", **design)
    found = {
        "linear": linear(frame, "recommend", DRIVERS, metric="nps", **design).coefficients,
        "ordinal": pd.concat([rated.coefficients, rated.cuts]),
        "probit": ordinal(frame, "satisfaction", DRIVERS, link="probit", **design).coefficients,
        "binary": binary(frame.assign(promoter=frame["recommend"] >= 9), "promoter", DRIVERS, **design).coefficients,
        "effect": effects(rated, metric="csat"),
    }
    for end in ("penalty", "reward"):
        found[end] = ends[[end, f"{end}_low", f"{end}_high"]].set_axis(["estimate", "low", "high"], axis=1)
    parts = [rows[["estimate", "low", "high"]].rename_axis("term").assign(model=name) for name, rows in found.items()]
    return pd.concat(parts).set_index("model", append=True).swaplevel()


def truth(shops: int = 6000, respondents: int = 100_000, samples: int = 6) -> pd.Series:
    """The coefficients of the population, from samples of many shops; errors a twentieth of a survey's."""
    sys.path.insert(0, str(DEMO))
    import population

    drawn = (population.draw(10_000_000 + k, respondents, shops) for k in range(samples))
    return sum(fits(frame, {"weights": "weight"})["estimate"] for frame in drawn) / samples


def one_sample(seed: int) -> pd.DataFrame:
    """The intervals of one sample of the demo's size."""
    sys.path.insert(0, str(DEMO))
    import population

    return fits(population.draw(seed), DESIGN)


def coverage(known: pd.Series, first_seed: int, samples: int, workers: int = 2) -> pd.DataFrame:
    """Share of samples whose interval covers the truth, by coefficient; bias in standard errors."""
    with ProcessPoolExecutor(workers) as pool:
        found = pd.concat(pool.map(one_sample, range(first_seed, first_seed + samples), chunksize=4))
    found = found.join(known.rename("truth"))
    found["covers"] = (found["low"] <= found["truth"]) & (found["truth"] <= found["high"])
    found["off"] = found["estimate"] - found["truth"]
    grouped = found.groupby(["model", "term"], sort=False)
    table = grouped["covers"].agg(samples="size", share="mean")
    return table.assign(bias=grouped["off"].mean() / grouped["off"].std())
