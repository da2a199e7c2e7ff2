"""What unhappy customers cost, which lever pays, and what would flip the conclusion.

Oracles: hand calculations (one of them of the field's own), closed forms at the point where a conclusion flips, and
200,000 plain Monte Carlo draws.
"""

import numpy as np
import pandas as pd
import pytest
from iceberg_study import LOSSES, MONEY, complaints, made
from test_complaints import refused

from cxlib import cost, damage, levers, losses, silence
from cxlib.complaint_rate import complaint_rate, fixed
from cxlib.complaints import declared
from cxlib.damage import OUTCOMES, UNHAPPY
from cxlib.iceberg import distribution
from cxlib.settings import WordOfMouth

SHARES = {"satisfied": 0.4, "mollified": 0.3, "dissatisfied": 0.3}
COUNTS = pd.Series({"satisfied": 40, "mollified": 30, "dissatisfied": 30})


def rates(given: dict, effective: dict | None = None) -> pd.DataFrame:
    """losses.loss_rates() by hand: percent, declared, or measured on so many."""
    effective = effective or {}
    return pd.DataFrame(
        [
            {
                "fate": fate,
                "estimate": 100 * share,
                "n_effective": effective.get(fate, np.nan),
                "source": "measured" if fate in effective else "declared",
            }
            for fate, share in given.items()
        ]
    )


def found(given=LOSSES, counts=COUNTS, complainers=100, rate=None, *, effective=None, most=None, **how):
    known = distribution(complainers, rate or fixed(0.25), most=most)
    return damage.damage(known, complainers, counts, rates(given, effective), **how)


# -- by hand ---------------------------------------------------------------------------------------------------------


def test_the_field_s_own_sum():
    """Oracle: the hand calculation of market damage: 10,000 with a problem, 25% of whom complain."""
    customers = damage.split(10_000, 0.25, SHARES)
    assert customers == {"silent": 7500, "satisfied": 1000, "mollified": 750, "dissatisfied": 750}
    gone = damage.lost(customers, {k: LOSSES[k] for k in UNHAPPY})
    assert gone == pytest.approx({"silent": 3000, "satisfied": 100, "mollified": 225, "dissatisfied": 412.5})
    assert sum(gone.values()) == pytest.approx(3737.5)


def test_the_same_sum_as_the_middle_of_a_distribution():
    """2,500 complainers at exactly 25%: NegBin(2500, .25) has mean 7,500 and a median of 7,499; the rest is known.

    Silent customers are not rounded to whole ones here: what is lost of the last one is not told.
    """
    whole = found(counts=25 * COUNTS, complainers=2500)
    rows = damage.by_fate(whole).set_index("fate")
    assert rows.loc["all", "estimate"] == pytest.approx(3737.1, abs=0.4)
    assert rows.loc["silent", "estimate"] == pytest.approx(2999.6, abs=0.4)
    assert rows.loc[list(OUTCOMES), "estimate"].tolist() == pytest.approx([100, 225, 412.5])
    assert rows.loc[list(OUTCOMES), "customers"].tolist() == pytest.approx([1000, 750, 750])
    assert rows.loc[list(UNHAPPY), "loss"].tolist() == pytest.approx([40, 10, 30, 55])
    assert rows.loc["all", "normal"] == pytest.approx(1000, abs=0.2)  # 10% of 10,000
    # the standard deviation of NegBin(2500, .25) is 173.2; a share of .4 of it is lost
    assert rows.loc["silent", "se"] == pytest.approx(0.4 * np.sqrt(2500 * 0.75) / 0.25, rel=0.01)
    drawn = damage.flows(damage.by_fate(whole))
    assert drawn["fate"].tolist() == list(UNHAPPY)
    assert drawn["lost"].tolist() == pytest.approx(rows.loc[list(UNHAPPY), "estimate"].tolist(), abs=1e-8)


