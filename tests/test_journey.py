"""Stages, touchpoints and the touchpoint audit.

Oracles: logs of a few contacts counted by hand, statsmodels' Wilson interval, a cluster-robust ratio of statsmodels'
GEE-free least squares, pandas alone on the demo's files, the parameters of the demo's chain, and simulation.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import yaml
from journey_log import STAGES, later, line, simulated, truth, written
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from cxlib import CxError, Study, contacts, journey
from cxlib.survival import median, survival

DEMO = Path(__file__).resolve().parent.parent / "data/demo"
TRUTH = yaml.safe_load((DEMO / "truth.yml").read_text(encoding="utf-8"))["journey"]
FATES = ["estimate", "back", "aside", "ended"]


@pytest.fixture(scope="module")
def demo() -> Study:
    return Study.load(DEMO)


@pytest.fixture(scope="module")
def log(demo) -> contacts.Journeys:
    return contacts.journeys(demo.table("events"), order=STAGES)


@pytest.fixture(scope="module")
def stages(demo, log) -> pd.DataFrame:
    return journey.stages(log, demo.table("map"), complaints=demo.table("complaints")).set_index("stage")


def of(*journeys: str, stages="a b c d") -> pd.DataFrame:
    return journey.stages(contacts.journeys(later(written(*journeys))), line(stages)).set_index("stage")


# -- by hand ---------------------------------------------------------------------------------------------------------


def test_what_visits_lead_to_is_counted_by_hand():
    """a is visited five times (two contacts in a row are one visit): on to b, b, c, and twice to nothing, one of these
    after coming back from c. b leads to c, to x (not in the map) and to nothing; c back to a, and to nothing."""
    rows = of("a a b c a", "a b b x", "a c", "b")
    assert rows.loc["a", ["customers", "contacts", "visits", "n"]].tolist() == [4, 6, 5, 4]
    assert rows.index.tolist() == ["a", "b", "c", "d", "x"]
    assert rows.loc["a", FATES].tolist() == pytest.approx([75, 0, 0, 25])
    assert rows.loc["b", FATES].tolist() == pytest.approx([100 / 3, 0, 100 / 3, 100 / 3])
    assert rows.loc["c", FATES].tolist() == pytest.approx([0, 50, 0, 50])
    assert rows.loc["x", FATES].tolist() == pytest.approx([0, 0, 0, 100])
    assert rows.loc["d", ["customers", "contacts", "visits", "n"]].tolist() == [0, 0, 0, 0]
    assert rows.loc["d", FATES].isna().all()
    assert np.isnan(rows.loc["x", "order"])


def test_contacts_too_near_the_end_of_the_log_are_not_followed():
    """19 of 20 gaps are a day, one is 10: the usual gap is a day. c2's last two contacts lie within it."""
    events = pd.concat([written(" ".join("ab" * 10)), written("a a").assign(customer="z")], ignore_index=True)
    events.loc[events["customer"] == "z", "when"] = pd.to_datetime(["2026-01-10", "2026-01-20"])
    made = contacts.journeys(events)
    assert made.usual_gap == pd.Timedelta(days=1)
    rows = journey.stages(made, line("a b")).set_index("stage")
    # b of the 20th has nothing after it, but the log ends there; a of the 19th was followed for just a day.
    assert rows.loc["b", ["visits", "n", "back", "ended"]].tolist() == pytest.approx([10, 9, 100, 0])
    assert rows.loc["a", ["visits", "n", "estimate"]].tolist() == pytest.approx([11, 10, 100])


def test_shares_of_single_visits_have_wilsons_interval():
    rows = of(*["a b"] * 13, *["a"] * 7)
    low, high = proportion_confint(13, 20, method="wilson")
    assert rows.loc["a", ["n", "n_effective"]].tolist() == pytest.approx([21 - 1, 20])
    assert rows.loc["a", ["estimate", "low", "high"]].tolist() == pytest.approx([65, 100 * low, 100 * high])
    assert rows.loc["a", "se"] == pytest.approx(100 * np.sqrt(0.65 * 0.35 / 19))


