"""The journeys of data/demo: six stages, twelve touchpoints, contacts of 6,000 customers, and the map as it was drawn.

A journey is a Markov chain over stages: a visit ends it with the touchpoint's chance, or leads to the next stage,
apart from two departures from the drawn map: some skip compare, and some go back from decide to search, once.
"""

import numpy as np
import pandas as pd
import population as world
from scipy.special import ndtr

# fmt: off
STAGES = ("recognise", "search", "compare", "decide", "use", "feedback")
PHASES = ("before", "before", "before", "during", "during", "after")
JOURNEYS, OWN_CHANNEL, SCORED = 6_000, .90, .60    # share of contacts in the customer's own channel; with a score
SKIP, LOOP = .25, .18      # from search straight to decide; from decide back to search, the first time
# stage, channel: touchpoint, share of visits that end the journey, mean of the latent score (cut at -1.6, -.9, -.2, .8)
TOUCHPOINTS = {
    ("recognise", "digital"): ("social", .07, .15), ("recognise", "traditional"): ("flyer", .12, -.05),
    ("search", "digital"): ("web", .08, .20), ("search", "traditional"): ("shop_visit", .06, .35),
    ("compare", "digital"): ("app", .09, .10), ("compare", "traditional"): ("advisor", .06, .45),
    ("decide", "digital"): ("checkout_app", .40, -1.10), ("decide", "traditional"): ("checkout_shop", .07, .30),
    ("use", "digital"): ("delivery", .15, -.10), ("use", "traditional"): ("pickup", .12, .40),
    ("feedback", "digital"): ("survey_link", 1, .10), ("feedback", "traditional"): ("call_centre", 1, -.15)}
SCORE_CUTS = np.array([-1.6, -.9, -.2, .8])
MAP_EXPECTED = {"digital": .6, "traditional": .4}  # as the client drew it: every customer once through every stage
# fmt: on


def journey(rng, own):
    """Stage, channel and score of one customer's contacts, from recognise until the journey ends."""
    at, looped, path = 0, False, []
    while True:
        channel = own if rng.random() < OWN_CHANNEL else world.CHANNELS[own == "digital"]
        touchpoint, ends, mood = TOUCHPOINTS[STAGES[at], channel]
        score = int(np.searchsorted(SCORE_CUTS, mood + rng.standard_normal())) + 1 if rng.random() < SCORED else None
        path.append((touchpoint, channel, STAGES[at], score))
        if rng.random() < ends:
            return path
        turn = rng.random()
        if STAGES[at] == "decide" and not looped and turn < LOOP:
            at, looped = 1, True
        else:
            at += 2 if STAGES[at] == "search" and turn < SKIP else 1


def events(rng, customers):
    """Contacts of 6,000 customers, one journey each, from January to June 2026."""
    staying = customers[customers["left"].isna() & (customers["segment"] == "b2c")]
    rows = []
    for _, customer in staying.iloc[np.sort(rng.choice(len(staying), JOURNEYS, replace=False))].iterrows():
        when = np.datetime64("2026-01-01T08:00") + rng.integers(0, 170) * 1440 + rng.integers(0, 720)
        for contact in journey(rng, customer["channel"]):
            rows.append((customer["customer_id"], when, *contact))
            when = when + rng.integers(30, 3 * 1440)
    table = pd.DataFrame(rows, columns=["customer_id", "when", "touchpoint", "channel", "stage", "score"])
    return table.assign(score=table["score"].astype("Int64"))


def drawn_map():
    """The journey map as the client drew it: one line, no way back, nobody skips."""
    order = {stage: i for i, stage in enumerate(STAGES)}
    rows = [
        (stage, order[stage] + 1, PHASES[order[stage]], name, channel, MAP_EXPECTED[channel])
        for (stage, channel), (name, _, _) in TOUCHPOINTS.items()
    ]
    return pd.DataFrame(rows, columns=["stage", "order", "phase", "touchpoint", "channel", "expected"])


def visits(own):
    """Expected contacts at each touchpoint for a customer of the digital or traditional channel (a Markov chain)."""
    share = {c: OWN_CHANNEL if c == own else 1 - OWN_CHANNEL for c in world.CHANNELS}
    goes_on = {s: sum(share[c] * (1 - TOUCHPOINTS[s, c][1]) for c in world.CHANNELS) for s in STAGES}

    def from_search(first):
        """Visits to search, compare, decide, use, feedback, starting at search."""
        compare = goes_on["search"] * (1 - SKIP)
        decide = goes_on["search"] * SKIP + compare * goes_on["compare"]
        back = decide * goes_on["decide"] * LOOP if first else 0
        use = decide * goes_on["decide"] - back
        seen = np.array([1, compare, decide, use, use * goes_on["use"]])
        return seen + back * from_search(False) if first else seen

    total = dict(zip(STAGES, [1, *(goes_on["recognise"] * from_search(True))], strict=True))
    return {name: total[stage] * share[channel] for (stage, channel), (name, _, _) in TOUCHPOINTS.items()}


def truth():
    """What is planted in the journeys."""
    score = {name: 1 + ndtr(mood - SCORE_CUTS).sum() for name, _, mood in TOUCHPOINTS.values()}
    return {
        "worst_touchpoint": "checkout_app",
        "skips_compare": SKIP,
        "loops_back_from_decide": LOOP,
        "what": "skips_compare: of visits to search that go on; loops_back_from_decide: of first visits to "
        "decide that go on; ends_journey: share of visits after which no contact follows",
        "ends_journey": {name: ends for name, ends, _ in TOUCHPOINTS.values()},
        "mean_score": score,
        "contacts_per_customer": {own: visits(own) for own in world.CHANNELS},
    }
