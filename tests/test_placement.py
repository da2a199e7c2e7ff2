"""The short form that places a customer: oracles are points added by hand, the demo drawn again, and the full model."""

import re
import sys
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import simulate
from persona_study import made, survey

from cxlib import CxError, language, people, placement
from cxlib.latent_classes import LatentClasses, fit, memberships
from cxlib.report import form as form_page
from cxlib.segment_variables import Variable, code, describe, levels_of

NAMES = ("A", "B")
# Of A (60%) nine in ten pay cash and a fifth use the app, of B (40%) a fifth and seven in ten.
# A spends 10 ± 8, B 20 ± 6.
PAY = np.array([[0.9, 0.1], [0.2, 0.8]])
APP = np.array([[0.8, 0.2], [0.3, 0.7]])
VARIABLES = (
    Variable("pay", "category", ("cash", "card")),
    Variable("use.app", "category", ("0", "1")),
    Variable("spend", "number", center=15.0, scale=5.0),
)
MODEL = LatentClasses(
    np.array([0.6, 0.4]), (PAY, APP), np.array([[-1.0], [1.0]]), np.array([[1.6], [1.2]]), 0.0, 0, 0, True, 1, 1
)
KNOWN = SimpleNamespace(k=2, model=MODEL, variables=VARIABLES, names=NAMES)


def drawn(n: int = 800, *, seed: int = 1) -> pd.DataFrame:
    """People of the two kinds."""
    random = np.random.default_rng(seed)
    kind = (random.random(n) < 0.4).astype(int)
    return pd.DataFrame(
        {
            "pay": np.where(random.random(n) < PAY[kind, 0], "cash", "card"),
            "use.app": (random.random(n) < APP[kind, 1]).astype(float),
            "spend": 10 + 10 * kind + (8 - 2 * kind) * random.normal(size=n),
        }
    )


@pytest.fixture(scope="module")
def form() -> placement.Placement:
    return placement.short_form(drawn(), KNOWN, most=3)


def four_logs(chance) -> np.ndarray:
    return np.rint(4 * np.log(chance))


def test_points_are_rounded_logarithms_of_the_chances(form):
    """By hand: 4 log .9 is -0.4, 4 log .2 is -6.4; what is printed runs from 0, and only differences count."""
    points = form.points[form.points["variable"] == "pay"].set_index("answer")[["p1", "p2"]]
    assert points.loc["cash"].tolist() == [6, 0]  # 0 and -6
    assert points.loc["card"].tolist() == [0, 8]  # -9 and -1
    tick = form.points[form.points["variable"] == "use.app"].iloc[0]
    yes, no = four_logs(APP[:, 1]), four_logs(APP[:, 0])
    assert (tick["tick"], tick["p2"] - tick["p1"]) == (True, (yes - no)[1] - (yes - no)[0])
    start = form.points.iloc[0]
    assert start["p1"] - start["p2"] == (four_logs(np.array([0.6, 0.4])) + no) @ [1, -1]


def test_a_place_is_the_greatest_sum_by_hand(form):
    """The argmax over all answers to the form of the sums of rounded log chances, of which ties go to the larger."""
    answers = pd.DataFrame(
        [(pay, app, spend) for pay in ("cash", "card") for app in (0, 1) for spend in (5, 9, 12, 16, 30)],
        columns=["pay", "use.app", "spend"],
    )
    bands = form.points[form.points["variable"] == "spend"][["p1", "p2"]].to_numpy()
    edges = form.edges["spend"]
    sums = []
    for row in answers.itertuples(index=False):
        total = four_logs(np.array([0.6, 0.4])) + four_logs(PAY[:, 0 if row[0] == "cash" else 1])
        total = total + four_logs(APP[:, int(row[1])]) + bands[sum(row[2] >= edge for edge in edges)]
        sums.append(total)
    placed = form.place(answers)
    assert placed["segment"].tolist() == (np.argmax(sums, axis=1) + 1).tolist()
    assert placed["name"].tolist() == [NAMES[i - 1] for i in placed["segment"]]
    odds = np.exp(np.diff(sums, axis=1)[:, 0] / 4)
    assert placed["probability"].tolist() == pytest.approx(np.maximum(odds, 1) / (1 + odds))
    assert set(placed["answered"]) == {3}