def test_customers_are_clusters():
    """Oracle: least squares on a constant with cluster-robust errors (statsmodels), C / (C - 1) for its own factor."""
    rng = np.random.default_rng(5)
    journeys = []
    for _ in range(60):
        faithful = rng.random() < 0.5  # some come back to a again and again, others go on
        journeys.append(
            " ".join(
                rng.choice(["a", "b", "c"], 1 + rng.integers(1, 9), p=[0.6, 0.3, 0.1] if faithful else [0.2, 0.4, 0.4])
            )
        )
    events = later(written(*journeys)).assign(
        score=lambda t: np.where(
            rng.random(len(t)) < 0.7, rng.integers(1, 6, len(t)) + t["customer"].str[1:].map(hash).mod(3), np.nan
        )
    )
    events.loc[events.index[-1], "score"] = np.nan
    rows = journey.stages(contacts.journeys(events), line("a b c")).set_index("stage")
    events["next"] = events.groupby("customer")["stage"].shift(-1)
    visits = events[(events["stage"] == "a") & (events["next"] != "a") & (events["customer"] != "later")]

    def robust(y, groups):
        fit = sm.OLS(y, np.ones(len(y))).fit(
            cov_type="cluster", cov_kwds={"groups": pd.factorize(groups)[0], "use_correction": False}
        )
        n = groups.nunique()
        return (
            fit.params.iloc[0] if hasattr(fit.params, "iloc") else fit.params[0],
            np.sqrt(n / (n - 1)) * np.asarray(fit.bse)[0],
            n,
        )

    for column, y in (("estimate", visits["next"].isin(["b", "c"])), ("ended", visits["next"].isna())):
        wanted, se, _ = robust(y.to_numpy(float), visits["customer"])
        assert rows.loc["a", column] == pytest.approx(100 * wanted)
        if column == "estimate":
            assert rows.loc["a", "se"] == pytest.approx(100 * se)
    scored = events[(events["stage"] == "a")].dropna(subset="score")
    wanted, se, n = robust(scored["score"].to_numpy(), scored["customer"])
    half = stats.t.ppf(0.975, n - 1) * se
    assert rows.loc["a", ["score", "score_se", "score_low", "score_high"]].tolist() == pytest.approx(
        [wanted, se, wanted - half, wanted + half]
    )


def test_days_are_those_of_the_kaplan_meier_curve():
    """Visits of two and three contacts count from the first of them, whoever has not gone on is censored at the end.

    Oracle: survival() of durations written down by hand."""
    rows = of("a a b", "a b", "a a a c", "b a", "a")
    end = 100.0 + 3
    waits = pd.DataFrame({"days": [2, 1, 3, end - 1, end, 0], "went": [1, 1, 1, 0, 0, 0]})
    wanted = median(survival(waits, duration="days", event="went")).iloc[0]
    assert rows.loc["a", "days"] == pytest.approx(wanted["estimate"])
    assert rows.loc["a", "days_low"] == pytest.approx(wanted["low"])


def test_complaints_within_so_many_days_of_a_contact():
    """Contacts on 1 January: who complained on the 31st did so within 30 days, who did on 1 February did not; who was
    contacted later than 30 days before the last complaint is not in the base."""
    events = later(written("a", "a", "a", "a"))
    filed = pd.DataFrame(
        {
            "complainer": ["c1", "c2", "c1", "x", None],
            "when": pd.to_datetime(["2026-01-31", "2026-02-01", "2026-01-01", "2026-02-20", "2026-01-02"]),
        }
    )
    made = contacts.journeys(events)
    row = journey.stages(made, line("a"), complaints=filed).iloc[0]
    low, high = proportion_confint(1, 4, method="wilson")
    assert row["complaint_n"] == 4
    assert row[["complaint", "complaint_low", "complaint_high"]].tolist() == pytest.approx([25, 100 * low, 100 * high])
    assert journey.stages(made, line("a"), complaints=filed, days=31).iloc[0]["complaint"] == 50
    assert journey.stages(made, line("a"), complaints=filed, days=60).iloc[0]["complaint_n"] == 0
    assert journey.stages(made, line("a")).iloc[0]["complaint_n"] == 0
    with pytest.raises(CxError, match="within a number of days, 1 or more; found 0"):
        journey.stages(made, line("a"), days=0)


def test_touchpoints_follow_each_other_at_a_stage():
    """x is followed by y at the same stage twice and by b once; y by b, and by nothing."""
    drawn = pd.DataFrame(
        {"stage": ["a", "a", "b"], "order": [1, 1, 2], "touchpoint": ["y", "x", "b"], "channel": "digital"}
    )
    made = contacts.journeys(later(written("a/x a/x a/y b", "a/x a/y", "a/x b")))
    rows = journey.touchpoints(made, drawn).set_index("touchpoint")
    assert rows.index.tolist() == ["y", "x", "b"]
    assert rows.loc["x", ["contacts", "visits", "n", "estimate", "stays"]].tolist() == pytest.approx(
        [5, 4, 3, 100 / 3, 200 / 3]
    )
    assert rows.loc["y", ["n", "estimate", "ended"]].tolist() == pytest.approx([2, 50, 50])


