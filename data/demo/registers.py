"""The company's own records in data/demo: customers, complaints, journeys, sales, competitors, staff and prospects.

Each function takes a seeded Generator and returns one table; parameters stand above it, truth() gives them back.
"""

import numpy as np
import pandas as pd
import population as world
from scipy.special import ndtr

# fmt: off
START, SNAPSHOT, LAST_TURN = np.datetime64("2025-01-01"), np.datetime64("2026-12-31"), np.datetime64("2026-09-28")
CUSTOMERS, B2B = 20_000, .08
# Share that leaves within 90 days of its turning day (complaint, interview or any day); nobody leaves at another time.
LOSS = {"content": .12, "silent": .36, "satisfied": .10, "mollified": .24, "dissatisfied": .55}
INDUSTRIES = ("restaurant", "hotel", "office", "school", "shop")
CAPTURE = {"call_centre": .45, "social": .30}      # independent chances that a complainer appears in the list
ELSEWHERE = {"shop": .50, "app": .35, "": .15}     # who appears in neither: another list, or none at all
REPEAT, MAJOR = .12, .45                           # share of recorded complainers who complain again; major severity

SALES, WIN = 12_000, {"b2c": .55, "b2b": .32}
WEAK_EMPLOYEE, WEAK = "E020", .5                   # one employee wins half as often as the others
REASONS = {1: {"price": .30, "quality": .30, "near": .22, "service": .18},
           0: {"too_expensive": .42, "out_of_stock": .14, "slow_delivery": .22, "competitor": .15, "no_need": .07}}

COMPETITORS = {  # true NPS, CSAT, CES by wave; the published score has the error of a simple sample of its base
    "Phố Chợ Mart": {"nps": (22, 24, 27, 31), "csat": (70, 71, 73, 75), "ces": (5.1, 5.1, 5.2, 5.3)},
    "Nhà Tiện": {"nps": (35, 34, 35, 34), "csat": (75, 75, 75, 75), "ces": (5.5, 5.5, 5.5, 5.5)},
    "Giao Nhanh 24": {"nps": (18, 25, 33, 41), "csat": (66, 69, 73, 77), "ces": (5.6, 5.7, 5.8, 5.9)}}
SPREAD = {"nps": 75, "csat": 45, "ces": 1.4}
STAFF, TEAMS = 60, ("marketing", "sales", "service")
ROSY, GAPS = .15, {("sales", "product_price"): 1.1, ("marketing", "channel_app"): .8,
                   ("service", "support_resolution"): -.5, ("sales", "convenience_delivery"): .6}
PROSPECTS, PROSPECTS_B2B = 500, .12
# fmt: on


def people(rng, n):
    """n people of the population with their true persona, as columns named as in the survey."""
    shops = world.shop_list()
    city = (rng.random(n) > world.CITY_SHARE[0]).astype(int)
    cell = world.choose(rng, world.cell_shares()[0][city])
    codes = world.draw_people(rng, city, cell, np.zeros(n, dtype=int), shops)
    answers = world.draw_answers(rng, codes, len(shops))

    def named(names, key):
        return np.array(names, dtype=object)[codes[key]]

    return pd.DataFrame(
        {
            "age": codes["years"],
            "sex": named(world.SEXES, "sex"),
            "city": named(world.CITIES, "city"),
            "shop": named(shops["shop"], "shop"),
            "channel": named(world.CHANNELS, "channel"),
            "unhappy": answers["unhappy"],
            "complained": answers["complained"],
            "outcome": answers["outcome"],
            **world.draw_marks(rng, codes["persona"]),
            "persona": named(world.PERSONAS, "persona"),
        }
    )


def firms(rng, table, company):
    """Adds segment, industry, company size (staff) and revenue (VND million a year) where `company` is true."""
    n, size = company.sum(), np.full(len(table), np.nan)
    industry = np.full(len(table), None, dtype=object)
    size[company] = np.round(np.exp(rng.normal(3, 1, n))) + 1
    industry[company] = rng.choice(np.array(INDUSTRIES, dtype=object), n, p=[0.35, 0.15, 0.25, 0.10, 0.15])
    revenue = np.round(size * 300 * np.exp(rng.normal(0, 0.5, len(table))))
    return table.assign(
        segment=np.where(company, "b2b", "b2c"),
        industry=industry,
        company_size=pd.array(size, dtype="Int64"),
        revenue=pd.array(revenue, dtype="Int64"),
    )