def test_bands_of_a_number_are_its_chances_between_their_edges(form):
    """The normal distribution function of A (10 ± 8) and B (20 ± 6) between the edges of the form."""
    from scipy.stats import norm

    edges = [-np.inf, *form.edges["spend"], np.inf]
    chance = np.array([np.diff(norm.cdf(edges, 10, 8)), np.diff(norm.cdf(edges, 20, 6))]).T
    points = four_logs(np.maximum(chance, 1e-4))
    printed = form.points[form.points["variable"] == "spend"]
    assert (printed[["p1", "p2"]].to_numpy() == points - points.min(axis=1, keepdims=True)).all()
    assert printed["answer"].iloc[[0, -1]].tolist() == [f"<{edges[1]:g}", f"≥{edges[-2]:g}"]


@pytest.mark.parametrize("names", [("question", "answer"), ("variable", "tick"), ("start", "p1")])
def test_personas_may_have_any_names(form, names):
    """Property: names have no say in the points, and people are placed as ever."""
    named = placement.short_form(drawn(), SimpleNamespace(**vars(KNOWN) | {"names": names}), most=3)
    pd.testing.assert_frame_equal(named.points, form.points)
    placed = named.place(drawn())
    assert placed["name"].tolist() == form.place(drawn())["name"].map(dict(zip(NAMES, names, strict=True))).tolist()


@pytest.mark.parametrize(
    ("values", "edges", "first", "last"),
    [
        (np.arange(1940, 2001.0), (1952, 1964, 1976, 1988), ["<1952", "1952-1963"], "≥1988"),
        (np.arange(-50, 51.0), (-30, -10, 10, 30), ["<-30", "-30 to -11", "-10 to 9", "10-29"], "≥30"),
        (np.arange(0, 1.01, 0.01), (0.2, 0.4, 0.6, 0.8), ["<0.2", "0.2 to <0.4"], "≥0.8"),
    ],
)
def test_bands_of_years_and_negatives_are_apart_and_each_number_has_one_place(values, edges, first, last):
    """Fifths of equally frequent numbers, by hand."""
    scale = SimpleNamespace(log=False, center=0.0, scale=1.0)
    found, _ = placement._edges(scale, values)
    assert found == pytest.approx(edges)
    named = placement._band_names(found, whole=bool((values % 1 == 0).all()))
    assert (named[: len(first)], named[-1], len(named)) == (first, last, 5)


def test_an_edge_belongs_to_the_band_above(form):
    edge = form.edges["spend"][0]
    below, at = form.place(pd.DataFrame({"spend": [edge - 1e-9, edge]}))["probability"]
    first, second = form.points[form.points["variable"] == "spend"][["p1", "p2"]].to_numpy()[:2]
    assert (below == at) == (np.diff(first) == np.diff(second)).item()


def test_what_is_not_answered_earns_nothing(form):
    """Whoever answers nothing is of the largest kind, with the chances that the form starts with."""
    placed = form.place(pd.DataFrame({"pay": [None, "card"], "spend": [np.nan, 25.0], "use.app": [None, 1.0]}))
    assert placed["answered"].tolist() == [0, 3]
    assert placed["name"].tolist() == ["A", "B"]
    assert form.place(pd.DataFrame({"pay": pd.Series(["card"], index=[7])})).index.tolist() == [7]
    assert len(form.place(pd.DataFrame({"pay": pd.Series([], dtype=object)}))) == 0


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"pay": ["cash", "shell", "coin"]}, "answers to pay are those of the form; 2 are not, e.g. shell in row 2"),
        ({"use.app": [1, 2]}, "answers to use.app are 1 (ticked) or 0; 1 are not, e.g. 2 in row 2"),
        ({"use.app": ["yes"]}, "answers to use.app are 1 (ticked) or 0; 1 are not, e.g. yes in row 1"),
        ({"spend": [5.0, "much"]}, "answers to spend are numbers; 1 are not, e.g. much in row 2"),
        ({"age": [3]}, "the form asks pay, spend, use; the answers hold none of these"),
    ],
)
def test_answers_that_are_not_on_the_form_are_refused(form, answers, message):
    with pytest.raises(CxError) as caught:
        form.place(pd.DataFrame(answers))
    assert str(caught.value) == message


@pytest.mark.parametrize("given", [pd.Series([1, 0]), pd.Series([1.0, 0.0]), pd.Series(["1", "0"]),
                                   pd.Series([True, False]), pd.Series([1, 0], dtype="Int64")])  # fmt: skip
def test_a_tick_may_be_written_in_many_ways(form, given):
    wanted = form.place(pd.DataFrame({"use.app": [1.0, 0.0]}))
    pd.testing.assert_frame_equal(form.place(given.to_frame("use.app")), wanted)