def test_bad_calls_are_refused():
    made = contacts.journeys(written("a b"))
    with pytest.raises(CxError, match=r"confidence lies between 0 and 1, e.g. 0.95; found 95"):
        journey.stages(made, line("a b"), confidence=95)
    with pytest.raises(
        CxError, match="a map of touchpoints needs the columns stage, touchpoint, channel; channel is missing"
    ):
        journey.touchpoints(made, line("a b").drop(columns="channel"))
    with pytest.raises(CxError, match="an audit needs the contacts that the map expects"):
        journey.audit(made, line("a b"))
    with pytest.raises(CxError, match=r"expected contacts are 0 or more; 1 are not, e.g. -1"):
        journey.audit(made, line("a b", expected=[-1, 1]))


def test_one_customer_has_numbers_but_no_intervals():
    row = journey.stages(contacts.journeys(written("a=3")), line("a")).iloc[0]
    assert (row["n"], row["ended"], row["score"]) == (1, 100, 3)
    assert row[["low", "high", "score_low", "days"]].isna().all()


# -- the audit -------------------------------------------------------------------------------------------------------


def test_the_audit_by_hand():
    """Expected are a once and b once, both together twice. a: c1 has 3, c2 none, c3 and c4 one each; c5, still on its
    way at the end of the log, is left out. Churn: c1 and c4 left; score: c1 has 1 and 3, c3 and c4 have 4 and 5."""
    events = written("a=1 a=3 a b", "b", "a=4 b", "a=5 b")
    last = written("a").assign(customer="c5", when=pd.Timestamp("2026-03-01"))
    people = pd.DataFrame(
        {"customer": ["c1", "c2", "c3", "c4"], "left": pd.to_datetime(["2027-01-01", None, None, "2027-01-01"])}
    )
    made = contacts.journeys(pd.concat([events, last], ignore_index=True))
    rows = journey.audit(made, line("a b", expected=[1.0, 1.0]), customers=people)
    assert rows["level"].tolist() == ["journey", "stage", "stage", "touchpoint", "touchpoint"]
    a = rows.iloc[1]
    assert a[["expected", "estimate", "n", "fewer", "more"]].tolist() == [1, 1.25, 4, 1, 1]
    sd = np.std([3, 0, 1, 1], ddof=1)
    half = stats.t.ppf(0.975, 3) * sd / 2
    assert a[["low", "high", "verdict"]].tolist() == [
        pytest.approx(1.25 - half),
        pytest.approx(1.25 + half),
        "as expected",
    ]
    assert a["more_share"] == 25
    assert a["more_churn"] == pytest.approx(100 - 50)
    assert a["fewer_churn"] == pytest.approx(0 - 50)
    assert a["more_score"] == pytest.approx(2 - 4.5)
    assert np.isnan(a["fewer_score"])
    whole = rows.iloc[0]
    assert whole[["expected", "estimate", "fewer", "more"]].tolist() == [2, 9 / 4, 1, 1]
    b = rows.iloc[2]
    assert b[["estimate", "fewer", "more", "verdict"]].tolist() == [1, 0, 0, "as expected"]


def test_churn_differences_have_newcombes_interval():
    """Oracle: the example of Newcombe (1998), method 10: 56/70 less 48/80 is .2, .0524 to .3339."""
    from cxlib import ratios

    one, other = (ratios.of_customers(x, n, confidence=0.95) for x, n in ((56, 70), (48, 80)))
    away = ratios.difference(one, other)
    assert [float(away[k]) for k in ("estimate", "low", "high")] == pytest.approx([20, 5.24, 33.39], abs=0.15)


# -- the demo --------------------------------------------------------------------------------------------------------


def test_the_demo_by_pandas_alone(demo, log, stages):
    """Oracle: shift() of the demo's table; the visits followed are those up to the usual gap before the last one."""
    events = pd.read_csv(DEMO / "events.csv", parse_dates=["when"]).sort_values(["customer_id", "when"])
    after = events.groupby("customer_id")["stage"].shift(-1)
    place = {stage: i for i, stage in enumerate(STAGES)}
    here, there = events["stage"].map(place), after.map(place)
    followed = events["when"] <= log.until
    for stage in STAGES:
        rows = (events["stage"] == stage) & followed
        wanted = [(there > here)[rows].mean(), (there < here)[rows].mean(), 0, there[rows].isna().mean()]
        assert stages.loc[stage, FATES].tolist() == pytest.approx([100 * share for share in wanted])
        assert stages.loc[stage, "n"] == rows.sum()
        scored = events.loc[events["stage"] == stage, "score"]
        assert stages.loc[stage, "score"] == pytest.approx(scored.mean())
        digital = events.loc[events["stage"] == stage, "channel"].eq("digital").mean()
        assert stages.loc[stage, "channel.digital"] == pytest.approx(100 * digital)
    mix = stages[["channel.digital", "channel.traditional"]].sum(axis=1)
    assert mix.tolist() == pytest.approx([100] * 6)


