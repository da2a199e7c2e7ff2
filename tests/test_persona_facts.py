"""What is known of each persona: oracles are numbers counted by hand, and cxlib.scores on the true groups."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from persona_study import kinds, made, survey

from cxlib import CxError, people, persona_cards, persona_facts, persona_profiling, segment_number
from cxlib.leads import Leads
from cxlib.scores import by_group
from cxlib.steps import in_steps

SMALL = {"without": ["complaints", "prospects"]}
HEAD = "study: tiny\ntitle: Tiny\nsample: probability\nminimum_base: 2\n"
TINY = """tables:
  survey:
    file: s.csv
    respondent: id
    customer: customer
    when: day
    weight: w
    questions:
      a: {role: single}
      b: {role: single}
      spend: {role: number}
  customers: {file: c.csv, customer: id, since: since, left: gone}
  complaints:
    {file: x.csv, complainer: who, when: day, channel: where}
"""
FILES = {
    "s.csv": "id,customer,day,w,a,b,spend\n"
    "1,c1,2026-01-10,1,x,p,10\n2,c2,2026-01-10,3,x,q,20\n3,c3,2026-01-10,1,x,p,\n4,c4,2026-01-10,2,y,q,40\n"
    "5,c5,2026-01-10,2,y,p,0\n6,c6,2026-01-10,1,y,q,100\n",
    # c1 leaves after 20 days, c4 after 40, c5 was gone, c6 came and stayed; the tables end on the 1st of June
    "c.csv": "id,since,gone\nc1,2025-01-01,2026-01-30\nc2,2025-01-01,\nc3,2025-01-01,\nc4,2025-01-01,2026-02-19\n"
    "c5,2025-01-01,2026-01-05\nc6,2026-01-01,\nc7,2026-06-01,\n",
    "x.csv": "who,day,where\nc1,2026-01-02,phone\nc1,2026-01-03,phone\nc2,2026-01-03,shop\nc4,2026-01-03,app\n",
}
A, B = "A", "B"


def found(members, names=(A, B), sizes=None) -> SimpleNamespace:
    """A segmentation, as far as facts need one."""
    return SimpleNamespace(k=len(names), members=np.array(members), names=names, sizes=sizes)


@pytest.fixture
def tiny(load):
    """tiny(head): the tiny study's people, three of each persona, and their frame."""

    def of(head: str = "", data: dict | None = None, table: str = TINY, head_of: str = HEAD) -> tuple:
        study = load(table, FILES | (data or {}), top=head_of + head)
        case = people.people(study, variables="a,b")
        return case, persona_facts.placed(case, found([1, 1, 1, 2, 2, 2]))

    return of


@pytest.fixture
def true(load):
    """true(changes): the people of the small study, and their frame by the kinds they are of."""

    def of(**changes) -> tuple:
        case = people.people(made(load, **(SMALL | changes)))
        return case, persona_facts.placed(case, found(kinds() + 1, ("saver", "user", "buyer")))

    return of


def rows(frame: pd.DataFrame, *columns: str, **where) -> list:
    for name, value in where.items():
        frame = frame[frame[name] == value]
    return [None if pd.isna(v) else v for v in frame[list(columns)].to_numpy().ravel().tolist()]


# -- size and market -------------------------------------------------------------------------------------------------


def test_who_answered_nothing_is_of_no_persona(tiny):
    case, _ = tiny()
    frame = persona_facts.placed(case, found([1, 2, 0, 1, 2, 2]))
    who = frame[persona_facts.PERSONA]
    assert who.astype(object).where(who.notna(), None).tolist() == [A, B, None, A, B, B]
    assert persona_facts.placed(case, found([1] * 6, ("Everyone",)))[persona_facts.PERSONA].isna().all()


def test_a_size_in_customers_is_the_share_of_all_of_them(tiny):
    """By hand: 60% of 5,000 are 3,000; the logit of .6 has the standard error .05 / (.6 x .4), 2.086 of them
    aside (Student's t of 20 degrees of freedom).
    """
    sizes = pd.DataFrame({"estimate": [60.0, 40.0], "se": 5.0, "df": 20, "low": np.nan, "high": np.nan})
    case, _ = tiny("population: 5000\n")
    told = persona_facts.sizes(case, found([0] * len(case.frame), sizes=sizes))
    assert told["customers"].tolist() == [3000, 2000]
    odds = 1.5 * np.exp(np.array([-1, 1]) * 2.085963 * 0.05 / 0.24)
    assert told.loc[0, ["customers_low", "customers_high"]].tolist() == pytest.approx(
        (5000 * odds / (1 + odds)).tolist()
    )
    assert persona_facts.sizes(case, found([], ("Everyone",), sizes.head(1))).empty