def test_whole_numbers_that_are_categories_are_placed_as_numbers_and_as_text():
    """1, 1.0 and "1" are one answer, as they are for the full model."""
    levels = Variable("visits", "category", ("1", "2", "3"))
    chance = np.array([[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]])
    model = LatentClasses(np.array([0.5, 0.5]), (chance,), np.zeros((2, 0)), np.ones((2, 0)), 0.0, 0, 0, True, 1, 1)
    made_of = SimpleNamespace(k=2, model=model, variables=(levels,), names=NAMES)
    visits = pd.DataFrame({"visits": np.tile([1.0, 3.0, 2.0, np.nan], 50)})
    form = placement.short_form(visits, made_of)
    assert form.place(visits.head(2))["name"].tolist() == ["A", "B"]
    assert form.place(pd.DataFrame({"visits": ["1", "3"]}))["name"].tolist() == ["A", "B"]


def test_accuracy_is_counted_on_the_half_that_was_held_out(form):
    """By hand: of these the share whose form and full model agree."""
    frame, last = drawn(), form.accuracy.iloc[-1]
    held = np.random.default_rng(0).permutation(800) >= 400
    full = memberships(MODEL, *code(VARIABLES, frame)).argmax(axis=1) + 1
    agrees = form.place(frame)["segment"].to_numpy() == full
    assert (last["n"], last["estimate"]) == (400, pytest.approx(100 * agrees[held].mean()))
    assert form.accuracy["questions"].tolist() == list(range(1, len(form.questions) + 1))
    assert form.accuracy["added"].tolist() == list(form.questions)


def test_who_answered_nothing_is_not_counted_as_placed():
    """By hand: 100 of 900 answered nothing; half of the others are held out, more or less."""
    blank = pd.DataFrame({"pay": [None] * 100, "use.app": np.nan, "spend": np.nan})
    frame = pd.concat([drawn(), blank], ignore_index=True)
    told = placement.short_form(frame, KNOWN).accuracy["n"].iloc[-1]
    assert told == (np.random.default_rng(0).permutation(900) >= 450)[:800].sum()


def test_weights_count():
    """People of weight 0 choose nothing and count for nothing."""
    frame = drawn().assign(w=1.0)
    other = frame.assign(pay="cash", spend=30.0, w=0.0)
    whole = placement.short_form(pd.concat([frame, other], ignore_index=True), KNOWN, weights="w")
    assert whole.accuracy["n_weighted"].iloc[-1] == (np.random.default_rng(0).permutation(1600) >= 800)[:800].sum()


def test_a_form_is_the_same_again_and_has_no_more_questions_than_asked():
    one, again = (placement.short_form(drawn(), KNOWN, most=1, seed=3) for _ in range(2))
    assert one.questions == again.questions == ("pay",)
    pd.testing.assert_frame_equal(one.points, again.points)
    pd.testing.assert_frame_equal(one.accuracy, again.accuracy)
    with pytest.raises(CxError, match=r"^a form has one question or more; found 0$"):
        placement.short_form(drawn(), KNOWN, most=0)
    with pytest.raises(CxError, match=r"^there are no segments to place anybody in$"):
        placement.short_form(drawn(), SimpleNamespace(k=1))


def demo(seed: int) -> pd.DataFrame:
    """The demo's respondents drawn anew, with a column for each touchpoint."""
    sys.path.insert(0, str(simulate.DEMO))
    import population

    frame = population.draw(seed, 1000)
    ticked = {f"touchpoints.{t}": frame["touchpoints"].str.split(";").map(lambda told, t=t: float(t in told))
              for t in population.TOUCHPOINTS}  # fmt: skip
    reasons = {f"reasons.{name.removeprefix('reason_')}": frame[name].astype(float) for name in population.REASONS}
    kept = ["channel", "frequency", "payment", "priority", "spend", "weight", "city", "shop"]
    return frame[kept].assign(frequency=frame["frequency"].astype(str), **ticked, **reasons)


