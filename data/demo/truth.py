"""The content of truth.yml: what is planted in data/demo, in closed form.

Nothing here is typed by hand or read off the drawn sample; counts of what make.py planted are handed in by it.
"""

from itertools import pairwise

import journeys
import numpy as np
import population as world
import registers

UNITS = {"nps": "points", "csat": "percent answering 4 or 5", "ces": "mean of 1-7", "ces_top3": "percent answering 5-7"}


def rounded(value):
    """The same structure with plain Python numbers: floats to 4 decimals, to 6 when smaller than 1."""
    if isinstance(value, dict):
        return {str(key): rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [rounded(item) for item in value]
    if isinstance(value, np.integer):
        return int(value)
    return round(float(value), 6 if abs(value) < 1 else 4) if isinstance(value, (float, np.floating)) else value


def by(metric, column, names, cells, **without):
    """True value of a metric in every group of one column of the cells."""
    return {
        name: world.metric_truth(metric, cells[cells[column] == code], **without) for code, name in enumerate(names)
    }


def metrics(cells):
    """NPS, CSAT, CES and CES top three: overall, by wave (as measured, and without the mode effect) and by segment."""
    result = {}
    for metric, unit in UNITS.items():
        cities = {name: cells[cells["city"] == code] for code, name in enumerate(world.CITIES)}
        result[metric] = {
            "unit": unit,
            "overall": world.metric_truth(metric, cells),
            "overall_without_mode_effect": world.metric_truth(metric, cells, mode=False),
            "wave": by(metric, "wave", world.WAVES, cells),
            "wave_without_mode_effect": by(metric, "wave", world.WAVES, cells, mode=False),
            "city": by(metric, "city", world.CITIES, cells),
            "age_band": by(metric, "age", world.AGE_BANDS, cells),
            "channel": by(metric, "channel", world.CHANNELS, cells),
            "sex": by(metric, "sex", world.SEXES, cells),
            "persona": by(metric, "persona", world.PERSONAS, cells),
            "city_wave": {name: by(metric, "wave", world.WAVES, part) for name, part in cities.items()},
        }
    return result


def precision(wave, respondents=2000):
    """True standard error and design effect of one wave's weighted NPS, and the correlation of scores within a shop.

    Linearised: z = weight (score - NPS). Two people of a city share a shop with chance sum(share squared); what they
    then have in common is the mean of z given the shop effect, integrated by Gauss-Hermite.
    """
    people, scores = world.cells().query("wave == @wave"), world.SCORES["nps"][1]
    truth, shops = world.metric_truth("nps", people), world.shop_list()
    everyone, chosen = world.cell_shares()
    city, cell = people["city"].to_numpy(), (2 * people["age"] + people["sex"]).to_numpy()
    share, weight = people["share"].to_numpy(), world.cell_weights()[city, cell]
    sample = share / (world.CITY_SHARE[city] * everyone[city, cell]) * chosen[city, cell]
    p = world.chances("recommend", people)
    nodes, mass = np.polynomial.hermite_e.hermegauss(40)
    mass, sd = mass / mass.sum(), world.METRICS["recommend"]["shop"]
    given = np.array([world.chances("recommend", people, shop=node * sd) @ scores for node in nodes])
    variance = 0.0
    for code in (0, 1):
        here, n = city == code, world.CITY_SAMPLE[code] * respondents
        q, w = sample[here], weight[here]
        mean = q @ (w * (p[here] @ scores - truth))
        own = q @ (w**2 * (p[here] @ (scores - truth) ** 2)) - mean**2
        shared = mass @ ((given[:, here] - truth) @ (q * w)) ** 2 - mean**2
        together = (shops.loc[shops["city"] == code, "share"] ** 2).sum()
        variance += (n * own + n * (n - 1) * together * shared) / respondents**2
    spread = share @ (p @ scores**2) - truth**2
    between = mass @ (given @ share - truth) ** 2
    return {"se": np.sqrt(variance), "design_effect": variance / (spread / respondents), "icc": between / spread}


def changes(cells):
    """Planted changes: wave to wave without the mode effect, the mode effect, the improvement."""
    wave = by("nps", "wave", world.WAVES, cells, mode=False)
    online = cells[cells["wave"] == world.MODES.index("online")]
    treated = cells[(cells["wave"] == world.IMPROVED_WAVE) & (cells["improved"] == 1)]
    part = {
        (improved, w): world.metric_truth("nps", cells.query("improved == @improved and wave == @w"))
        for improved in (0, 1)
        for w in (2, 3)
    }

    def points(people, **without):
        """What goes away, in each metric, when the effect is left out."""
        return {m: world.metric_truth(m, people) - world.metric_truth(m, people, **without) for m in UNITS}

    return {
        "nps_change_without_mode_effect": {
            f"{old} to {new}": wave[new] - wave[old] for old, new in pairwise(world.WAVES)
        },
        "mode": {
            "wave": "2025-H2",
            "mode": "online",
            "item_latent": world.ITEM_MODE,
            "latent": {question: m["mode"] for question, m in world.METRICS.items()},
            "points": points(online, mode=False),
        },
        "improvement": {
            "what": "delivery and support re-trained in 20 shops between 2026-H1 and 2026-H2 (column improved)",
            "shops": int(world.shop_list()["improved"].sum()),
            "factor_shift": dict(zip(world.FACTORS, world.IMPROVEMENT, strict=True)),
            "latent": {q: float(np.dot(m["coefficients"], world.IMPROVEMENT)) for q, m in world.METRICS.items()},
            "points": points(treated, improvement=False),
            "nps_difference_in_differences": part[1, 3] - part[1, 2] - part[0, 3] + part[0, 2],
        },
    }


def drivers():
    """Coefficients of the factors on each latent scale, and loading, mean and top-two share of the items."""
    shares = world.item_truth()
    items = {
        item: {"factor": factor, "loading": loading, "mean": p @ np.arange(1, 6), "top2": 100 * p[3:].sum()}
        for (item, (factor, _, loading)), p in zip(world.ITEMS.items(), shares, strict=True)
    }
    order = np.argsort(-np.array(world.METRICS["recommend"]["coefficients"]))
    return {
        "coefficients": {q: dict(zip(world.FACTORS, m["coefficients"], strict=True)) for q, m in world.METRICS.items()},
        "noise_sd": {q: m["noise"] for q, m in world.METRICS.items()},
        "shop_sd": {q: m["shop"] for q, m in world.METRICS.items()},
        "factor_correlation_within_persona": world.FACTOR_CORRELATION,
        "order_for_recommend": [world.FACTORS[i] for i in order],
        "items": items,
    }


def personas(cells):
    """Number, sizes in the population, expected sizes in the sample, and what marks each persona."""
    _, chosen = world.cell_shares()
    by_age = (world.CITY_SAMPLE @ chosen).reshape(5, 2).sum(axis=1)
    size = cells.groupby("persona")["share"].sum() / 4
    return {
        "number": 4,
        "names": world.PERSONA_NAMES,
        "size": dict(zip(world.PERSONAS, size, strict=True)),
        "size_in_unweighted_sample": dict(zip(world.PERSONAS, by_age @ world.PERSONA_BY_AGE, strict=True)),
        "variables": ["channel", "frequency", "spend", "touchpoints", "payment", "priority", *world.REASONS],
        "digital": dict(zip(world.PERSONAS, world.DIGITAL, strict=True)),
        "median_spend_thousand_vnd": dict(zip(world.PERSONAS, world.SPEND, strict=True)),
        "touchpoints": {t: dict(zip(world.PERSONAS, p, strict=True)) for t, p in world.TOUCHPOINTS.items()},
        "part": {t: dict(zip(world.PERSONAS, p, strict=True)) for t, p in world.PARTS.items()},
    }


def iceberg(cells):
    """Problems, unhappy respondents and complaint rates among them, by segment and overall, over the four waves."""
    older = (cells["age"] >= 3).astype(int).to_numpy()
    rate = world.COMPLAINT_RATE[cells["channel"], older]
    problem, share = world.problem_truth(cells), cells["share"].to_numpy()
    unhappy = problem * world.UNHAPPY
    segments = {}
    for channel, name in enumerate(world.CHANNELS):
        for old, band in enumerate(("under 45", "45+")):
            here = ((cells["channel"] == channel) & (older == old)).to_numpy()
            segments[f"{name}, {band}"] = {
                "share": share[here].sum() / 4,
                "unhappy": np.average(unhappy[here], weights=share[here]),
                "complaint_rate": world.COMPLAINT_RATE[channel, old],
            }
    return {
        "problem": np.average(problem, weights=share),
        "unhappy_given_problem": world.UNHAPPY,
        "unhappy": np.average(unhappy, weights=share),
        "complaint_rate_of_unhappy": np.average(rate, weights=share * unhappy),
        "complained": np.average(rate * unhappy, weights=share),
        "complaint_rate_1_in_42": "traditional channel, aged 45 and over",
        "only_the_unhappy_complain": True,
        "segments": segments,
        "outcome_of_complaint": dict(zip(world.OUTCOMES, world.OUTCOME_SHARE, strict=True)),
    }


def truth(planted):
    """All of truth.yml; `planted` holds the counts of what make.py put into the files."""
    cells = world.cells()
    waves = {name: precision(code) for code, name in enumerate(world.WAVES)}
    return rounded(
        {
            "how_to_read": "Superpopulation: shop effects are normal draws; every value is the expectation over them, "
            "for the population (what the weights restore), as measured unless it says without; waves count alike.",
            "weights": "Population share over sample share of city x age band x sex, to 4 decimals; known, not raked.",
            "metrics": metrics(cells),
            "precision_nps": waves,
            **changes(cells),
            "drivers": drivers(),
            "personas": personas(cells),
            "iceberg": iceberg(cells),
            **registers.truth(),
            "journey": journeys.truth(),
            "planted": planted,
        }
    )
