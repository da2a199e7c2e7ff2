"""The world behind data/demo: its parameters, the truth in closed form, and draw(), a quick clean sample.

Every answer is a latent normal cut at thresholds (ordered probit), so that the share of every answer is a normal
distribution function, mixed over the finite cells city x age band x sex x persona x channel x improved shop.
Superpopulation: shops are normal draws; draw() takes new shops each time, and truth is the expectation over them.
"""

from itertools import product

import numpy as np
import pandas as pd
from scipy.special import ndtr

# fmt: off
WAVES = ("2025-H1", "2025-H2", "2026-H1", "2026-H2")
MODES, ONLINE = ("in_shop", "online", "in_shop", "in_shop"), np.array([False, True, False, False])
CITIES, SEXES = ("hcm", "hanoi"), ("f", "m")
AGE_BANDS, AGE_EDGES = ("18-24", "25-34", "35-44", "45-54", "55+"), np.array([18, 25, 35, 45, 55, 76])

# Who lives there, and who is selected: 1,200 + 800 interviews a wave, the young and women more often.
CITY_SHARE, CITY_SAMPLE, CITY_SHOPS = np.array([.62, .38]), np.array([.60, .40]), (36, 24)
AGE_SHARE = np.array([[.17, .27, .23, .17, .16], [.15, .25, .23, .18, .19]])
FEMALE = np.array([.51, .52, .52, .52, .54])
SELECTION_AGE, SELECTION_SEX = np.array([1.5, 1.3, 1.0, .75, .60]), np.array([1.15, .87])

# Four personas; lists of four are in this order. Age leads to them, and marks show them: within a persona the marks are
# independent (as a latent class model assumes), apart from touchpoints, where who has none is given `shop`.
PERSONAS = ("saver", "family", "regular", "connoisseur")
PERSONA_NAMES = {"saver": "Người săn giá trên mạng", "family": "Gia đình bận rộn",
                 "regular": "Khách quen của cửa hàng", "connoisseur": "Người sành hàng"}
PERSONA_BY_AGE = np.array([[.62, .08, .05, .25], [.42, .28, .08, .22], [.20, .46, .17, .17],
                           [.08, .34, .45, .13], [.04, .16, .70, .10]])      # a row an age band

CHANNELS, DIGITAL = ("digital", "traditional"), np.array([.92, .60, .06, .78])     # share of digital

TOUCHPOINTS = {"web": (.75, .45, .08, .70), "app": (.85, .60, .05, .45), "shop": (.20, .60, .92, .50),
               "phone": (.06, .35, .45, .20), "social": (.80, .20, .08, .60), "delivery": (.70, .85, .12, .25)}
REASONS = {"reason_price": (.88, .45, .35, .08), "reason_quality": (.20, .50, .35, .90),
           "reason_near": (.12, .65, .80, .10), "reason_service": (.10, .25, .65, .55)}
PARTS = {"uses": (.95, .80, .88, .96), "buys": (.82, .66, .90, .62), "pays": (.48, .78, .74, .93)}
SPEND = (900, 3600, 1500, 5200)                        # median, VND thousand a month; the log varies by 0.35
HOUSEHOLD = (1.6, 2.9, 2.2, 1.4)                       # mean number of others in the household

MARKS = {  # question: codes, and their shares in each persona
    "payment": (("cash", "card", "ewallet", "transfer"),
                ((.10, .10, .70, .10), (.15, .50, .20, .15), (.82, .05, .05, .08), (.05, .70, .15, .10))),
    "frequency": ((1, 2, 3, 4),
                  ((.10, .45, .35, .10), (.45, .42, .10, .03), (.62, .28, .08, .02), (.02, .10, .38, .50))),
    "priority": (("price", "quality", "near", "service"),
                 ((.78, .08, .08, .06), (.15, .25, .50, .10), (.12, .10, .40, .38), (.04, .72, .04, .20))),
    "income": ((1, 2, 3, 4),
               ((.40, .38, .17, .05), (.10, .35, .38, .17), (.35, .38, .20, .07), (.04, .16, .38, .42))),
    "occupation": ((1, 2, 3, 4, 5, 6),
                   ((.35, .30, .15, .10, .05, .05), (.02, .45, .18, .18, .12, .05),
                    (.02, .12, .18, .25, .18, .25), (.10, .50, .06, .24, .05, .05))),
}

# Five correlated factors; means by persona; item: factor, mean, loading (items have variance 1 within a persona).
FACTORS = ("product", "channel", "staff", "convenience", "support")
FACTOR_CORRELATION = np.array([[1, .40, .45, .40, .45], [.40, 1, .30, .50, .40], [.45, .30, 1, .35, .50],
                               [.40, .50, .35, 1, .45], [.45, .40, .50, .45, 1]])