def customers(rng, survey):
    """20,000 customers; who is linked to a respondent is that respondent. Working columns: fate, turn, persona."""
    table = people(rng, CUSTOMERS)
    table.insert(0, "customer_id", [f"C{i:05d}" for i in range(1, CUSTOMERS + 1)])
    linked = survey.dropna(subset="customer_id").set_index("customer_id")
    rows = table.index[table["customer_id"].isin(linked.index)]
    shared = [c for c in table.columns if c in linked.columns]
    for column in shared:
        table.loc[rows, column] = linked.loc[table.loc[rows, "customer_id"], column].to_numpy()
    company = rng.random(CUSTOMERS) < B2B
    company[rows] = False
    table = firms(rng, table, company)
    since = np.datetime64("2018-01-01") + (2556 * rng.random(CUSTOMERS) ** 0.7).astype(int)
    turn = START + rng.integers(0, (LAST_TURN - START).astype(int), CUSTOMERS)
    turn[rows] = linked.loc[table.loc[rows, "customer_id"], "started"].to_numpy().astype("datetime64[D]")
    spend = table["spend"].to_numpy(dtype=float) * np.where(company, 7, 1)
    number = 2 * table["shop"].str[1:].astype(int) - rng.integers(0, 2, CUSTOMERS)
    fate = np.where(table["complained"] == 1, table["outcome"], np.where(table["unhappy"] == 1, "silent", "content"))
    return table.assign(
        since=since,
        turn=turn,
        value=(1000 * spend).astype(int),
        fate=fate,
        linked=table.index.isin(rows),
        employee=[f"E{i:03d}" for i in number],
    )


def complaints(rng, customers):
    """Every recorded complaint; also the complainers in each list, for capture and recapture."""
    who = customers[customers["complained"] == 1].reset_index(drop=True)
    day = who["turn"].to_numpy().astype("datetime64[D]")
    before = np.minimum(rng.integers(5, 150, len(who)), (day - START).astype(int))
    day = np.where(who["linked"], day - before, day)
    listed = {name: rng.random(len(who)) < share for name, share in CAPTURE.items()}
    other = rng.choice(list(ELSEWHERE), len(who), p=list(ELSEWHERE.values()))
    other[listed["call_centre"] | listed["social"]] = ""
    listed |= {name: other == name for name in ELSEWHERE if name}
    again, rows = rng.random(len(who)) < REPEAT, []
    for i, (customer, outcome) in enumerate(zip(who["customer_id"], who["outcome"], strict=True)):
        severity = "major" if rng.random() < MAJOR else "minor"
        for channel in [name for name in listed if listed[name][i]]:
            rows.append((customer, day[i] + rng.integers(0, 3), channel, severity, outcome))
        if again[i] and any(listed[name][i] for name in listed):
            rows.append((customer, rows[-1][1] + rng.integers(1, 4), rows[-1][2], severity, outcome))
    table = pd.DataFrame(rows, columns=["customer_id", "when", "channel", "severity", "outcome"])
    table = table.sort_values(["when", "customer_id"], kind="stable").reset_index(drop=True)
    table.insert(0, "complaint_id", [f"K{i:04d}" for i in range(1, len(table) + 1)])
    recorded = np.any(list(listed.values()), axis=0)
    counts = {
        "complainers": len(who),
        "complainers_recorded": recorded.sum(),
        "rows": len(table),
        "second_complaint_in_same_channel": (again & recorded).sum(),
        "call_centre": listed["call_centre"].sum(),
        "social": listed["social"].sum(),
        "call_centre_and_social": (listed["call_centre"] & listed["social"]).sum(),
    }
    return table, counts


def departures(rng, customers, complaints):
    """The day each customer left, or none: within 90 days of the turning day (or last complaint), by fate."""
    last = complaints.groupby("customer_id")["when"].max().reindex(customers["customer_id"]).to_numpy()
    turn = np.fmax(customers["turn"].to_numpy().astype("datetime64[D]"), last.astype("datetime64[D]"))
    leaves = rng.random(len(customers)) < customers["fate"].map(LOSS).to_numpy()
    day = np.minimum(turn + rng.integers(1, 91, len(customers)), SNAPSHOT)
    return np.where(leaves, day, np.datetime64("NaT"))


