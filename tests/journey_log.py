"""Contact logs for the tests of journeys: a few contacts written by hand, and many drawn from the demo's chain.

The chain is that of data/demo/journeys.py, drawn for all customers at once: whoever goes on from a stage is moved on in
one array operation.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

DEMO = Path(__file__).resolve().parent.parent / "data/demo"
sys.path.insert(0, str(DEMO))
import journeys as world  # noqa: E402

STAGES = list(world.STAGES)
CHANNELS = ["digital", "traditional"]
DIGITAL = 0.55  # share of customers whose own channel is digital
START, STARTS_WITHIN = np.datetime64("2026-01-01T08:00"), 170 * 1440  # minutes


def written(*journeys: str, channel="digital") -> pd.DataFrame:
    """A log of journeys written as "a b c": customer c1, c2, …; a contact a day from 2026-01-01; a is stage and
    touchpoint, a/x the touchpoint x of stage a, and a=4 scores 4."""
    rows = []
    for i, journey in enumerate(journeys, 1):
        for day, word in enumerate(journey.split()):
            place, _, score = word.partition("=")
            stage, _, touchpoint = place.partition("/")
            when = pd.Timestamp("2026-01-01") + pd.Timedelta(days=day)
            rows.append((f"c{i}", when, touchpoint or stage, channel, stage, float(score) if score else np.nan))
    return pd.DataFrame(rows, columns=["customer", "when", "touchpoint", "channel", "stage", "score"])


def later(log: pd.DataFrame) -> pd.DataFrame:
    """The log and, 100 days after, a contact of somebody else at the first stage: all before is followed."""
    last = log.iloc[[0]].assign(customer="later", when=log["when"].max() + pd.Timedelta(days=100), score=np.nan)
    return pd.concat([log, last], ignore_index=True)


def line(stages: str, **columns) -> pd.DataFrame:
    """A map of these stages in a row, each with a digital touchpoint of its own name."""
    names = stages.split()
    frame = pd.DataFrame({"stage": names, "order": range(1, len(names) + 1), "touchpoint": names, "channel": "digital"})
    return frame.assign(**columns)


def simulated(customers: int, seed: int) -> pd.DataFrame:
    """The contacts of so many customers, as the demo's chain draws them."""
    rng = np.random.default_rng(seed)
    ends = np.array([[world.TOUCHPOINTS[stage, channel][1] for channel in CHANNELS] for stage in STAGES])
    mood = np.array([[world.TOUCHPOINTS[stage, channel][2] for channel in CHANNELS] for stage in STAGES])
    own = (rng.random(customers) > DIGITAL).astype(int)
    who, at, looped = np.arange(customers), np.zeros(customers, int), np.zeros(customers, bool)
    when = rng.integers(0, STARTS_WITHIN, customers)
    parts = []
    while len(who):
        channel = np.where(rng.random(len(who)) < world.OWN_CHANNEL, own[who], 1 - own[who])
        latent = mood[at, channel] + rng.standard_normal(len(who))
        score = np.where(rng.random(len(who)) < world.SCORED, 1 + np.searchsorted(world.SCORE_CUTS, latent), np.nan)
        parts.append(np.column_stack([who, when, at, channel, score]))
        on = rng.random(len(who)) >= ends[at, channel]
        who, when, at, looped = who[on], when[on] + rng.integers(30, 3 * 1440, on.sum()), at[on], looped[on]
        turn = rng.random(len(who))
        back = (at == 3) & ~looped & (turn < world.LOOP)
        at = np.where(back, 1, at + np.where((at == 1) & (turn < world.SKIP), 2, 1))
        looped |= back
    rows = np.concatenate(parts)
    at, channel = rows[:, 2].astype(int), rows[:, 3].astype(int)
    touchpoints = np.array([[world.TOUCHPOINTS[stage, c][0] for c in CHANNELS] for stage in STAGES], dtype=object)
    return pd.DataFrame(
        {
            "customer": rows[:, 0].astype(int),
            "when": START + rows[:, 1].astype("timedelta64[m]"),
            "touchpoint": touchpoints[at, channel],
            "channel": np.array(CHANNELS, dtype=object)[channel],
            "stage": np.array(STAGES, dtype=object)[at],
            "score": rows[:, 4],
        }
    )


def truth() -> pd.DataFrame:
    """By stage: the shares of visits that end, move on and go back, in percent, from the chain's parameters alone."""
    share = {"digital": DIGITAL, "traditional": 1 - DIGITAL}
    visits = {own: world.visits(own) for own in share}
    rows = []
    for stage in STAGES:
        here = {channel: world.TOUCHPOINTS[stage, channel] for channel in CHANNELS}
        seen = {c: sum(share[own] * visits[own][here[c][0]] for own in share) for c in CHANNELS}
        ended = sum(seen[c] * here[c][1] for c in CHANNELS) / sum(seen.values())
        rows.append({"stage": stage, "ended": 100 * ended, "back": 0.0})
    frame = pd.DataFrame(rows).set_index("stage")
    frame.loc["decide", "back"] = 100 * _back(share)
    return frame.assign(estimate=100 - frame["ended"] - frame["back"])


def _back(share: dict[str, float]) -> float:
    """Of the visits to decide, the share that lead back to search: LOOP of those first ones that go on."""
    first = second = gone_back = 0.0
    for own, weight in share.items():
        goes_on = {
            stage: sum(
                (world.OWN_CHANNEL if c == own else 1 - world.OWN_CHANNEL) * (1 - world.TOUCHPOINTS[stage, c][1])
                for c in CHANNELS
            )
            for stage in STAGES
        }
        from_search = goes_on["search"] * (world.SKIP + (1 - world.SKIP) * goes_on["compare"])
        reached = weight * goes_on["recognise"] * from_search
        returned = reached * goes_on["decide"] * world.LOOP
        first, gone_back, second = first + reached, gone_back + returned, second + returned * from_search
    return gone_back / (first + second)