def test_customers_are_those_told_or_those_who_have_not_left(tiny):
    """Of seven customers three have left."""
    assert persona_facts.customers(tiny("population: 5000\n")[0]) == 5000
    assert persona_facts.customers(tiny()[0]) == 4
    alone = TINY[: TINY.index("  customers:")]
    assert persona_facts.customers(tiny(table=alone)[0]) is None


def test_a_market_is_the_mean_of_value_in_the_persona_times_customers_and_reach(tiny):
    """By hand. A: (1 x 10 + 3 x 20) / 9 of the weights with a value, B: (2 x 40 + 2 x 0 + 1 x 100) / 9; times 12 a
    year, 1,000 customers and a quarter of them. The third gave no value. Values of A: 70 / 4, of B: 180 / 5.
    """
    case, frame = tiny("population: 1000\npersonas: {value: spend, value_times: 12, scope: 0.25}\n")
    told = persona_facts.market(case, frame)
    assert rows(told, "estimate", kind="Target market") == pytest.approx([70 / 9 * 3000, 180 / 9 * 3000])
    assert rows(told, "estimate", kind="Value of a customer") == pytest.approx([12 * 70 / 4, 12 * 180 / 5])
    assert rows(told, "n", kind="Target market") == [2, 3]
    whole = by_group(frame.assign(v=12 * frame["spend"]), "mean", [], question="v", weights="weight", minimum_base=2)
    assert told[told["kind"] == "Target market"]["estimate"].sum() == pytest.approx(whole["estimate"].iloc[0] * 250)
    assert rows(persona_facts.market(case, frame, 0.5), "estimate", kind="Target market")[0] == pytest.approx(
        70 / 9 * 6000
    )


def test_the_interval_of_a_market_is_that_of_the_mean_over_all(tiny):
    """By hand, without weights: the residuals of 10, 20, 0, 0, 0 of five of a sample of six (as R's svymean of a domain
    has it): the root of 6/5 times their squares, over 5.
    """
    table = TINY.replace("    weight: w\n", "")
    case, frame = tiny("population: 1000\npersonas: {value: spend, scope: 1}\n", table=table)
    told = persona_facts.market(case, frame)
    se = np.sqrt(6 / 5 * np.sum((np.array([10, 20, 0, 0, 0]) - 6) ** 2)) / 5
    assert rows(told, "se", kind="Target market", persona=A) == pytest.approx([1000 * se])
    assert rows(told, "low", kind="Target market", persona=A) == [0]  # no market is below nothing


def test_a_loss_has_an_interval_below_0(tiny):
    case, frame = tiny(
        "population: 1000\npersonas: {value: spend, scope: 1}\n", {"s.csv": FILES["s.csv"].replace(",40\n", ",-900\n")}
    )
    told = persona_facts.market(case, frame)
    assert (told["low"] <= told["estimate"]).all()
    assert rows(told, "low", persona=B)[0] < 0


def test_a_market_under_the_minimum_base_is_not_told(tiny):
    """Two of A gave a value."""
    head = "population: 1000\npersonas: {value: spend, scope: 1}\n"
    case, frame = tiny(head, head_of=HEAD.replace("minimum_base: 2", "minimum_base: 3"))
    told = persona_facts.market(case, frame)
    assert rows(told, "estimate", "low", "high", persona=A) == [None] * 6
    assert rows(told, "n", persona=A) == [2, 2]
    assert None not in rows(told, "estimate", persona=B)


@pytest.mark.parametrize(
    ("head", "kinds_told"),
    [
        ("personas: {value: spend}\n", {"Value of a customer"}),
        ("personas: {value: spend, scope: 0.5}\n", {"Value of a customer", "Target market"}),  # of four customers
        ("population: 9\n", set()),
    ],
)
def test_no_market_without_value_and_reach(tiny, head, kinds_told):
    told = persona_facts.market(*tiny(head))
    assert set(told["kind"] if len(told) else []) == kinds_told