def test_outcomes_that_are_not_known_are_spread_as_the_others():
    """100 complainers, of 50 of whom the end is known: 20, 15 and 15; the others follow Dirichlet(20 1/3, …)."""
    whole = found(counts=COUNTS // 2)
    total = sum(whole.customers[fate] for fate in OUTCOMES)
    np.testing.assert_allclose(total, 100)
    for fate, share in SHARES.items():
        middle = np.mean(whole.customers[fate])
        assert middle == pytest.approx(50 * share + 50 * (50 * share + 1 / 3) / 51, abs=0.05)
        sd = 50 * np.sqrt((a := (50 * share + 1 / 3) / 51) * (1 - a) / 52)
        assert np.std(whole.customers[fate]) == pytest.approx(sd, rel=0.02)


def test_money_is_customers_times_value_and_talk_is_a_line_of_its_own():
    """2,500 complainers as above, at 1,000 each: 3,737,500 lost; 1,000 of the 10,000 would have been lost anyway.

    7,500 silent and 750 dissatisfied tell 6 others each, of whom 1% stay away: 495 x 1,000.
    """
    whole = found(counts=25 * COUNTS, complainers=2500, value=1000.0)
    risk = damage.at_risk(whole, WordOfMouth(told=6, deterred=0.01)).set_index("line")["estimate"]
    assert risk.tolist() == pytest.approx([3_737_500, 3_000_000, 2_737_500, 495_000], rel=3e-4)
    assert list(risk.index) == [
        "Lost unhappy customers",
        "of them silent",
        "beyond what content customers would lose",
        "Word of mouth (declared, not measured)",
    ]
    assert len(damage.at_risk(whole)) == 3
    unknown = found(LOSSES | {"content": np.nan}, value=1000.0)
    assert damage.at_risk(unknown)["line"].tolist() == ["Lost unhappy customers", "of them silent"]
    assert damage.by_fate(unknown)["normal"].isna().all()
    assert damage.at_risk(found()).empty


def test_where_there_is_no_damage_there_are_no_rows():
    for frame in (damage.by_fate(None), damage.at_risk(None), levers.levers(None), levers.break_even(None)):
        assert frame.empty
    assert damage.flows(damage.by_fate(None)).empty
    assert levers.one_way(None, fixed(0.1)).empty
    assert levers.two_way(None, fixed(0.1)).empty
    assert levers.returns(levers.levers(None)).empty


WRONG = {
    "a fate without a rate": (
        ({k: v for k, v in LOSSES.items() if k != "mollified"}, COUNTS),
        "the cost needs a loss rate of each fate; mollified has none: declare it under `iceberg: losses:`",
    ),
    "a rate that is not known": (
        (LOSSES | {"silent": np.nan}, COUNTS),
        "the cost needs a loss rate of each fate; silent has none: declare it under `iceberg: losses:`",
    ),
    "a rate above 1": ((LOSSES | {"silent": 1.2}, COUNTS), "loss rates lie in 0-100%; found 120 for silent"),
    "a rate below 0": ((LOSSES | {"content": -0.1}, COUNTS), "loss rates lie in 0-100%; found -10 for content"),
    "no outcome": ((LOSSES, COUNTS * 0), "the cost needs the outcome of complaints; none is known"),
    "no outcomes at all": (
        (LOSSES, pd.Series(dtype=int)),
        "the cost needs the outcome of complaints; none is known",
    ),
}


@pytest.mark.parametrize(("given", "message"), WRONG.values(), ids=WRONG)
def test_inputs_that_do_not_do_are_named(given, message):
    assert refused(found, *given) == message


# -- the distribution ------------------------------------------------------------------------------------------------

EFFECTIVE = {"content": 900.0, "silent": 300.0, "satisfied": 40.0, "mollified": 30.0, "dissatisfied": 25.0}


@pytest.fixture(scope="module")
def sure():
    """60 complainers, 40 with a known end; 20 of 150 unhappy respondents complained; all loss rates measured."""
    counts = pd.Series({"satisfied": 16, "mollified": 10, "dissatisfied": 14})
    return found(counts=counts, complainers=60, rate=complaint_rate(20, 150), effective=EFFECTIVE, value=700.0)


@pytest.fixture(scope="module")
def drawn():
    """The same by 200,000 plain draws of NumPy's own generators: customers, shares and loss rates by fate."""
    rng, n = np.random.default_rng(8), 200_000
    customers = {"silent": rng.negative_binomial(60, rng.beta(20.5, 130.5, n))}
    shares = dict(zip(OUTCOMES, rng.dirichlet(np.array([16, 10, 14]) + 1 / 3, n).T, strict=True))
    customers |= {fate: known + 20 * shares[fate] for fate, known in zip(OUTCOMES, (16, 10, 14), strict=True)}
    loss = {k: rng.beta(LOSSES[k] * e + 0.5, (1 - LOSSES[k]) * e + 0.5, n) for k, e in EFFECTIVE.items()}
    return customers, shares, loss


def agrees(row, points: np.ndarray, *, near: float = 0.0) -> None:
    """The share of draws below each quantile is the quantile's, within 4 standard errors of 200,000 draws.

    0.0015 are for the 8,192 points; `near` is what half a silent customer makes, who is whole in the draws alone.
    """
    for q, at in ((0.025, row["low"]), (0.5, row["estimate"]), (0.975, row["high"])):
        slack = 4 * np.sqrt(q * (1 - q) / len(points)) + 0.0015
        assert (points < at - near).mean() - slack < q < (points <= at + near).mean() + slack


def test_customers_lost_agree_with_plain_monte_carlo(sure, drawn):
    customers, _, loss = drawn
    gone = {fate: customers[fate] * loss[fate] for fate in UNHAPPY}
    rows = damage.by_fate(sure).set_index("fate")
    for fate in UNHAPPY:
        agrees(rows.loc[fate], gone[fate], near=0.2 if fate == "silent" else 0)
    total = sum(gone.values())
    agrees(rows.loc["all"], total, near=0.2)
    assert rows.loc["all", "se"] == pytest.approx(total.std(), rel=0.02)
    unhappy = sum(customers[fate] for fate in UNHAPPY)
    assert rows.loc["all", "normal"] == pytest.approx(np.median(unhappy * loss["content"]), rel=0.01)
    beyond = damage.at_risk(sure).set_index("line").loc["beyond what content customers would lose"]
    agrees(beyond[["estimate", "low", "high"]] / 700, total - unhappy * loss["content"], near=0.2)


def test_levers_agree_with_plain_monte_carlo(sure, drawn):
    """Oracle: the formulas of the levers on the plain draws; saved x value less the cost of the cases."""
    customers, shares, loss = drawn
    now = sum(shares[fate] * loss[fate] for fate in OUTCOMES)
    saved = 0.2 * customers["silent"] * (loss["silent"] - now)
    bad = ("mollified", "dissatisfied")
    kept = 0.5 * sum(customers[f] * (loss[f] - loss["satisfied"]) for f in bad)
    cases = 0.5 * sum(customers[f] for f in bad)
    rows = levers.levers(sure, complain=0.2, resolve=0.5, case_cost=30).set_index("lever")
    agrees(rows.loc["complain"], saved, near=0.02)
    agrees(rows.loc["resolve"], kept)
    assert rows.loc["complain", "saves"] == pytest.approx(100 * (saved > 0).mean(), abs=0.6)
    worth = rows.loc["resolve", ["worth", "worth_low", "worth_high"]].set_axis(["estimate", "low", "high"])
    agrees(worth / 700, kept - cases * 30 / 700)
    better = {f: 0.5 * shares[f] for f in bad}
    then = sum(better[f] * loss[f] for f in bad) + (1 - sum(better.values())) * loss["satisfied"]
    agrees(rows.loc["both"], kept + 0.2 * customers["silent"] * (loss["silent"] - then), near=0.02)


def test_two_runs_are_the_same(sure):
    again = found(
        counts=pd.Series({"dissatisfied": 14, "mollified": 10, "satisfied": 16}), complainers=60,
        rate=complaint_rate(20, 150), effective=EFFECTIVE, value=700.0,
    )  # fmt: skip
    pd.testing.assert_frame_equal(damage.by_fate(again), damage.by_fate(sure), check_exact=True)


def test_the_cap_holds_in_every_point():
    whole = found(rate=fixed(1 / 42), complainers=10, counts=COUNTS // 10, most=290)
    assert whole.customers["silent"].max() <= 290
    assert whole.most == 290


def test_a_narrower_confidence_is_a_narrower_interval(sure):
    wide = damage.by_fate(sure).set_index("fate")
    narrow = found(
        counts=pd.Series({"satisfied": 16, "mollified": 10, "dissatisfied": 14}), complainers=60, confidence=0.8,
        rate=complaint_rate(20, 150), effective=EFFECTIVE,
    )  # fmt: skip
    rows = damage.by_fate(narrow).set_index("fate")
    assert (rows["low"] > wide["low"]).all()
    assert (rows["high"] < wide["high"]).all()


# -- levers ----------------------------------------------------------------------------------------------------------


def test_more_complaints_lose_where_they_end_badly():
    """By hand: of 10,000 silent 1,000 are brought to complain; 20% of them leave if they stay silent, and as
    complainers .1 x .1 + .2 x .3 + .7 x .55 = 45.5%."""
    bad = pd.Series({"satisfied": 1000, "mollified": 2000, "dissatisfied": 7000})
    whole = found(LOSSES | {"silent": 0.2}, bad, 10_000, fixed(0.5), value=1000.0)
    row = levers.levers(whole, complain=0.1, case_cost=10).set_index("lever").loc["complain"]
    assert row["verdict"] == "loses"
    assert row["handled"] == pytest.approx(1000, rel=1e-3)
    assert row["estimate"] == pytest.approx(1000 * (0.2 - 0.455), rel=2e-3)
    assert row["high"] < 0
    assert row["saves"] == 0
    assert row["worth"] == pytest.approx(1000 * (1000 * (0.2 - 0.455) - 10), rel=2e-3)


def test_a_lever_that_keeps_customers_may_cost_more_than_they_bring():
    whole = found(value=10.0)
    rows = levers.levers(whole, case_cost=1000).set_index("lever")
    assert (rows["estimate"] > 0).all()
    assert rows["verdict"].tolist() == ["loses"] * 3
    assert (rows["worth_high"] < 0).all()
    free = levers.levers(whole).set_index("lever")
    assert free["verdict"].tolist() == ["saves"] * 3
    assert free["worth"].tolist() == pytest.approx((10 * free["estimate"]).tolist())


def test_resolved_complaints_by_hand():
    """30 mollified and 30 dissatisfied, half of them satisfied: 15 x (.3 - .1) + 15 x (.55 - .1) = 9.75 kept."""
    row = levers.levers(found(), complain=0, resolve=0.5).set_index("lever")
    assert row.loc["resolve", ["handled", "estimate", "low", "high"]].tolist() == pytest.approx([30, 9.75, 9.75, 9.75])
    assert row.loc["complain", ["handled", "estimate", "verdict"]].tolist() == [0, 0, "neither"]
    assert row.loc["both", "estimate"] == pytest.approx(9.75)
    assert "worth" not in row
    assert levers.returns(row.reset_index()).empty


def test_both_levers_give_the_new_complaints_the_better_ends():
    """All of the silent complain and all complaints end well: everybody is lost at the rate of the satisfied."""
    whole = found()
    row = levers.levers(whole, complain=1, resolve=1).set_index("lever").loc["both"]
    unhappy = 100 + whole.customers["silent"]
    before = sum(whole.lost[fate] for fate in UNHAPPY)
    assert row["estimate"] == pytest.approx(np.median(before - unhappy * LOSSES["satisfied"]), rel=1e-9)


def test_nobody_silent_is_nobody_to_move():
    """Everybody complains at a rate of 1."""
    whole = found(rate=fixed(1.0))
    assert whole.customers["silent"].max() == 0
    assert levers.levers(whole).set_index("lever").loc["complain", "verdict"] == "neither"


def test_returns_are_the_levers_in_money():
    rows = levers.levers(found(value=5.0))
    money = levers.returns(rows)
    assert money["label"].tolist() == rows["label"].tolist()
    assert money["estimate"].tolist() == rows["worth"].tolist()
    assert set(money["unit"]) == {"money"}


@pytest.mark.parametrize("how", [{"complain": -0.1}, {"resolve": 1.5}, {"complain": float("nan")}])
def test_a_lever_moves_a_share(how):
    name, share = next(iter(how.items()))
    assert refused(levers.levers, found(), **how) == f"a lever moves a share of 0 to 1; found {name} {share}"


# -- break-even ------------------------------------------------------------------------------------------------------


def even_of(whole) -> pd.DataFrame:
    return levers.break_even(whole).set_index("flip")


def test_break_even_in_closed_form():
    """By hand, with many outcomes: complainers lose .04 + .09 + .165 = .295 on average, so .4 / (.4 + .295).

    Half mollified and half dissatisfied lose .425: (.425 - .4) / (.425 - .1).
    """
    rows = even_of(found(counts=10_000 * COUNTS, complainers=1_000_000))
    assert rows.loc["rate", "estimate"] == pytest.approx(100 * 0.4 / 0.695, rel=1e-3)
    assert rows.loc["satisfied", "estimate"] == pytest.approx(100 * 0.025 / 0.325, rel=1e-2)
    assert rows["now"].tolist() == pytest.approx([25, 40], rel=1e-2)
    assert rows["above"].tolist() == [0, 100]


def test_at_the_break_even_rate_either_side_loses_the_same():
    whole = found(counts=10_000 * COUNTS, complainers=1_000_000)
    rate = even_of(whole).loc["rate", "estimate"] / 100
    gone = damage.lost(damage.split(1000, rate, SHARES), {k: LOSSES[k] for k in UNHAPPY})
    assert gone["silent"] == pytest.approx(sum(gone[fate] for fate in OUTCOMES), rel=1e-3)


def test_at_the_break_even_share_more_complaints_save_nobody():
    share = even_of(found(counts=10_000 * COUNTS, complainers=1_000_000)).loc["satisfied", "estimate"] / 100
    ends = pd.Series({"satisfied": share, "mollified": (1 - share) / 2, "dissatisfied": (1 - share) / 2})
    whole = found(counts=1_000_000 * ends, complainers=1_000_000)
    row = levers.levers(whole, complain=1).set_index("lever").loc["complain"]
    assert abs(row["estimate"]) < 0.002 * whole.customers["silent"].mean()


def test_what_never_flips_lies_outside_0_to_100():
    """Silent customers leave more than any complainer, or less than even the satisfied."""
    rows = even_of(found(LOSSES | {"silent": 0.9}))
    assert rows.loc["satisfied", "high"] < 0
    assert rows.loc["satisfied", "above"] == 100
    rows = even_of(found(LOSSES | {"silent": 0.01}))
    assert rows.loc["satisfied", "low"] > 100
    assert rows.loc["satisfied", "above"] == 0


FLAT = {
    "nobody is lost": (dict.fromkeys(LOSSES, 0.0), []),
    "all complainers leave alike": (LOSSES | dict.fromkeys(OUTCOMES, 0.2), ["rate"]),
    "the satisfied leave most": (LOSSES | {"satisfied": 0.9}, ["rate"]),
    "everybody is lost": (dict.fromkeys(LOSSES, 1.0), ["rate"]),
}


@pytest.mark.parametrize(("given", "flips"), FLAT.values(), ids=FLAT)
def test_a_ratio_with_nothing_below_it_is_not_told(given, flips):
    rows = levers.break_even(found(given))
    assert (list(rows["flip"]) if len(rows) else []) == flips
    assert rows.notna().all(axis=None)


def test_satisfied_complainers_alone_have_a_break_even_all_the_same():
    rows = levers.break_even(found(counts=pd.Series({"satisfied": 10**9}), complainers=10**9))
    assert rows.notna().all(axis=None)


# -- sensitivity -----------------------------------------------------------------------------------------------------


def test_one_input_at_a_time(sure):
    """Oracle: the medians of the others put together by hand, each input at its 2.5 and 97.5% quantile."""
    rows = levers.one_way(sure, complaint_rate(20, 150)).set_index("input")
    middle = {fate: np.median(sure.losses[fate]) for fate in UNHAPPY}
    customers = {fate: np.median(sure.customers[fate]) for fate in UNHAPPY}
    total = sum(customers[fate] * middle[fate] for fate in UNHAPPY)
    np.testing.assert_allclose(rows["total"], total)
    assert rows["swing"].is_monotonic_decreasing
    low, high = np.quantile(sure.customers["silent"], [0.025, 0.975])
    at = rows.loc["Complaint rate"]
    rest = total - customers["silent"] * middle["silent"]
    assert [at["at_low"], at["at_high"]] == pytest.approx([rest + s * middle["silent"] for s in (high, low)])
    assert at["at_low"] > at["at_high"]  # a low rate leaves many silent
    ends = np.quantile(sure.losses["silent"], [0.025, 0.975])
    at = rows.loc["Loss rate, silent"]
    assert [at["low_text"], at["high_text"]] == [f"{100 * end:.1f}%" for end in ends]
    wanted = [total + customers["silent"] * (end - middle["silent"]) for end in ends]
    assert [at["at_low"], at["at_high"]] == pytest.approx(wanted)


def test_a_known_rate_leaves_chance_and_a_declared_loss_has_no_width():
    rows = levers.one_way(found(), fixed(0.25)).set_index("input")
    assert rows.index[0] == "Silent customers (chance alone)"
    assert rows.loc["Silent customers (chance alone)", "at_low"] < rows["total"].iloc[0]
    assert (rows["swing"].iloc[1:] == 0).all()
    assert rows.loc["Loss rate, silent", "low_text"] == "40.0%"


def test_two_inputs_together():
    """Oracle: C / p - C silent times their loss rate, and .04 + .09 + .165 of the 100 complainers."""
    rows = levers.two_way(found(counts=10_000 * COUNTS, complainers=1_000_000), fixed(0.25))
    assert list(dict.fromkeys(rows["row"])) == ["20%", "30%", "40%", "50%", "60%"]
    assert list(dict.fromkeys(rows["column"])) == ["6.25%", "12.5%", "25%", "50%", "100%"]
    for row in rows.itertuples():
        loss, rate = (float(text.removesuffix("%")) / 100 for text in (row.row, row.column))
        assert row.value == pytest.approx(1e6 * ((1 / rate - 1) * loss + 0.295), rel=1e-3)
        assert row.here == (row.row == "40%" and row.column == "25%")
    assert len(rows) == 25


EDGES = {
    "a rate of 1": (LOSSES, fixed(1.0), None, 15),
    "a loss of 1": (LOSSES | {"silent": 1.0}, fixed(0.25), None, 15),
    "a loss of 0": (LOSSES | {"silent": 0.0}, fixed(0.25), None, 5),
    "no complainer in the sample": (LOSSES, complaint_rate(0, 30), 5000, 25),
    "a cap": (LOSSES, fixed(0.25), 310, 25),
}


@pytest.mark.parametrize(("given", "rate", "most", "cells"), EDGES.values(), ids=EDGES)
def test_two_inputs_at_their_edges(given, rate, most, cells):
    """No pair stands twice, none passes 100%, and nobody is silent beyond the cap."""
    rows = levers.two_way(found(given, rate=rate, most=most), rate)
    assert len(rows) == cells
    assert not rows.duplicated(["row", "column"]).any()
    assert rows["here"].sum() == 1
    assert np.isfinite(rows["value"]).all()
    if most is not None:
        assert rows["value"].max() <= most * 0.6 + 100 * 0.296


# -- from a study ----------------------------------------------------------------------------------------------------


def cost_of(load, *, customers=0, window=(), **changes):
    s = made(load, **changes)
    definition = declared(s, **dict(window))
    case = silence.silence(s, definition, customers=customers)
    lost = losses.loss_rates(s, definition)
    return case, cost.lacking(case, lost), cost.cost(case, lost)


def test_the_cost_of_a_study(load):
    """12 complainers: c0, c2, c5, c8 dissatisfied, c1, c4, c7 mollified, c3, c6, c9, c101 satisfied, c100 not known."""
    case, why, whole = cost_of(load, iceberg={"losses": LOSSES} | MONEY)
    assert why == ""
    assert whole.complainers == 12
    known = {"satisfied": 4, "mollified": 3, "dissatisfied": 4}
    for fate, count in known.items():
        assert count < whole.customers[fate].min()
        assert whole.customers[fate].max() < count + 1
    assert np.median(whole.customers["silent"]) == pytest.approx(case.silent.value, abs=1)
    assert whole.most == case.most == 184
    np.testing.assert_allclose(whole.losses["dissatisfied"], 0.55)
    assert np.std(whole.losses["silent"]) > 0  # measured: 2 of 30
    assert whole.value == losses.worth(case.study, case.definition)


LACKING = {
    "a declaration": ({"iceberg": {"rate": None}}, "there is no estimate of how many are silent"),
    "loss rates": (
        {"iceberg": {"losses": {"mollified": 0.3}}},
        "there is no loss rate for complained, satisfied and complained, dissatisfied, neither measured nor declared "
        "(`losses:`)",
    ),
    "outcomes": (
        {"iceberg": {"losses": LOSSES}, "without": ["complaints.outcome"]},
        "the complaints do not say how they ended (`outcome:`)",
    ),
    "any outcome": (
        {"iceberg": {"losses": LOSSES}, "frames": {"complaints": complaints().assign(end=None)}},
        "the complaints do not say how they ended (`outcome:`)",
    ),
    "complainers": (
        {"iceberg": {"losses": LOSSES}, "window": {"channels": "web", "end": "2026-04-30"}},
        "nobody complained, so there is nothing to compare silence with",
    ),
    "an upper limit": (
        {"iceberg": {"losses": LOSSES, "rate": "beta(0.01, 3)"}, "without": ["customers"]},
        "the number of silent customers has no upper limit; name the number of customers",
    ),
}


@pytest.mark.parametrize(("study", "why"), LACKING.values(), ids=LACKING)
def test_why_the_cost_is_not_told(load, study, why):
    _, lacks, whole = cost_of(load, **study)
    assert lacks == why
    assert whole is None
