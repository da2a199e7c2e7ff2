"""Kaplan-Meier curves, medians, the log-rank test, restricted mean lifetimes and what they are worth.

Oracles: the reference numbers beside the project (skipped where that folder is absent), R's survival on customers made
by a formula (tests/reference/survival.R), hand calculation, algebra, and simulation with a known truth.
"""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import simulate_survival

from cxlib import CxError
from cxlib.lifetime import mean_lifetime, mean_lifetime_differences, value
from cxlib.survival import at, log_rank, median, survival

ROOT = Path(__file__).resolve().parents[1]
LUNG = ROOT / "../shared/reference/lung.csv"
HOW = {"duration": "exit", "event": "event"}
LATE = {"entry": "entry"}
CASES = {"plain": {}, "late": LATE, "start": LATE | {"start": 20}}


@pytest.fixture(scope="module")
def patients():
    if not LUNG.is_file():
        pytest.skip("needs ../shared/reference/lung.csv, which is not part of the project")
    frame = pd.read_csv(LUNG)
    return frame.assign(died=frame["status"] - 1)


@pytest.fixture(scope="module")
def customers():
    """The customers of tests/reference/survival.R, by its formula."""
    i = np.arange(1, 301)
    entry, group = np.maximum(0, (i * 37) % 60 - 30), np.array(["a", "b", "c"])[(i * i + i // 5) % 3]
    stay = 1 + (i * i * 13) % 97 * np.where(group == "a", 1, 0.5)
    return pd.DataFrame({"entry": entry, "exit": entry + stay, "event": (i % 7 < 4).astype(int), "group": group})


@pytest.fixture(scope="module")
def r():
    """What R printed, by case, group and statistic: values by time."""
    return pd.read_csv(ROOT / "tests/reference/survival.csv").set_index(["case", "group", "statistic"]).sort_index()


def curve(times, events, **more) -> pd.DataFrame:
    return survival(pd.DataFrame({"t": times, "e": events, **more}), duration="t", event="e", **dict.fromkeys(more))


# -- the reference numbers ---------------------------------------------------------------------------------------


def test_lung_cancer(patients):
    """The reference numbers; the other limits by summary(survfit(…, conf.type = "log-log")) of R survival 3.5.3."""
    curves = survival(patients, duration="time", event="died")
    found = at(curves, [90, 180, 365, 730])
    np.testing.assert_allclose(found["estimate"], [0.8815789474, 0.7216706534, 0.4092416245, 0.1156930983], atol=5e-11)
    limits = found.loc[2, ["low", "high"]].astype(float)
    np.testing.assert_allclose(limits, [0.3387142691, 0.4783807676], atol=5e-11)
    middle = median(curves).iloc[0]
    assert middle[["estimate", "low", "high", "n", "events"]].tolist() == [310, 284, 361, 228, 165]
    by_sex = median(survival(patients, duration="time", event="died", by="sex"))
    assert by_sex[["estimate", "low", "high"]].to_numpy().tolist() == [[270, 210, 306], [426, 345, 524]]


def test_log_rank_of_lung_cancer_by_sex(patients):
    row = log_rank(patients, duration="time", event="died", by="sex").iloc[0]
    assert row["chi2"] == pytest.approx(10.32674195, abs=5e-9)
    assert (row["df"], row["n"], row["events"], row["groups"]) == (1, 228, 165, 2)
    assert row["p"] == pytest.approx(0.001311, abs=5e-7), "survdiff prints p= 0.001"


# -- R -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
def test_every_row_of_the_curves_is_that_of_r(customers, r, case):
    """R has no limits where nobody has left, and neither limits nor error where all have."""
    curves = survival(customers, by="group", **HOW, **CASES[case])
    for group in "abc":
        mine = curves[(curves["group"] == group) & (curves["events"] + curves["censored"] > 0)]
        for name in ("estimate", "se", "low", "high", "at_risk"):
            theirs = r.loc[(case, group, name)]
            np.testing.assert_allclose(mine["time"], theirs["time"], rtol=1e-12)
            wanted = theirs["value"].to_numpy()
            given = ~np.isnan(wanted)
            assert given.mean() > 0.85
            np.testing.assert_allclose(mine[name].to_numpy()[given], wanted[given], rtol=1e-10, err_msg=name)


@pytest.mark.parametrize("case", CASES)
def test_medians_are_those_of_r(customers, r, case):
    found = median(survival(customers, by="group", **HOW, **CASES[case])).set_index("group")
    for group in "abc":
        wanted = [r.loc[(case, group, f"median{part}"), "value"].item() for part in ("", "_low", "_high")]
        np.testing.assert_allclose(found.loc[group, ["estimate", "low", "high"]].astype(float), wanted)


@pytest.mark.parametrize("case", ["plain", "late"])
@pytest.mark.parametrize("horizon", [30, 60])
def test_restricted_means_and_their_errors_are_those_of_r(customers, r, case, horizon):
    """summary(fit, rmean = horizon)."""
    found = mean_lifetime(survival(customers, by="group", **HOW, **CASES[case]), horizon=horizon).set_index("group")
    for group in "abc":
        for mine, theirs in (("estimate", "rmean"), ("se", "rmean_se")):
            rows = r.loc[(case, group, theirs)]
            wanted = rows.loc[rows["time"] == horizon, "value"].iloc[0]
            assert found.loc[group, mine] == pytest.approx(wanted, rel=1e-10)


def test_log_rank_of_three_groups_is_that_of_r(customers, r):
    """survdiff; with late entry the score test of coxph, whose exits are told apart."""
    plain = log_rank(customers, by="group", **HOW).iloc[0]
    assert (plain["chi2"], plain["df"]) == (pytest.approx(r.loc[("plain", "all", "score"), "value"].item()), 2)
    apart = customers.assign(exit=customers["exit"] + np.arange(1, 301) / 1000)
    late = log_rank(apart, by="group", **HOW, **LATE).iloc[0]
    assert late["chi2"] == pytest.approx(r.loc[("late", "all", "score"), "value"].item())


# -- algebra -----------------------------------------------------------------------------------------------------


def test_a_lifetime_cut_in_two_is_the_same_lifetime(customers):
    """(0, 40] and (40, exit] with late entry count as (0, exit] does."""
    long = customers["exit"] > 40
    first = customers.assign(entry=0.0, exit=customers["exit"].clip(upper=40), event=customers["event"].where(~long, 0))
    second = customers[long].assign(entry=40.0)
    cut = survival(pd.concat([first, second]), by="group", **HOW, **LATE)
    whole = survival(customers, by="group", **HOW)
    times = np.arange(0, 90, 0.5)
    columns = ["estimate", "low", "high", "se"]
    pd.testing.assert_frame_equal(at(cut, times)[columns], at(whole, times)[columns])
    rank = [
        log_rank(frame, by="group", **HOW, **how)["chi2"][0]
        for frame, how in ((customers, {}), (pd.concat([first, second]), LATE))
    ]
    assert rank[0] == pytest.approx(rank[1])


def test_equal_customers_may_be_one_row(customers):
    counted = customers.value_counts().rename("many").reset_index()
    twice = pd.concat([customers, customers])
    one = survival(counted.assign(many=2 * counted["many"]), by="group", counts="many", **HOW, **LATE)
    pd.testing.assert_frame_equal(one, survival(twice, by="group", **HOW, **LATE))


def test_any_frame_will_do_and_the_order_of_rows_does_not_matter(customers):
    one = survival(customers, by="group", **HOW, **LATE)
    other = survival(pl.from_pandas(customers.sample(frac=1, random_state=1)), by="group", **HOW, **LATE)
    pd.testing.assert_frame_equal(one, other, check_dtype=False)


def test_without_censoring_the_curve_is_the_share_still_there():
    """Its error is that of a share, sqrt(p (1 - p) / n), and the effective number is n."""
    times = np.repeat([1, 2, 3, 5, 8], [3, 5, 8, 13, 21])
    rows = curve(times, 1).query("estimate < 1 and estimate > 0")
    share = np.array([(times > t).mean() for t in rows["time"]])
    np.testing.assert_allclose(rows["estimate"], share)
    np.testing.assert_allclose(rows["se"], np.sqrt(share * (1 - share) / 50))
    np.testing.assert_allclose(rows["n_effective"], 50)
    mean = mean_lifetime(curve(times, 1), horizon=6).iloc[0]
    assert mean["estimate"] == pytest.approx(np.minimum(times, 6).mean())
    assert mean["se"] == pytest.approx(np.minimum(times, 6).std() / np.sqrt(50))
    assert mean["n_effective"] == pytest.approx(50)


def test_times_that_differ_by_rounding_are_one():
    """R: Surv(c(.3, .1 + .2, .4), c(1, 0, 1)) has the times 0.3 (3 at risk, 1 event) and 0.4 (1 at risk)."""
    rows = curve([0.3, 0.1 + 0.2, 0.4], [1, 0, 1])
    assert rows["time"].tolist() == [0, 0.3, 0.4]
    assert rows["at_risk"].tolist() == [3, 3, 1]
    np.testing.assert_allclose(rows["estimate"], [1, 2 / 3, 0])
    assert at(rows, 0.1 + 0.2)["at_risk"][0] == 3


# -- the edges ---------------------------------------------------------------------------------------------------


def test_nobody_left_has_an_interval_all_the_same():
    """Wilson's low limit of n out of n is n / (n + z squared); the median is not reached."""
    rows = curve([1, 2, 3], 0)
    z2 = 1.959963984540054**2
    np.testing.assert_allclose(rows["low"], [1, 3 / (3 + z2), 2 / (2 + z2), 1 / (1 + z2)])
    assert rows[["estimate", "high"]].eq(1).all(axis=None)
    assert np.isnan(median(rows)["estimate"][0])
    mean = mean_lifetime(rows, horizon=3).iloc[0]
    assert (mean["estimate"], mean["high"], mean["se"]) == (3, 3, 0)
    assert mean["low"] == pytest.approx(1 + 3 / (3 + z2) + 2 / (2 + z2))


def test_one_customer():
    left, stayed = curve([5], [1]), curve([5], [0])
    assert left[["time", "estimate", "low", "high"]].to_numpy().tolist() == [[0, 1, 1, 1], [5, 0, 0, 1]]
    assert stayed["estimate"].tolist() == [1, 1]
    assert (median(left)["estimate"][0], at(left, 99)["estimate"][0]) == (5, 0)
    assert np.isnan(at(stayed, 99)["estimate"][0])


def test_customers_who_leave_at_once():
    """R: Surv(c(0, 2, 3, 4), c(1, 0, 1, 1)): .75 at 0 (limits .128, .961), .375 at 3 (.011, .808), 0 at 4."""
    rows = curve([0, 2, 3, 4], [1, 0, 1, 1])
    np.testing.assert_allclose(rows["estimate"], [0.75, 0.75, 0.375, 0])
    np.testing.assert_allclose(rows["low"], [0.128, 0.128, 0.011, 0], atol=5e-4)
    np.testing.assert_allclose(rows["high"], [0.961, 0.961, 0.808, 0.808], atol=5e-4)
    assert curve([0, 0], [1, 1])["estimate"].tolist() == [0]


def test_level_at_a_half_the_median_lies_in_the_middle():
    """R: quantile(survfit(Surv(1:4, c(1, 1, 0, 1)) ~ 1), .5) is 3."""
    assert median(curve([1, 2, 3, 4], [1, 1, 0, 1]))["estimate"][0] == 3


def test_a_curve_breaks_off_where_late_entry_leaves_nobody_at_risk():
    """Both of the early two leave by 2, before the others enter: R's curve is 0 from there on, though three were seen
    later. Of those there at 2, by hand: 1 at risk at 3 leaves; 2 at risk at 5, when one leaves."""
    frame = pd.DataFrame({"in": [0, 0, 2, 2, 3], "t": [1, 2, 6, 5, 6], "e": [1, 1, 0, 1, 0]})
    how = {"duration": "t", "event": "e", "entry": "in"}
    rows = survival(frame, **how)
    assert rows["gap"].eq(2).all()
    assert rows.loc[rows["time"] < 2, "estimate"].tolist() == [1, 0.5]
    assert rows.loc[rows["time"] >= 2, ["estimate", "low", "high", "se"]].isna().all(axis=None)
    assert np.isnan(at(rows, 5)["estimate"][0])
    with pytest.raises(CxError, match="a horizon lies after the curve's beginning and within what was seen"):
        mean_lifetime(rows, horizon=4)
    assert mean_lifetime(rows, horizon=2)["estimate"][0] == 1.5, "up to the break it is known"
    later = survival(frame, start=2, **how)
    assert later["gap"].isna().all()
    assert at(later, [4, 5])["estimate"].tolist() == [1, pytest.approx(2 / 3)]
    assert at(later, [2.5, 3, 3.5])["at_risk"].tolist() == [2, 2, 3]
    gone = survival(pd.DataFrame({"in": [0, 3], "t": [2, 5], "e": [0, 1]}), **how)
    assert gone["gap"].eq(2).all(), "who was last seen leaves a gap, too"
    assert gone.loc[gone["time"] <= 2, "estimate"].tolist() == [1, 1]


def test_the_curve_begins_with_the_first_entry():
    rows = survival(pd.DataFrame({"in": [3, 4], "t": [8, 9], "e": [1, 0]}), duration="t", event="e", entry="in")
    assert rows["time"].iloc[0] == 3
    early = at(rows, [1, 3, 3.5])
    assert early["at_risk"].tolist() == [0, 0, 1]
    assert early["estimate"].isna().tolist() == [True, False, False]
    assert mean_lifetime(rows, horizon=8)["estimate"][0] == 5, "from 3 to 8"


def test_groups_come_in_their_order_and_missing_values_are_told(customers):
    bands = pd.Categorical(customers["group"].map({"a": "low", "b": "mid", "c": "high"}), ["low", "mid", "high"])
    frame = customers.assign(band=bands)
    frame.loc[[0, 1], "band"] = None
    frame.loc[[1, 2, 3], "exit"] = np.nan
    rows = survival(frame, by="band", **HOW)
    assert rows["band"].drop_duplicates().tolist() == ["low", "mid", "high"]
    assert rows["left_out"].eq(4).all()
    assert rows.drop_duplicates("band")["n"].sum() == 296
    assert rows["method"].iloc[0].endswith("log-log limits; 4 left out for a missing value")


def test_a_group_that_nobody_leaves_takes_part_and_one_that_is_never_at_risk_does_not(customers):
    late = pd.DataFrame({"entry": 500, "exit": 600, "event": 0, "group": "d"}, index=[0])
    two = log_rank(pd.concat([customers, late]), by="group", **HOW, **LATE).iloc[0]
    one = log_rank(customers, by="group", **HOW, **LATE).iloc[0]
    assert (two["df"], two["chi2"], two["groups"]) == (2, pytest.approx(one["chi2"]), 4)


@pytest.mark.parametrize(
    ("change", "how", "message"),
    [
        ({"event": 2}, {}, "event is 1 for who left and 0 for who did not; 300 hold something else, e.g. 2"),
        ({"exit": lambda f: f["exit"].where(f.index > 2, -1.0)}, {"entry": None},
         "times are 0 or more; 3 in exit are not, e.g. -1"),
        ({"exit": np.inf}, {}, "numbers must be finite; 300 are not, e.g. inf (column exit)"),
        ({"exit": "long"}, {}, "times and events are numbers; column exit holds long"),
        ({"entry": lambda f: f["exit"]}, {}, "customers enter before they leave; 300 do not, e.g. entry"),
        ({"exit": np.nan}, {}, "a curve needs customers with group, exit, event, entry; none of 300 has all of them"),
        ({}, {"by": "grup"}, "there is no column grup in the table; did you mean group?"),
        ({"time": 1}, {"by": "time"}, "no column of groups may be called time"),
        ({"many": 1.5}, {"counts": "many"}, "many holds whole numbers of customers;"),
        ({}, {"start": 500}, "a curve starts while some are there; the last was seen at"),
        ({}, {"confidence": 95}, "confidence lies between 0 and 1, e.g. 0.95; found 95"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_sentence(customers, change, how, message):
    with pytest.raises(CxError) as caught:
        survival(customers.assign(**change), **({"by": "group"} | HOW | LATE | how))
    assert message in str(caught.value)


def test_bad_questions_are_refused_in_one_sentence(customers):
    stayed = customers.assign(event=customers["event"].where(customers["exit"] < 60, 0))
    curves = survival(stayed, **HOW)
    for call, message in {
        lambda: at(curves, [3, -1]): "times are 0 or more; 1 are not, e.g. -1",
        lambda: at(customers, 3): "this takes the frame that survival() returns; found the columns entry",
        lambda: mean_lifetime(curves, horizon=900): "within what was seen; 900 does not (the last was followed to",
        lambda: mean_lifetime(curves, horizon=9, confidence=95): "confidence lies between 0 and 1, e.g. 0.95; found 95",
        lambda: mean_lifetime(curves, horizon=0): "a horizon lies after the curve's beginning",
        lambda: mean_lifetime_differences(curves, horizon=9): "a difference needs two groups",
        lambda: log_rank(customers[customers["group"] == "a"], by="group", **HOW): "needs two groups or more; group",
        lambda: log_rank(customers.assign(event=0), by="group", **HOW): "event is 0 for all 300",
        lambda: value(stayed, margin="exit", horizon=900, **HOW): "900 does not",
        lambda: value(customers, margin="exit", horizon=9, discount=-1, **HOW): "a rate per unit of time such as 0.01",
        lambda: value(customers.assign(m=-2), margin="m", horizon=9, **HOW): "margins are 0 or more; 300 in m are not",
    }.items():
        with pytest.raises(CxError) as caught:
            call()
        assert message in str(caught.value)


# -- lifetimes and their worth -----------------------------------------------------------------------------------


def test_differences_of_lifetimes(customers):
    """By hand from the groups' own rows: the difference, the root of the sum of squared errors, Holm's correction."""
    curves = survival(customers, by="group", **HOW)
    found = mean_lifetime(curves, horizon=60).set_index("group")
    rows = mean_lifetime_differences(curves, horizon=60)
    assert rows[["group", "other"]].agg("".join, axis=1).tolist() == ["ab", "ac", "bc"]
    first = rows.iloc[0]
    assert first["estimate"] == pytest.approx(found.loc["a", "estimate"] - found.loc["b", "estimate"])
    assert first["se"] == pytest.approx(np.hypot(found.loc["a", "se"], found.loc["b", "se"]))
    assert rows["tests"].tolist() == [3, 3, 3]
    assert rows["p_adjusted"].max() == pytest.approx(rows["p"].max())
    assert rows["verdict"].tolist() == ["clear", "clear", "none"]
    assert ((rows["low"] > 0) == (rows["p"] < 0.05)).all()


def test_a_group_that_does_not_reach_the_horizon_has_no_mean():
    frame = pd.DataFrame({"t": [2, 3, 9, 9, 9], "e": [1, 0, 1, 0, 0], "g": list("aabbb")})
    rows = mean_lifetime(survival(frame, duration="t", event="e", by="g"), horizon=8).set_index("g")
    assert (np.isnan(rows.loc["a", "estimate"]), rows.loc["a", "followed"]) == (True, 3)
    assert rows.loc["b", "estimate"] == 8


@pytest.mark.parametrize("discount", [0.0, 0.03])
def test_without_censoring_value_is_the_mean_of_what_each_has_brought(discount):
    """The mean over customers, with its own standard error; discounted money is an integral done by hand."""
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"t": rng.integers(0, 30, 50), "e": 1, "m": rng.integers(0, 9, 50)})
    stay = np.minimum(frame["t"], 20.0)
    brought = frame["m"] * ((1 - (1 + discount) ** -stay) / np.log1p(discount) if discount else stay)
    row = value(frame, margin="m", duration="t", event="e", horizon=20, discount=discount).iloc[0]
    assert row["estimate"] == pytest.approx(brought.mean())
    assert row["se"] == pytest.approx(brought.std() / np.sqrt(50))
    assert row["margin"] * row["lifetime"] == pytest.approx(row["estimate"])


def test_one_margin_for_all_makes_value_the_restricted_mean(customers):
    """Greenwood's error and that by influence are one where all weigh alike, but for n / (n - 1)."""
    n = len(customers)
    row = value(customers.assign(m=7), margin="m", horizon=60, **HOW).iloc[0]
    mean = mean_lifetime(survival(customers, **HOW), horizon=60).iloc[0]
    assert row["estimate"] == pytest.approx(7 * mean["estimate"])
    assert row["se"] == pytest.approx(7 * mean["se"] * np.sqrt(n / (n - 1)))


def test_value_that_cannot_be_known_is_blank():
    frame = pd.DataFrame(
        {"t": [9, 9, 9, 2, 2, 9], "e": [1, 0, 0, 0, 0, 1], "m": [1, 2, 0, 3, 3, 1], "g": list("aaabbc")}
    )
    rows = value(frame, margin="m", duration="t", event="e", horizon=5, by="g").set_index("g")
    assert rows["estimate"].notna().to_dict() == {"a": True, "b": False, "c": False}
    assert rows["followed"].to_dict() == {"a": 9, "b": 2, "c": 9}
    assert rows["margin"].to_dict() == {"a": 1, "b": 3, "c": 1}


def test_intervals_cover_a_known_truth():
    """60 samples of 200 customers; at least the 99.9% binomial band around 95%. The soak test draws 2,000."""
    hits = simulate_survival.hits(seed=8, samples=60)
    assert all(hit >= 51 for hit in hits.values()), hits


def test_a_million_customers_take_a_second_or_so():
    """Days of tenure; a generous bound for a busy machine."""
    rng, n = np.random.default_rng(0), 1_000_000
    frame = pd.DataFrame(
        {"t": np.ceil(rng.exponential(300, n)), "e": rng.integers(0, 2, n), "g": rng.integers(0, 4, n)}
    )
    begin = time.perf_counter()
    curves = survival(frame, duration="t", event="e", by="g")
    log_rank(frame, duration="t", event="e", by="g")
    assert time.perf_counter() - begin < 10
    assert curves.drop_duplicates("g")["n"].sum() == n