FACTOR_MEANS = np.array([[-.15, .25, -.15, .15, -.20], [.10, .10, .00, -.20, .10],
                         [.20, -.35, .40, .10, .20], [.20, .05, .10, .10, -.35]])
ITEMS = {
    "product_quality": ("product", .20, .85), "product_range": ("product", .10, .75),
    "product_price": ("product", -.45, .70), "channel_app": ("channel", -.10, .80),
    "channel_shop": ("channel", .25, .70), "channel_info": ("channel", .00, .78),
    "staff_attitude": ("staff", .30, .86), "staff_knowledge": ("staff", .05, .80),
    "staff_speed": ("staff", -.15, .74), "convenience_hours": ("convenience", .35, .70),
    "convenience_checkout": ("convenience", -.20, .80), "convenience_delivery": ("convenience", -.30, .84),
    "support_response": ("support", -.25, .82), "support_resolution": ("support", -.35, .86),
}
ITEM_FACTOR = np.array([FACTORS.index(factor) for factor, _, _ in ITEMS.values()])
ITEM_MEAN, ITEM_LOADING = np.array([[mean, loading] for _, mean, loading in ITEMS.values()]).T
ITEM_CUTS, ITEM_MODE = np.array([-2.0, -1.25, -.40, .70]), -.15

# Overall metrics: coefficients of the factors, of city, age band, sex, persona; standard deviations of shop and noise.
METRICS = {
    "recommend": {"coefficients": (.30, .08, .25, .14, .22), "shop": .25, "noise": .62, "mode": -.16, "lowest": 0,
                  "cuts": (-2.70, -2.55, -2.35, -2.10, -1.85, -1.30, -.90, -.45, .12, .60)},
    "satisfaction": {"coefficients": (.28, .06, .32, .12, .20), "shop": .25, "noise": .60, "mode": -.14, "lowest": 1,
                     "cuts": (-2.0, -1.35, -.55, .75)},
    "ease": {"coefficients": (.10, .24, .10, .40, .14), "shop": .16, "noise": .65, "mode": .09, "lowest": 1,
             "cuts": (-2.3, -1.8, -1.25, -.60, .15, 1.0)},
}
EFFECTS = {"city": np.array([.06, -.10]), "age": np.array([-.14, -.06, .00, .08, .16]), "sex": np.array([.02, -.02]),
           "persona": np.array([-.05, .00, .08, .02]),
           "wave": np.array([.00, .01, .13, .13])}   # 2025-H2 changes next to nothing, 2026-H1 is a real gain
IMPROVED_WAVE, IMPROVEMENT = 3, np.array([0, 0, 0, .40, .80])      # re-trained delivery and support: shift of factors

# A problem in six months gets likelier as product, convenience and support get worse; then chances by segment.
PROBLEM_MEAN, PROBLEM_COEFFICIENTS = -.20, np.array([-.25, 0, 0, -.25, -.30])
UNHAPPY = .65                                                      # of those who had a problem
COMPLAINT_RATE = np.array([[.12, .08], [.05, 1 / 42]])             # of the unhappy: channel x (under 45, 45 and over)
OUTCOMES, OUTCOME_SHARE = ("satisfied", "mollified", "dissatisfied"), np.array([.40, .25, .35])

CELL = ("wave", "city", "age", "sex", "persona", "channel", "improved")
SCORES = {  # metric: question, score of each answer, lowest first
    "nps": ("recommend", np.array([-100] * 7 + [0] * 2 + [100] * 2)),
    "csat": ("satisfaction", np.array([0, 0, 0, 100, 100])),
    "ces": ("ease", np.arange(1, 8)),
    "ces_top3": ("ease", np.array([0] * 4 + [100] * 3)),
}
# fmt: on


# ---- design ----------------------------------------------------------------------------------------------------


def cell_shares():
    """Share of age band x sex (10 cells, age slowest) in each city's population and in its sample."""
    sex = np.column_stack([FEMALE, 1 - FEMALE])
    people = (AGE_SHARE[:, :, None] * sex).reshape(2, 10)
    chosen = people * np.outer(SELECTION_AGE, SELECTION_SEX).ravel()
    return people, chosen / chosen.sum(axis=1, keepdims=True)


def cell_weights():
    """Weight of each city and cell: share in the population over share in the sample, to 4 decimals."""
    people, chosen = cell_shares()
    return np.round(CITY_SHARE[:, None] * people / (CITY_SAMPLE[:, None] * chosen), 4)