def test_a_reach_above_all_is_refused(tiny):
    case, frame = tiny("personas: {value: spend}\n")
    with pytest.raises(CxError, match=r"^scope is the share of a persona that the company can reach, 0 to 1; found 2$"):
        persona_facts.market(case, frame, 2)


# -- metrics, churn, complaints, drivers -----------------------------------------------------------------------------


def test_metrics_are_those_of_the_groups(true):
    """By hand: promoters (9, 10) less detractors (0-6) in percent of each kind, and of all."""
    case, frame = true()
    told = persona_facts.metrics(case, frame)
    score = survey()["recommend"]

    def nps(part):
        return 100 * ((part >= 9).mean() - (part <= 6).mean())

    expected = [nps(score[kinds() == kind]) for kind in range(3)] + [nps(score)]
    assert told["persona"].tolist() == ["saver", "user", "buyer", "All"]
    assert told["estimate"].tolist() == pytest.approx(expected)
    groups = by_group(frame.assign(kind=kinds().astype(str)), "nps", ["kind"], question="recommend", strata=["wave"])
    assert told["low"].tolist()[:3] == pytest.approx(groups.sort_values("kind")["low"].tolist())


def test_without_personas_metrics_are_those_of_all(true):
    case, _ = true()
    told = persona_facts.metrics(case, persona_facts.placed(case, found(np.ones(450, int), ("Everyone",))))
    assert told["persona"].tolist() == ["All"]


def test_churn_is_who_left_in_the_days_after_the_answer(tiny):
    """By hand. Within 30 days: c1 of c1, c2, c3 (weights 1 of 5); of the others c5 was gone before, and of c4 and c6
    nobody left. Within 60 days c4 left, too (weights 2 of 3)."""
    case, frame = tiny()
    told = persona_facts.churn(case, frame, 30)
    assert told["persona"].tolist() == [A, B, "All"]
    assert told["estimate"].tolist() == pytest.approx([20, 0, 100 / 8])
    assert told["n"].tolist() == [3, 2, 5]
    assert set(told["label"]) == {"Left within 30 days"}
    assert persona_facts.churn(case, frame, 60)["estimate"].tolist() == pytest.approx([20, 200 / 3, 300 / 8])
    # after the 1st of June nobody could be followed
    assert persona_facts.churn(case, frame, 300).empty
    with pytest.raises(CxError, match=r"^churn is counted over 1 or more days; found 0$"):
        persona_facts.churn(case, frame, 0)


def test_churn_needs_customers_with_a_name_and_a_day(tiny):
    for words in ("    customer: customer\n", "    when: day\n"):
        assert persona_facts.churn(*tiny(table=TINY.replace(words, "", 1))).empty
    for words in (", left: gone", "customer: id, "):
        assert persona_facts.churn(*tiny(table=TINY.replace(words, ""))).empty


def test_churn_of_customers_is_of_the_last_year_that_is_covered(load):
    """By hand, for 2025: c1 to c4 were there before; c2 and c3 left in it, c4 before it, c5 came in it."""
    table = (
        "tables:\n  customers:\n    file: c.csv\n    customer: id\n    since: since\n    left: gone\n"
        "    questions: {a: {role: single}, b: {role: single}}\n"
    )
    data = (
        "id,since,gone,a,b\nc1,2024-01-01,,x,p\nc2,2024-01-01,2025-05-05,x,q\nc3,2024-01-01,2025-06-05,y,p\n"
        "c4,2024-01-01,2024-05-05,y,q\nc5,2025-03-03,2026-01-05,y,p\nc6,2024-02-02,,y,q\n"
    )
    case = people.people(load(table, {"c.csv": data}, top=HEAD), variables="a,b")
    told = persona_facts.churn(case, persona_facts.placed(case, found([1, 1, 2, 2, 2, 2])))
    assert told["estimate"].tolist() == [50, 50, 50]
    assert told["n"].tolist() == [2, 2, 4]
    assert told["label"].iloc[0] == "Left in 2025"


