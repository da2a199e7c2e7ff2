"""Facts about the pictures of profiles: nothing cut, nothing overlapping, marks and numbers where they belong."""

import itertools

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from pictures import assert_every_letter_has_a_glyph
from test_charts import texts

from cxlib import CxError, charts, language
from cxlib.profiles import KINDS, profile

NAMES = ["Thành phố", "Nhóm tuổi", "Cách thanh toán thường dùng", "Mức độ thường xuyên mua hàng", "Ưu tiên"]
ANSWERS = ["Ví điện tử", "Tiền mặt", "Chuyển khoản ngân hàng", "Vài lần mỗi tuần"]
GROUPS = ["Khách săn giá rẻ", "Gia đình bận rộn", "Khách quen", "Người sành", "Doanh nghiệp", "Khác"]


def crowd(groups: list[str], n=300, seed=3) -> pd.DataFrame:
    """Respondents of these groups, who answer somewhat differently; and a number, and a question for some."""
    rng = np.random.default_rng(seed)
    frames = []
    for i, group in enumerate(groups):
        chances = [rng.dirichlet(np.full(4, 6.0)) for _ in NAMES]
        answers = {name: rng.choice(ANSWERS, n, p=p) for name, p in zip(NAMES, chances, strict=True)}
        frames.append(pd.DataFrame(answers).assign(who=group, spend=rng.gamma(2 + i, 900, n)))
    frame = pd.concat(frames, ignore_index=True)
    asked = rng.random(len(frame)) < 0.4
    return frame.assign(industry=np.where(asked, rng.choice(["Nhà hàng", "Khách sạn"], len(frame)), None))


def drawn(groups: list[str], **options) -> pd.DataFrame:
    kinds = dict(zip([*NAMES, "spend", "industry"], [KINDS[i] for i in (1, 0, 3, 3, 2, 3, 4)], strict=True))
    return profile(crowd(groups), "who", list(kinds), kinds=kinds, bases={"industry": "doanh nghiệp"},
                   labels={"spend": "Chi tiêu, nghìn đồng mỗi tháng", "industry": "Ngành"}, **options)  # fmt: skip


def in_vietnamese(draw, *args, **options):
    """What draw() makes in Vietnamese; English is spoken again then."""
    language.speak("vi")
    try:
        return draw(*args, **options)
    finally:
        language.speak("en")


@pytest.fixture(scope="module")
def drawings() -> dict:
    six = drawn(GROUPS, formed_by=["Ưu tiên"])
    one = six[six["group"] == GROUPS[0]]
    three = drawn(GROUPS[:3], against=GROUPS[1])
    title = "Khách săn giá rẻ: điều gì làm họ khác với tất cả khách hàng còn lại?"
    return {
        "one": charts.profile(one, title="Who they are"),
        "one, Vietnamese": in_vietnamese(charts.profile, one, title=title),
        "against": charts.profile(three[three["group"] == GROUPS[0]], title="Against one", most=6),
        "a single row": charts.profile(one, title="One", most=1),
        "six": charts.profiles(six, title="Six groups"),
        "six, Vietnamese": in_vietnamese(charts.profiles, six, title=title),
        "three": charts.profiles(three, title="Three groups"),
        "two": charts.profiles(drawn(GROUPS[:2]), title="Two groups"),
        "long words": charts.profiles(drawn(["Connoisseurs", *GROUPS[1:]]), title="Headers turn"),
    }


DRAWN = ["one", "one, Vietnamese", "against", "a single row", "six", "six, Vietnamese", "three", "two", "long words"]