def sales(rng, customers):
    """12,000 offers, won or lost, each before its customer left."""
    who = customers.iloc[rng.integers(0, len(customers), SALES)].reset_index(drop=True)
    end = who["left"].fillna(pd.Timestamp(SNAPSHOT)).to_numpy().astype("datetime64[D]")
    when = START + ((end - START).astype(int) * rng.random(SALES)).astype(int)
    chance = who["segment"].map(WIN) * np.where(who["employee"] == WEAK_EMPLOYEE, WEAK, 1)
    won = (rng.random(SALES) < chance).astype(int)
    reason = [rng.choice(list(REASONS[w]), p=list(REASONS[w].values())) for w in won]
    value = 1000 * np.round(who["value"] / 1000 * np.exp(rng.normal(-0.6, 0.5, SALES)))
    table = pd.DataFrame(
        {
            "customer_id": who["customer_id"],
            "when": when,
            "value": value.astype(int),
            "won": won,
            "reason": reason,
            "employee": who["employee"],
        }
    )
    return table.sort_values(["when", "customer_id"], kind="stable")


def benchmark(rng):
    """Competitors' published scores, with the base of each."""
    rows = []
    for competitor, scores in COMPETITORS.items():
        for i, wave in enumerate(world.WAVES):
            n = int(rng.integers(300, 600))
            for metric, values in scores.items():
                score = values[i] + SPREAD[metric] / np.sqrt(n) * rng.standard_normal()
                rows.append((competitor, wave, metric, round(score, 2 if metric == "ces" else 1), n))
    return pd.DataFrame(rows, columns=["competitor", "wave", "metric", "score", "n"])


def staff_shift(team):
    """What a team adds to the latent items: everybody is a little rosy, and some items are far off."""
    return np.array([GAPS.get((team, item), ROSY) for item in world.ITEMS])


def staff(rng):
    """60 members each of marketing, sales and service staff, answering the 14 driver items for the customers."""
    parts = []
    for team in TEAMS:
        latent = world.ITEM_MEAN + staff_shift(team) + rng.standard_normal((STAFF, 14))
        answers = np.searchsorted(world.ITEM_CUTS, latent) + 1
        parts.append(pd.DataFrame(answers, columns=list(world.ITEMS)).assign(team=team))
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "staff_id", [f"T{i:03d}" for i in range(1, len(table) + 1)])
    return table[["staff_id", "team", *world.ITEMS]]


def prospects(rng):
    """500 people who are no customers yet, with what is known of customers; `persona` is the true one."""
    table = people(rng, PROSPECTS)
    table.insert(0, "prospect_id", [f"P{i:03d}" for i in range(1, PROSPECTS + 1)])
    return firms(rng, table, rng.random(PROSPECTS) < PROSPECTS_B2B)


def staff_truth():
    """True staff mean minus true customer mean of every driver item, by team, in points of the 1-5 scale."""
    customers = world.item_truth() @ np.arange(1, 6)
    means = {t: 1 + ndtr((world.ITEM_MEAN + staff_shift(t))[:, None] - world.ITEM_CUTS).sum(axis=1) for t in TEAMS}
    return {team: dict(zip(world.ITEMS, mean - customers, strict=True)) for team, mean in means.items()}


def truth():
    """What is planted in these tables."""
    return {
        "loss_by_fate": LOSS
        | {
            "what": "share that left by 2026-12-31 (within 90 days of the complaint, or of a day "
            "of 2025 or 2026); content: not unhappy; silent: unhappy without a complaint"
        },
        "capture_recapture": {"chance_in_list": CAPTURE, "independent": True},
        "sales": {
            "win_rate": WIN,
            "weak_employee": WEAK_EMPLOYEE,
            "weak_employee_factor": WEAK,
            "reason_won": REASONS[1],
            "reason_lost": REASONS[0],
        },
        "competitors": COMPETITORS,
        "staff_minus_customers": staff_truth(),
    }