def test_complaints_are_the_most_frequent_of_each_persona(tiny):
    """By hand: A complained 15 times, ten times by phone; B once, of which not even that is told."""
    phone, shop = "c1,2026-01-02,phone\n" * 10, "c2,2026-01-03,shop\n" * 5
    many = {"x.csv": f"who,day,where\n{phone}{shop}c4,2026-01-03,app\n"}
    told = persona_facts.complaints(*tiny(data=many))
    assert rows(told, "persona", "subject", "answer", "n", persona=A) == [A, "Channel", "phone", 15]
    assert rows(told, "estimate", persona=A) == pytest.approx([200 / 3])
    assert rows(told, "answer", "estimate", "n", persona=B) == ["", None, None]


def test_complaints_of_fewer_than_five_are_not_told(tiny):
    """By hand: A complained three times; of 15 complaints the 12 by phone leave 3 others."""
    told = persona_facts.complaints(*tiny())
    assert rows(told, "answer", "estimate", "n", persona=A) == ["", None, None]
    phone, shop = "c1,2026-01-02,phone\n" * 12, "c2,2026-01-03,shop\n" * 3
    told = persona_facts.complaints(*tiny(data={"x.csv": f"who,day,where\n{phone}{shop}"}))
    assert rows(told, "answer", "estimate", "n", persona=A) == ["", None, 15]


def test_drivers_of_each_persona(true, monkeypatch):
    """By construction the score follows `care`, and `speed` has nothing to do with it; ratings are plain means."""
    monkeypatch.setattr(persona_facts, "SAMPLES", 100)
    case, frame = true()
    told = persona_facts.drivers(case, frame, seed=1)
    assert rows(told, "rank", driver="care") == [1, 1, 1]
    assert rows(told, "rank_low", driver="speed") == [2, 2, 2]
    assert told["label"].tolist() == ["Care", "Speed"] * 3
    means = [survey()[name][kinds() == kind].mean() for kind in range(3) for name in ("care", "speed")]
    assert told["rating"].tolist() == pytest.approx(means)
    squared = np.corrcoef(*survey()[["care", "recommend"]][kinds() == 2].T.to_numpy())[0, 1] ** 2
    assert rows(told, "estimate", driver="care", persona="buyer") == pytest.approx([100 * squared], abs=2)
    pd.testing.assert_frame_equal(told, persona_facts.drivers(case, frame, seed=1))


def test_a_persona_whose_drivers_say_the_same_has_no_ranks(true, monkeypatch):
    monkeypatch.setattr(persona_facts, "SAMPLES", 100)
    case, frame = true(frames={"survey": survey().assign(speed=lambda t: t["speed"].where(kinds() > 0, t["care"]))})
    assert set(persona_facts.drivers(case, frame)["persona"]) == {"user", "buyer"}


# -- cards and profiles ----------------------------------------------------------------------------------------------


def test_profiles_are_shares_of_the_groups_and_hide_a_handful(true):
    """By hand: shares of cash in each kind; of the three "crypto" of the first kind nothing is told."""
    pay = survey()["pay"].where(kinds() == 2, survey()["pay"]).copy()
    pay[:3] = "crypto"
    labels = {"cash": "Cash", "card": "Card", "wallet": "E-wallet", "crypto": "Crypto"}
    case, frame = true(
        frames={"survey": survey().assign(pay=pay)},
        questions={"pay": {"role": "single", "attribute": "behavioural", "labels": labels}},
    )
    told = persona_cards.profiles(case, frame, formed_by=case.questions)
    cash = [100 * (pay[kinds() == kind].dropna() == "cash").mean() for kind in range(2)]
    assert rows(told, "share", name="pay", answer="Cash")[:2] == pytest.approx(cash)
    assert rows(told, "share", name="pay", answer="Crypto", group="saver") == [None]
    assert rows(told, "hidden", name="pay", answer="Crypto", group="saver") == [True]
    assert told[told["name"] == "pay"]["p"].isna().all()
    assert told[told["name"] == "age_band"]["p"].notna().all()
    assert "faith" not in set(told["name"])