@pytest.mark.parametrize("name", DRAWN)
def test_no_text_is_cut_and_no_two_overlap(drawings, name):
    figure = drawings[name]
    width, height = figure.get_size_inches() * figure.dpi
    assert figure.get_size_inches()[0] == 5.2
    found = texts(figure)
    assert len(found) > 4
    for text, box in found:
        assert -1 <= box.x0 <= box.x1 <= width + 1, text
        assert -1 <= box.y0 <= box.y1 <= height + 1, text
    for (one, a), (other, b) in itertools.combinations(found, 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        high = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide <= 1 or high <= 1, f"{one!r} overlaps {other!r}"


@pytest.mark.parametrize("name", DRAWN)
def test_every_letter_has_a_glyph_and_is_large_enough(drawings, name):
    """matplotlib warns of a letter that the font lacks."""
    assert_every_letter_has_a_glyph(drawings[name])
    sizes = [t.get_fontsize() for t in drawings[name].findobj(mpl.text.Text) if t.get_text()]
    assert min(sizes) >= 8.5


# -- marks and numbers -----------------------------------------------------------------------------------------------


def made(**columns) -> pd.DataFrame:
    """Rows of one group's profile, by hand: each of its own attribute, shares of 30 in the total."""
    share = np.array(columns.pop("share"), float)
    n = len(share)
    frame = pd.DataFrame({"group": "g", "other": "the rest", "kind": "other", "name": [f"q{i}" for i in range(n)]})
    frame = frame.assign(
        attribute=frame["name"],
        answer="yes",
        base="all",
        unit="percent",
        share=share,
        total=30.0,
        n=100,
        n_total=400,
        se=4.0,
        n_effective=100.0,
        hidden=False,
        formed=False,
        p_corrected=0.5,
    )
    index = 100 * share / 30
    return frame.assign(index=index, index_low=0.8 * index, index_high=1.25 * index).assign(**columns)  # fmt: skip


def marks(figure) -> list[tuple]:
    """Place, symbol and whether it is filled, of each mark from the top."""
    lines = [line for line in figure.axes[0].lines if line.get_marker() not in ("None", None, "")]
    lines = [line for line in lines if len(line.get_xdata())]
    lines.sort(key=lambda line: line.get_ydata()[0])
    return [(line.get_xdata()[0], line.get_marker(), line.get_markerfacecolor() != "white") for line in lines]


def test_filled_is_told_apart_hollow_is_not_and_square_formed_the_groups():
    rows = made(share=[60, 45, 36, 15], p_corrected=[0.001, 0.049, 0.051, np.nan], formed=[False, False, False, True])
    found = marks(charts.profile(rows, title="x"))
    assert found == [
        (pytest.approx(200), "o", True),
        (pytest.approx(150), "o", True),
        (pytest.approx(120), "o", False),
        (pytest.approx(50), "s", False),
    ]
    words = [text.get_text() for text in charts.profile(rows, title="x").legends[0].get_texts()]
    assert words == ["other than the rest (p < 0.05, corrected)", "may be chance", "formed the groups, not tested"]


def test_bars_reach_from_100_to_the_index_with_its_interval():
    (axis,) = charts.profile(made(share=[60, 15]), title="x").axes
    ends = [sorted([bar.get_x(), bar.get_x() + bar.get_width()]) for bar in axis.patches]
    assert ends == [pytest.approx([100, 200]), pytest.approx([50, 100])]
    spans = [segment[:, 0].tolist() for lines in axis.collections for segment in lines.get_segments()]
    assert spans == [pytest.approx([160, 250]), pytest.approx([40, 62.5])]


def test_what_lies_far_out_ends_in_an_arrow():
    rows = made(share=[0, 60], index=[0.0, 200.0], index_low=[np.nan, 160], index_high=[np.nan, 250])
    assert marks(charts.profile(rows, title="x"))[1][1:] == ("<", False)


def test_the_shares_of_the_group_and_of_all_stand_at_the_right():
    rows = made(share=[60, 6.25], unit=["percent", "score"], total=[30.0, 5.0], base=["all", "businesses"])
    shown = [note.get_text() for note in charts.profile(rows, title="x").axes[0].texts]
    for word in ("60%", "30%", "6.25", "5.00", "group", "all", "Other"):
        assert word in shown
    labels = [
        label.get_text().replace("\n", " ") for label in charts.profile(rows, title="x").axes[0].get_yticklabels()
    ]
    assert labels == ["q0: yes", "q1 (businesses, n = 100)"]


def test_the_furthest_are_drawn_and_of_two_answers_one():
    """By hand, in standard deviations of the total, sqrt(30 * 70) = 45.8: 60 before 12 before 40."""
    rows = made(share=[40, 12, 60, 31])
    labels = [t.get_text() for t in charts.profile(rows, title="x", most=3).axes[0].get_yticklabels()]
    assert labels == ["q2: yes", "q0: yes", "q1: yes"]
    both = made(share=[40, 60], name="q", attribute="sex", answer=["f", "m"], total=[50.0, 50.0], index=[80.0, 120.0])
    assert [t.get_text() for t in charts.profile(both, title="x").axes[0].get_yticklabels()] == ["sex: m"]
    options = both.assign(share=[70.0, 60.0])
    assert len(charts.profile(options, title="x").axes[0].get_yticklabels()) == 2


def test_blocks_stand_in_the_order_of_kinds():
    rows = made(share=[40, 12, 60], kind=["behavioural", "demographic", "geographic"])
    notes = in_vietnamese(charts.profile, rows, title="x").axes[0].texts
    heads = {note.get_text(): note.xy[1] for note in notes if note.get_text() in ("Hành vi", "Nhân khẩu học", "Địa lý")}
    assert sorted(heads, key=heads.get) == ["Nhân khẩu học", "Địa lý", "Hành vi"]


def test_side_by_side_a_small_group_has_stars_and_a_hidden_answer_a_dash():
    first = made(share=[60.0, 15.0])
    blank = dict.fromkeys(("share", "index", "index_low", "index_high", "total", "p_corrected"), np.nan)
    small = first.assign(group="small", n=12, **blank)
    few = first.assign(group="few", **blank).assign(hidden=True)
    figure = charts.profiles(pd.concat([first, small, few]), title="x")
    shown = [[text.get_text() for text in axis.texts if text.get_text() in ("**", "–")] for axis in figure.axes]
    assert shown == [[], ["**", "**"], ["–", "–"]]
    assert [axis.get_title() for axis in figure.axes] == ["g\nn=100", "small\nn=12", "few\nn=100"]


def test_faults_and_nothing_to_draw():
    rows = made(share=[60.0])
    with pytest.raises(CxError, match="this chart shows one group; found 2"):
        charts.profile(pd.concat([rows, rows.assign(group="h")]), title="x")
    with pytest.raises(CxError, match="at most 6 groups fit side by side; found 7"):
        charts.profiles(pd.concat([rows.assign(group=f"g{i}") for i in range(7)]), title="x")
    blank = rows.assign(share=np.nan, total=np.nan, index=np.nan)
    assert charts.profile(blank, title="x") is None
    assert charts.profiles(blank, title="x") is None
    assert mpl.rcParams["font.size"] == mpl.rcParamsDefault["font.size"]


def test_a_dollar_begins_no_formula():
    """matplotlib's mathtext cannot parse $^$."""
    rows = made(share=[60, 45], attribute=["a$^$", "b$^$"], answer="c$^$", group="d$^$")
    for chart in (charts.profile, charts.profiles):
        FigureCanvasAgg(figure := chart(rows, title="e$^$")).draw()
        assert not [t for t in figure.findobj(mpl.text.Text) if "$" in t.get_text() and t.get_parse_math()]