def test_complaints_of_the_demo_by_pandas_alone(demo, stages):
    events = pd.read_csv(DEMO / "events.csv", parse_dates=["when"])
    filed = pd.read_csv(DEMO / "complaints.csv", parse_dates=["when"])
    both = events.merge(filed[["customer_id", "when"]], on="customer_id", suffixes=("", "_filed"))
    wait = (both["when_filed"] - both["when"].dt.normalize()).dt.days
    both = both[wait.between(0, 30)]
    for stage in STAGES:
        n = events.loc[events["stage"] == stage, "customer_id"].nunique()
        x = both.loc[both["stage"] == stage, "customer_id"].nunique()
        assert stages.loc[stage, ["complaint", "complaint_n"]].tolist() == pytest.approx([100 * x / n, n])


def test_touchpoints_of_the_demo_hold_the_planted_ends_and_scores(demo, log):
    """Oracle: truth.yml. 12 intervals of 95% for either: two may miss."""
    rows = journey.touchpoints(log, demo.table("map")).set_index("touchpoint")
    ends = pd.Series(TRUTH["ends_journey"])[rows.index] * 100
    scores = pd.Series(TRUTH["mean_score"])[rows.index]
    assert ((ends >= rows["ended_low"]) & (ends <= rows["ended_high"])).sum() >= 10
    assert ((scores >= rows["score_low"]) & (scores <= rows["score_high"])).sum() >= 10
    assert rows["ended"].drop(["survey_link", "call_centre"]).idxmax() == TRUTH["worst_touchpoint"]


@pytest.mark.parametrize("own", ["digital", "traditional"])
def test_contacts_per_customer_are_the_planted_ones(demo, own):
    """Oracle: truth.yml, the chain's expected visits for a customer of the channel; two of 12 intervals may miss."""
    people = demo.table("customers")
    there = people.loc[people["channel"].astype(str).str.lower() == own, "customer"]
    events = demo.table("events")
    rows = journey.audit(contacts.journeys(events[events["customer"].isin(there)]), demo.table("map"))
    rows = rows[rows["level"] == "touchpoint"].set_index("touchpoint")
    wanted = pd.Series(TRUTH["contacts_per_customer"][own])[rows.index]
    assert ((wanted >= rows["low"]) & (wanted <= rows["high"])).sum() >= 10


# -- simulation ------------------------------------------------------------------------------------------------------


def coverage(first_seed: int, samples: int, customers=1000) -> pd.DataFrame:
    """How often the intervals of stages() hold the chain's truth: stage, what, samples, share."""
    drawn = Study.load(DEMO).table("map")
    wanted, hits = truth(), {}
    for sample in range(samples):
        rows = journey.stages(
            contacts.journeys(simulated(customers, first_seed + sample), order=STAGES), drawn
        ).set_index("stage")
        for what, low, high in (
            ("estimate", "low", "high"),
            ("ended", "ended_low", "ended_high"),
            ("back", "back_low", "back_high"),
        ):
            for stage in STAGES[:-1] if what != "back" else ["decide"]:
                hit = rows.loc[stage, low] <= wanted.loc[stage, what] <= rows.loc[stage, high]
                hits.setdefault((stage, what), []).append(hit)
    frame = pd.DataFrame([(*key, len(found), np.mean(found)) for key, found in hits.items()])
    return frame.set_axis(["stage", "what", "samples", "share"], axis=1)


def test_intervals_of_a_few_simulated_logs_hold_the_truth():
    """The small form of the soak: 20 logs x 11 intervals; 88% together is three standard errors below 95%."""
    found = coverage(7, 20)
    assert found["samples"].eq(20).all()
    assert 0.88 < found["share"].mean() <= 1


def test_channels_of_any_name_are_told_apart():
    """By hand: a third of the contacts each; an engine without cases, or a quotation mark, must not matter."""
    names = ["Web", "web", 'we"b']
    events = pd.DataFrame(
        {
            "customer": ["x", "y", "z"] * 2,
            "when": pd.to_datetime(["2026-01-01"] * 3 + ["2026-01-09"] * 3),
            "touchpoint": "t",
            "channel": names * 2,
            "stage": ["a"] * 3 + ["b"] * 3,
            "score": 1.0,
        }
    )
    rows = journey.stages(contacts.journeys(events), line("a b")).set_index("stage")
    assert rows.loc["a", [f"channel.{name}" for name in names]].tolist() == pytest.approx([100 / 3] * 3)
