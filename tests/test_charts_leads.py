"""Facts about the lead score's pictures: nothing cut, nothing overlapping, every number where it belongs."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from pictures import assert_letters_apart
from test_charts import texts

from cxlib import language
from cxlib.charts.leads import lead_calibration, lead_points, lift_curve

LABELS = {
    "Cách thanh toán thường dùng nhất khi mua hàng tại cửa hàng": ["Tiền mặt", "Chuyển khoản qua ngân hàng điện tử"],
    "Kênh chính": ["Kênh số", "Kênh truyền thống", "unknown"],
    "Loại khách hàng": ["Hộ gia đình", "Doanh nghiệp", "other"],
}


def gained() -> pd.DataFrame:
    top = np.arange(5, 101, 5)
    found = 100 * (top / 100) ** 0.45
    return pd.DataFrame(
        {"top": top, "estimate": found, "low": found - 3, "high": np.minimum(found + 3, 100), "lift": found / top}
    )


def tenths(most: float = 70.0) -> pd.DataFrame:
    chance = np.linspace(2, most, 10)
    off = np.where(np.arange(10) == 4, 9.0, 0.5)
    return pd.DataFrame({"chance": chance, "estimate": chance + off, "low": chance + off - 4,
                         "high": chance + off + 4, "n": 400})  # fmt: skip


def pointed(labels=LABELS) -> pd.DataFrame:
    rows = [(label, answer) for label, answers in labels.items() for answer in answers]
    points = np.array([(-1) ** i * 7 * (len(rows) - i) for i in range(len(rows))])
    frame = pd.DataFrame(rows, columns=["label", "answer"]).assign(points=points, n=100)
    return frame.assign(points_low=frame["points"] - 6.0, points_high=frame["points"] + 6.0)


MANY = {f"{label} {i}": answers for i in range(6) for label, answers in LABELS.items()}


def in_vietnamese(draw, *args, **options):
    """What draw() makes in Vietnamese; English is spoken again then."""
    language.speak("vi")
    try:
        return draw(*args, **options)
    finally:
        language.speak("en")


@pytest.fixture(scope="module")
def drawings() -> dict:
    return {
        "lift": lift_curve(gained(), title="What the top of the ranking holds"),
        "lift vi": in_vietnamese(
            lift_curve, gained(), title="Phần đầu của danh sách chứa bao nhiêu khách hàng lý tưởng"
        ),
        "calibration": lead_calibration(tenths(), title="Are the chances right?"),
        "rare": in_vietnamese(lead_calibration, tenths(0.4).head(2), title="Xác suất có đúng không?"),
        "points": lead_points(pointed(), title="What earns points"),
        "points vi": in_vietnamese(lead_points, pointed(), title="Những câu trả lời nào được điểm"),
        "many": in_vietnamese(lead_points, pointed(MANY), title="Too many for one picture"),
    }


@pytest.mark.parametrize("name", ["lift", "lift vi", "calibration", "rare", "points", "points vi", "many"])
def test_no_text_is_cut_and_no_two_overlap(drawings, name):
    figure = drawings[name]
    found = texts(figure)
    assert len(found) > 4
    assert_letters_apart(figure, found)


def shown(figure) -> list[str]:
    return [text for text, _ in texts(figure)]


def test_the_curve_is_the_frame_s_from_nothing_to_all(drawings):
    axis = drawings["lift"].axes[0]
    curve, diagonal = axis.lines[0].get_xydata(), axis.lines[1].get_xydata()
    assert curve[0].tolist() == [0, 0]
    np.testing.assert_allclose(curve[1:], gained()[["top", "estimate"]])
    assert diagonal.tolist() == [[0, 0], [100, 100]]
    band = axis.collections[0].get_paths()[0].vertices
    assert [5.0, gained()["low"][0]] in band.tolist()
    written = [f"{gained().set_index('top').loc[top, 'lift']:.1f}×" for top in (10, 20, 30)]
    assert [text for text in shown(drawings["lift"]) if "×" in text] == written


def test_marks_are_filled_where_the_interval_holds_the_chance(drawings):
    """One tenth of the frame lies 9 off with an interval of 4: it alone is hollow."""
    marks = [line for line in drawings["calibration"].axes[0].lines if line.get_marker() == "o"]
    assert [mark.get_markerfacecolor() == "white" for mark in marks] == [i == 4 for i in range(10)]
    np.testing.assert_allclose(np.vstack([m.get_xydata() for m in marks]), tenths()[["chance", "estimate"]])


def test_bars_are_the_points(drawings):
    axis = drawings["points"].axes[0]
    widths = [bar.get_width() for bar in axis.patches]
    assert widths == pointed()["points"].tolist()
    assert [bar.get_hatch() == "///" for bar in axis.patches] == (pointed()["points"] < 0).tolist()
    assert {"+56", "−49"} <= set(shown(drawings["points"]))


def test_words_are_in_the_language(drawings):
    assert {"ngẫu nhiên", "% khách hàng, điểm cao nhất trước"} <= {*shown(drawings["lift vi"])}
    assert {"unknown", "other", "at random"} <= {*shown(drawings["points"]), *shown(drawings["lift"])}


def test_what_has_no_room_is_named(drawings):
    """18 attributes: those that are drawn and those that are named are all of them."""
    found = " ".join(" ".join(shown(drawings["many"])).split())
    assert all(label in found for label in MANY)
    assert "không vẽ, tối đa" in found
    assert drawings["many"].get_size_inches()[1] < 14


def test_nothing_to_draw():
    frame = pointed().assign(points=0)
    assert lead_points(frame, title="Nothing") is None
    assert lead_points(pointed().assign(n=0), title="Nobody") is None
    unasked = pointed().assign(points_low=lambda rows: rows["points"], points_high=lambda rows: rows["points"])
    assert lead_points(unasked, title="By rule") is None


def test_a_dollar_begins_no_formula():
    """matplotlib's mathtext cannot parse $^$."""
    FigureCanvasAgg(figure := lead_points(pointed({"a$^$": ["b$^$", "c$^$"]}), title="d$^$")).draw()
    assert not [t for t in figure.findobj(Text) if "$" in t.get_text() and t.get_parse_math()]