def test_what_a_card_says(true):
    """By construction savers are young; of their channels only the shop is used by a fifth."""
    case, frame = true()
    traits = persona_cards.profiles(case, frame, formed_by=case.questions)
    shares = pd.DataFrame({"estimate": [44.4, 33.3, 22.3], "se": 2.0, "df": 20, "n": 99, "n_effective": 99})
    sizes = persona_facts.sizes(case, found([], ("saver", "user", "buyer"), shares))
    metrics, words = persona_facts.metrics(case, frame), {"saver": {"complaint": "Late.", "foot": "Foot"}}
    cards = persona_cards.cards(sizes, persona_facts.market(case, frame), metrics, persona_facts.churn(case, frame),
                                traits, words, currency="VND", confidence=0.9)  # fmt: skip
    saver = cards[0]
    assert (saver.number, saver.name, saver.share, saver.complaint, saver.foot) == (1, "saver", 44.4, "Late.", "Foot")
    assert [trait.label for trait in saver.who] == ["Age: 18-34"]
    assert [trait.label for trait in saver.channels] == ["In the shop"]
    assert [trait.label for trait in saver.buys] == ["Cash"]
    assert saver.customers[0] == pytest.approx(4440)
    assert [measure.label for measure in saver.metrics] == ["NPS", "Left within 90 days"]
    assert saver.metrics[0].total == pytest.approx(metrics["estimate"].iloc[-1])
    assert cards[1].complaint == ""


@pytest.mark.parametrize(("answer", "label"), [
    ("Ho Chi Minh City", "Ho Chi Minh City"), ("18-24", "A: 18-24"), ("Yes", "A: Yes"), ("≥ 7", "A: ≥ 7"),
    ("Cash", "Cash"), ("60 million or more", "A: 60 million or more"), ("", "A: "), ("Thẻ", "Thẻ"),
])  # fmt: skip
def test_an_answer_that_says_little_stands_with_its_attribute(answer, label):
    assert persona_cards.trait_label("A", answer) == label


def test_pains_are_ratings_beside_the_rest(true):
    case, frame = true()
    told = persona_cards.pains(case, frame)
    first = survey()["care"][kinds() == 0].mean()
    assert rows(told, "share", name="care", group="saver") == pytest.approx([first])
    assert persona_cards.pains(case, persona_facts.placed(case, found(np.ones(450, int), ("Everyone",)))).empty


# -- names that are taken --------------------------------------------------------------------------------------------


def test_a_question_called_persona_is_a_question(true):
    """By hand: who said yes to it, in each kind; and by it, the scores of the kinds are as without it."""
    asked = {"role": "single", "attribute": "behavioural"}
    yes = np.where(np.arange(450) % 3, "sure", "never")
    case, frame = true(frames={"survey": survey().assign(persona=yes)}, questions={"persona": asked})
    assert frame["persona"].tolist() == yes.tolist()
    told = persona_cards.profiles(case, frame)
    shares = [100 * (yes[kinds() == kind] == "sure").mean() for kind in range(3)]
    assert rows(told, "share", name="persona", answer="sure") == pytest.approx(shares)
    assert persona_facts.metrics(case, frame)["estimate"].tolist() == pytest.approx(
        persona_facts.metrics(*true())["estimate"].tolist()
    )


ALIKE = """tables:
  survey:
    file: s.csv
    cluster: shop
    questions:
      a: {role: single}
      b: {role: single}
      c: {role: single}
      rec: {role: metric, metric: nps}
"""


@in_steps
def never(*_, **__):
    """No simulation gains as much."""
    yield
    return 0.0


@pytest.fixture
def alike(load, monkeypatch):
    """alike(table): people of two kinds, 60 and 40, of one shop, whose answers are All or Everyone; and their kind."""
    for name, few in {"SIMULATIONS": 19, "SAMPLES": 5, "SHARE_SAMPLES": 20, "STARTS": 2}.items():
        monkeypatch.setattr(segment_number, name, few)
    # answers that always go together may differ by degree only, which is not asked here
    monkeypatch.setattr(segment_number, "chance", never)

    def of(table: str = ALIKE) -> tuple:
        kind = np.repeat(["All", "Everyone"], [60, 40])
        frame = pd.DataFrame({"a": kind, "b": kind, "c": kind, "shop": "one", "rec": np.repeat([10, 0], [60, 40])})
        case = people.people(load(table, {"s.csv": frame.to_csv(index=False)}, top=HEAD))
        return case, people.formed(case, k="2")

    return of


def test_a_persona_called_all_is_not_the_row_of_all(alike):
    """By hand: the 60 of All are promoters, the 40 of Everyone detractors."""
    case, made_of = alike()
    assert made_of.names == ("All (persona)", "Everyone")
    told = persona_facts.metrics(case, persona_facts.placed(case, made_of))
    assert rows(told, "persona", "estimate") == ["All (persona)", 100, "Everyone", -100, "All", 20]