def test_six_questions_place_at_least_85_percent_of_customers_as_all_do():
    """Oracle: the full model of four classes on one sample of the demo's world, and a fresh sample of customers."""
    frame, fresh = demo(11), demo(12)
    names = [name for name in frame if name not in ("weight", "city", "shop")]
    variables, _ = describe(frame, names)
    model = fit(*(code(variables, frame)[0], levels_of(variables), code(variables, frame)[1]), 4, starts=3,
                weights=frame["weight"].to_numpy(), seed=0)  # fmt: skip
    made_of = SimpleNamespace(k=4, model=model, variables=tuple(variables), names=("1", "2", "3", "4"))
    form = placement.short_form(frame, made_of, most=6, weights="weight", strata="city", clusters="shop")
    full = memberships(model, *code(variables, fresh)).argmax(axis=1) + 1
    agrees = 100 * np.average(form.place(fresh)["segment"] == full, weights=fresh["weight"])
    assert len(form.questions) <= 6
    assert agrees >= 85
    last = form.accuracy.iloc[-1]
    assert last["low"] - 2 <= agrees <= last["high"] + 2


# -- the page --------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """The tags of a page and its text."""

    def __init__(self, html: str):
        super().__init__()
        self.tags, self.open, self.text = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag not in ("meta", "input", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def printed(load, tmp_path):
    """printed(changes): the page of the small study's form, the form and the people."""

    def of(**changes) -> tuple[str, placement.Placement, people.People]:
        study = made(load, without=["customers", "complaints", "prospects"], **changes)
        language.speak(study.book.language)
        case = people.people(study)
        found = people.formed(case, k="3")
        form = placement.short_form(case.frame, found, **case.design)
        path = tmp_path / "form.html"
        form_page.write(path, placement.as_printed(form, case))
        return path.read_text(encoding="utf-8"), form, case

    yield of
    language.speak("en")


def test_the_page_holds_every_question_answer_and_point(printed):
    html, form, case = printed()
    page = Page(html)
    assert not page.open
    told = placement.as_printed(form, case)
    for question in told["questions"]:
        assert question["text"] in page.text
        assert all(answer["label"] in page.text for answer in question["answers"])
    cells = re.findall(r'<td class="points">(-?\d+)</td>', html)
    assert list(map(int, cells)) == form.points[form.columns].to_numpy().ravel().tolist()
    assert all(name in page.text for name in form.names)
    assert "Mobile app" in page.text
    assert html.count('class="box"') == 3
    assert not {"script", "img", "link", "iframe"} & set(page.tags)
    assert "default-src 'none'" in html
    share = form.accuracy["estimate"].iloc[-1]
    assert f"{share:.1f}% of customers who were held out are placed as by all questions" in page.text
    # one page: A4 holds some 60 lines of this size
    assert html.count("<tr") < 60


def test_the_page_in_vietnamese(printed):
    html, _, _ = printed(language="vi")
    text = Page(html).text
    assert '<html lang="vi">' in html
    for words in ("Khách hàng này thuộc chân dung nào?", "Điểm ban đầu", "Tổng", "nhiều câu trả lời", "Ứng dụng"):
        assert words in text
    assert not re.search(r"\b(one answer|Sum|To begin with|of customers)\b", text)


def test_labels_are_text_and_no_code(printed):
    evil = "<script>alert('1')</script>"
    uses = {
        "role": "multi",
        "attribute": "channel",
        "text": evil,
        "labels": {"shop": evil, "app": "a & b", "web": '"w"'},
    }
    html, form, _ = printed(questions={"uses": uses}, title=evil)
    assert "uses" in form.questions
    assert "<script" not in html
    assert evil in Page(html).text


def test_a_page_that_cannot_be_written_says_so(tmp_path):
    told = {"estimate": 90.0, "low": 80.0, "high": 95.0, "n": 100}
    form = {"title": "T", "names": ("A", "B"), "start": [1, 0], "questions": [], "accuracy": told}
    with pytest.raises(CxError, match=r"none/form.html: cannot be written: No such file or directory$"):
        form_page.write(tmp_path / "none" / "form.html", form)


def test_a_kept_segmentation_places_as_it_did(load, tmp_path):
    """The file holds the whole model: who is placed by it is placed as before it was written."""
    case = people.people(made(load, without=["customers", "complaints", "prospects"]))
    found = people.formed(case, k="3")
    found.save(tmp_path / "p.json")
    kept = type(found).load(tmp_path / "p.json")
    pd.testing.assert_frame_equal(kept.assign(case.frame), found.assign(case.frame))
    first, again = (placement.short_form(case.frame, one, **case.design) for one in (found, kept))
    pd.testing.assert_frame_equal(first.place(case.frame), again.place(case.frame))
    assert "r17" not in (tmp_path / "p.json").read_text(encoding="utf-8")
    assert len(survey()) == len(case.frame)