def shop_list(shops=60):
    """The shops: name, city, share of the city's customers (sizes vary from 0.6 to 1.4), improved (one in three)."""
    if shops % 60:
        raise ValueError(f"shops must be a multiple of 60; {shops} is not")
    rows = [
        (city, 0.6 + 0.8 * (7 * i % count) / (count - 1), int(i % 3 == 1))
        for _ in range(shops // 60)
        for city, count in enumerate(CITY_SHOPS)
        for i in range(count)
    ]
    table = pd.DataFrame(rows, columns=["city", "share", "improved"]).sort_values("city", kind="stable")
    table["share"] /= table.groupby("city")["share"].transform("sum")
    table.insert(0, "shop", [f"S{i:02d}" for i in range(1, len(table) + 1)])
    return table.reset_index(drop=True)


# ---- truth -----------------------------------------------------------------------------------------------------


def cells():
    """Every cell of the population in every wave: the codes and `share`, which adds up to 1 within a wave."""
    people, _ = cell_shares()
    shops = shop_list()
    treated = (shops.share * shops.improved).groupby(shops.city).sum()
    rows = []
    for wave, city, age, sex, persona, channel, improved in product(*map(range, (4, 2, 5, 2, 4, 2, 2))):
        share = CITY_SHARE[city] * people[city, 2 * age + sex] * PERSONA_BY_AGE[age, persona]
        share *= abs(channel - DIGITAL[persona]) * abs(1 - improved - treated[city])
        rows.append((wave, city, age, sex, persona, channel, improved, share))
    return pd.DataFrame(rows, columns=[*CELL, "share"])


def factor_means(people, *, improvement=True):
    """Mean of the five factors for each row of codes (persona, and improved shops from the last wave on)."""
    treated = (people["improved"] == 1) & (people["wave"] == IMPROVED_WAVE) & improvement
    return FACTOR_MEANS[people["persona"]] + np.asarray(treated)[:, None] * IMPROVEMENT


def background(question, people, *, mode=True):
    """What moves a metric beside factors, shop and noise, for each row of codes."""
    online = METRICS[question]["mode"] * (ONLINE[people["wave"]] & mode)
    return sum(effect[people[name]] for name, effect in EFFECTS.items()) + online


def chances(question, people, *, mode=True, improvement=True, shop=None):
    """Chance of every answer (columns, lowest first) for each cell; `shop` fixes the shop effect."""
    world = METRICS[question]
    slopes = np.array(world["coefficients"])
    mean = factor_means(people, improvement=improvement) @ slopes + background(question, people, mode=mode)
    variance = slopes @ FACTOR_CORRELATION @ slopes + world["noise"] ** 2 + (world["shop"] ** 2 if shop is None else 0)
    below = ndtr((np.array(world["cuts"]) - (mean + (shop or 0))[:, None]) / np.sqrt(variance))
    return np.diff(np.column_stack([np.zeros(len(below)), below, np.ones(len(below))]), axis=1)


def metric_truth(metric, people=None, **without):
    """True value of nps, csat, ces or ces_top3 over the given cells (default: all, the four waves counting alike)."""
    people = cells() if people is None else people
    question, scores = SCORES[metric]
    return float(np.average(chances(question, people, **without) @ scores, weights=people["share"]))


def item_truth(people=None):
    """Share of each answer 1-5 of each driver item (14 x 5) over the given cells (default: all)."""
    people = cells() if people is None else people
    online = ONLINE[people["wave"]][:, None]
    mean = ITEM_MEAN + ITEM_LOADING * factor_means(people)[:, ITEM_FACTOR] + ITEM_MODE * online
    below = np.average(ndtr(ITEM_CUTS - mean[:, :, None]), axis=0, weights=people["share"])
    return np.diff(np.column_stack([np.zeros(14), below, np.ones(14)]), axis=1)


def problem_truth(people):
    """Chance of a problem in the last six months for each cell."""
    slopes = PROBLEM_COEFFICIENTS
    return ndtr((PROBLEM_MEAN + factor_means(people) @ slopes) / np.sqrt(1 + slopes @ FACTOR_CORRELATION @ slopes))


# ---- draw ------------------------------------------------------------------------------------------------------


def choose(rng, chances):
    """One code a row, drawn with the chances of that row."""
    return (rng.random(len(chances))[:, None] > np.cumsum(chances, axis=1)[:, :-1]).sum(axis=1)


def draw_people(rng, city, cell, wave, shops):
    """Codes of one person a row: age band, sex, persona, channel and shop, given city and age-by-sex cell."""
    age, sex = np.divmod(cell, 2)
    persona = choose(rng, PERSONA_BY_AGE[age])
    shop = np.empty(len(city), dtype=int)
    for code in (0, 1):
        here, table = city == code, shops[shops.city == code]
        shop[here] = table.index[0] + np.searchsorted(np.cumsum(table.share)[:-1], rng.random(here.sum()))
    channel = (rng.random(len(city)) > DIGITAL[persona]).astype(int)
    codes = {"wave": wave, "city": city, "age": age, "sex": sex, "persona": persona, "channel": channel, "shop": shop}
    years = rng.integers(AGE_EDGES[age], AGE_EDGES[age + 1])
    return codes | {"improved": shops.improved.to_numpy()[shop], "years": years}


def draw_answers(rng, people, shops):
    """Metrics, driver items, problem and complaint of every person, as columns."""
    n, online = len(people["city"]), ONLINE[people["wave"]][:, None]
    factors = factor_means(people) + rng.standard_normal((n, 5)) @ np.linalg.cholesky(FACTOR_CORRELATION).T
    effect, answers = rng.standard_normal(shops), {}
    for question, world in METRICS.items():
        latent = factors @ np.array(world["coefficients"]) + background(question, people)
        latent += world["shop"] * effect[people["shop"]] + world["noise"] * rng.standard_normal(n)
        answers[question] = np.searchsorted(world["cuts"], latent) + world["lowest"]
    items = ITEM_MEAN + ITEM_LOADING * factors[:, ITEM_FACTOR] + ITEM_MODE * online
    items += np.sqrt(1 - ITEM_LOADING**2) * rng.standard_normal((n, 14))
    answers |= dict(zip(ITEMS, (np.searchsorted(ITEM_CUTS, items) + 1).T, strict=True))
    problem = PROBLEM_MEAN + factors @ PROBLEM_COEFFICIENTS + rng.standard_normal(n) > 0
    unhappy = problem & (rng.random(n) < UNHAPPY)
    complained = unhappy & (rng.random(n) < COMPLAINT_RATE[people["channel"], (people["age"] >= 3).astype(int)])
    outcome = np.array(OUTCOMES, dtype=object)[choose(rng, np.tile(OUTCOME_SHARE, (n, 1)))]
    return answers | {
        "problem": problem.astype(int),
        "complained": np.where(problem, complained, np.nan),
        "unhappy": np.where(problem, unhappy, np.nan),
        "outcome": np.where(complained, outcome, None),
    }


def draw_marks(rng, persona):
    """What shows the persona: touchpoints, reasons, spend (VND thousand a month), household and coded questions."""
    n = len(persona)
    touched = rng.random((n, len(TOUCHPOINTS))) < np.array(list(TOUCHPOINTS.values())).T[persona]
    sets = [";".join(t for bit, t in enumerate(TOUCHPOINTS) if code >> bit & 1) or "shop" for code in range(64)]
    marks = {"touchpoints": np.array(sets, dtype=object)[touched @ (1 << np.arange(6))]}
    ticked = rng.random((n, len(REASONS))) < np.array(list(REASONS.values())).T[persona]
    marks |= dict(zip(REASONS, ticked.astype(int).T, strict=True))
    spend = np.array(SPEND)[persona] * np.exp(0.35 * rng.standard_normal(n))
    marks["spend"] = (10 * np.round(spend / 10)).astype(int)
    marks["household_size"] = 1 + rng.poisson(np.array(HOUSEHOLD)[persona])
    for name, (codes, shares) in MARKS.items():
        values = np.array(codes, dtype=object if isinstance(codes[0], str) else int)
        marks[name] = values[choose(rng, np.array(shares)[persona])]
    return marks


def draw_parts(rng, persona):
    """Parts in a purchase, separated by ";": who uses, buys or pays; who has none of them uses."""
    has = rng.random((len(persona), len(PARTS))) < np.array(list(PARTS.values())).T[persona]
    parts = [";".join(part for part, own in zip(PARTS, row, strict=True) if own) or "uses" for row in has]
    return np.array(parts, dtype=object)


def draw(seed, respondents=2000, shops=60):
    """One clean survey sample of four waves: a row a respondent, the same shops throughout, `persona` the true one."""
    rng, table = np.random.default_rng(seed), shop_list(shops)
    in_hcm = round(CITY_SAMPLE[0] * respondents)
    city = np.tile(np.repeat([0, 1], [in_hcm, respondents - in_hcm]), 4)
    wave = np.repeat(np.arange(4), respondents)
    cell = choose(rng, cell_shares()[1][city])
    people = draw_people(rng, city, cell, wave, table)

    def named(names, codes):
        return np.array(names, dtype=object)[codes]

    return pd.DataFrame(
        {
            "respondent_id": np.char.mod("R%05d", np.arange(1, len(city) + 1)).astype(object),
            "wave": named(WAVES, wave),
            "weight": cell_weights()[city, cell],
            "city": named(CITIES, city),
            "shop": named(table.shop, people["shop"]),
            "mode": named(MODES, wave),
            "improved": people["improved"],
            **draw_answers(rng, people, shops),
            "age": people["years"],
            "sex": named(SEXES, people["sex"]),
            "channel": named(CHANNELS, people["channel"]),
            **draw_marks(rng, people["persona"]),
            "part": draw_parts(rng, people["persona"]),
            "persona": named(PERSONAS, people["persona"]),
        }
    )