def test_of_one_cluster_sizes_take_people_as_independent_and_say_so(alike):
    """Property: sizes are those of the same people without the cluster."""
    case, made_of = alike()
    pd.testing.assert_frame_equal(made_of.sizes, alike(ALIKE.replace("    cluster: shop\n", ""))[1].sizes)
    told = people.decided(case, made_of).iloc[-1]
    assert (told["decision"], told["rows"]) == ("one cluster only: sizes take people as independent of each other", 100)


# -- gathered --------------------------------------------------------------------------------------------------------


def test_best_against_worst(true):
    """By hand: of promoters so many are from the North, of detractors so many."""
    case, _ = true()
    group, told = persona_profiling.contrast(case)
    assert (group, set(told["group"]), set(told["other"])) == ("Promoters", {"Promoters"}, {"Detractors"})
    score, north = survey()["recommend"], survey()["city"] == "n"
    assert rows(told, "share", name="city", answer="North") == pytest.approx([100 * north[score >= 9].mean()])
    assert rows(told, "share_other", name="city", answer="North") == pytest.approx([100 * north[score <= 6].mean()])


def test_the_largest_persona_is_a_share_of_all_who_answered(alike):
    """By hand: 60 of 100 people."""
    case, made_of = alike()
    told = persona_profiling.headlines(case, persona_profiling.personas(case, made_of)).set_index("name")
    assert told.loc["largest", ["estimate", "n"]].tolist() == pytest.approx([60, 100])
    assert told.loc["largest", "note"] == "answers of those most likely of it: 60"
    assert told.loc["placed", "label"] == "Placed by one question as by all"


def test_groups_of_any_question(true):
    group, told = persona_profiling.contrast(true()[0], "city")
    assert (group, set(told["group"])) == ("North", {"North", "South"})
    assert told[told["name"] == "city"]["formed"].all()


def test_nobody_is_worst(true):
    case, _ = true(frames={"survey": survey().assign(recommend=9)})
    group, told = persona_profiling.contrast(case)
    assert (group, len(told), "group" in told) == ("Promoters", 0, True)


def test_lost_customers_beside_those_who_stayed(load):
    """By hand from the file of customers."""
    study = made(load)
    table, (group, told) = study.table("customers"), persona_profiling.lost(study)
    gone = table["left"].notna()
    assert group == "Left"
    assert rows(told, "share", name="pay", answer="Cash") == pytest.approx(
        [100 * (table["pay"][gone] == "Cash").mean()]
    )
    assert persona_profiling.lost(made(load, without=["customers", "complaints", "prospects"]))[1].empty


def test_points_of_a_handful_have_no_share():
    points = pd.DataFrame(
        {"answer": ["a", "b"], "points": [3, 4], "estimate": [50.0, 100.0], "low": 1.0, "high": 99.0, "n": [40, 3]}
    )
    told = persona_profiling.lead_points(Leads(SimpleNamespace(points=points), pd.DataFrame()))
    assert rows(told, "points", "estimate", "low", "high", "n") == [3, 50.0, 1.0, 99.0, 40, 4, None, None, None, 3]
    assert persona_profiling.lead_points(Leads(None, pd.DataFrame(), "none")).empty


def test_customers_of_a_table_are_those_still_there():
    """By hand: half of six on record are A, of whom two are still there, and of the others one: two thirds of three."""
    gone = pd.Timestamp("2026-01-01")
    frame = pd.DataFrame({"left": [pd.NaT, pd.NaT, gone, pd.NaT, gone, gone]})
    table = SimpleNamespace(book=SimpleNamespace(population=None), has=lambda name: True, table=lambda name: frame)
    table.total = SimpleNamespace(held={})  # read whole
    case = SimpleNamespace(study=table, table="customers", frame=frame, design={}, confidence=0.95)
    sizes = pd.DataFrame({"estimate": [50.0, 50], "se": [5.0, 5], "df": [np.inf, np.inf], "n": [3, 3]})
    probabilities = np.array([[1.0, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1]])
    members = probabilities.argmax(axis=1) + 1
    made = SimpleNamespace(k=2, sizes=sizes, names=("A", "B"), probabilities=probabilities, members=members)
    assert persona_facts.sizes(case, made)["customers"].tolist() == pytest.approx([2, 1])
