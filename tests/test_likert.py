"""The chart of a battery: every bar at its place, numbers and bases that can be read, shades that survive a copier."""

import itertools
import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle
from test_charts import texts

from cxlib import CxError
from cxlib.charts.likert import likert

VIETNAMESE = ["Hoàn toàn không hài lòng", "Không hài lòng", "Bình thường", "Hài lòng", "Hoàn toàn hài lòng"]
ATTITUDE = "Thái độ phục vụ của nhân viên tại quầy thanh toán ở siêu thị"
AGREEMENT = ["Disagree strongly", "Disagree", "Agree", "Agree strongly"]


def tidy(shares: dict, answers, bases: dict | None = None) -> pd.DataFrame:
    """A frame for likert(): a row an item and answer, with a base of 500 unless `bases` says another."""
    rows = [
        (item, answer, float(share), (bases or {}).get(item, 500))
        for item, given in shares.items()
        for answer, share in zip(answers, given, strict=True)
    ]
    return pd.DataFrame(rows, columns=["item", "answer", "estimate", "n"])


def draw(frame: pd.DataFrame, **options):
    return likert(frame, item="item", answer="answer", **{"title": "Ratings"} | options)


FIVE = {
    "Staff": [10, 20, 30, 25, 15],
    "Prices and promotions": [40, 30, 20, 8, 2],
    "App": [1, 2, 3, 4, 90],
    "Delivery": [50, 0, 0, 0, 50],
}
SPREAD = [9, 8, 12, 7, 10, 9, 11, 8, 9, 10, 7]
CHARTS = {
    "five": tidy(FIVE, range(1, 6), {"Prices and promotions": 87, "App": 12}),
    "fourteen": tidy({f"Attribute number {i} of the shop": [5, 10, 25, 40, 20] for i in range(14)}, range(1, 6)),
    "eleven": tidy({"Recommend to friends": SPREAD, "Buy again": SPREAD[::-1]}, range(11)),
    "ten": tidy({"One item alone": [10] * 10}, range(1, 11)),
    "seven": tidy({"Ease": [5, 5, 10, 20, 20, 25, 15]}, range(1, 8)),
    "four": tidy({"Fair": [10, 20, 40, 30], "Fast": [0, 0, 50, 50]}, AGREEMENT),
    "vietnamese": tidy({ATTITUDE: [5, 10, 25, 40, 20], "Giao hàng": [20, 20, 20, 20, 20]}, VIETNAMESE),
}


@pytest.fixture(scope="module")
def drawings() -> dict:
    titles = {"vietnamese": "Mức độ hài lòng của khách hàng với dịch vụ sau khi mua hàng"}
    return {name: draw(frame, title=titles.get(name, "Ratings")) for name, frame in CHARTS.items()}


def filled(figure) -> list[list[Rectangle]]:
    """The filled bars, by answer and item."""
    (axis,) = figure.axes
    found = []
    for answer in axis.collections:
        if len(answer.get_facecolor()):  # the white lines around the bars have none
            corners = [path.vertices[:4] for path in answer.get_paths()]
            how = {"fc": answer.get_facecolor()[0], "hatch": answer.get_hatch(), "transform": axis.transData}
            found.append([Rectangle(four.min(axis=0), *np.ptp(four, axis=0), **how) for four in corners])
    return found


def bars(figure) -> np.ndarray:
    """Left end and width of the filled bars: answers x bars."""
    return np.array([[(bar.get_x(), bar.get_width()) for bar in answer] for answer in filled(figure)])


# -- where the bars are ------------------------------------------------------------------------------------------


def test_bars_start_left_by_the_bad_answers_and_half_of_the_neutral(drawings):
    """Staff 10 + 20 + 30/2, prices 40 + 30 + 20/2, delivery 50; to the right what is left of 100."""
    ends = bars(drawings["five"])
    assert ends.shape == (5, 3, 2)  # the app's base of 12 is withheld
    assert ends[0, :, 0].tolist() == pytest.approx([-45, -80, -50])
    assert ends[-1].sum(axis=1).tolist() == pytest.approx([55, 20, 50])
    np.testing.assert_allclose(ends[2, :, 0] + ends[2, :, 1] / 2, 0, atol=1e-9)


@pytest.mark.parametrize("name", CHARTS)
def test_segments_are_the_shares_end_to_end(drawings, name):
    frame, ends = CHARTS[name], bars(drawings[name])
    wanted = frame[frame["n"] >= 30].pivot(index="answer", columns="item", values="estimate")
    wanted = wanted.loc[list(dict.fromkeys(frame["answer"])), [i for i in dict.fromkeys(frame["item"]) if i in wanted]]
    np.testing.assert_allclose(ends[:, :, 1], wanted)
    np.testing.assert_allclose(ends[1:, :, 0], ends[:-1].sum(axis=2), atol=1e-9)


@pytest.mark.parametrize(("name", "half"), [("four", 2), ("ten", 5)])
def test_an_even_scale_has_no_neutral_answer(drawings, name, half):
    np.testing.assert_allclose(bars(drawings[name])[half, :, 0], 0, atol=1e-9)


def test_items_stand_in_the_order_given_from_the_top(drawings):
    (axis,) = drawings["five"].axes
    places = {label.get_text(): label.get_window_extent().y0 for label in axis.get_yticklabels()}
    assert sorted(places, key=places.get, reverse=True) == list(FIVE)


# -- which answers there are -------------------------------------------------------------------------------------


def legend_words(figure) -> list[str]:
    """The legend read line by line, from left to right."""
    (legend,) = figure.legends
    FigureCanvasAgg(figure).draw()
    boxes = [(word.get_window_extent(), word.get_text()) for word in legend.get_texts()]
    return [word for box, word in sorted(boxes, key=lambda b: (-round(b[0].y0 / 8), b[0].x0))]


@pytest.mark.parametrize("name", CHARTS)
def test_the_legend_reads_from_worst_to_best(drawings, name):
    assert legend_words(drawings[name]) == [str(answer) for answer in dict.fromkeys(CHARTS[name]["answer"])]


def test_an_answer_that_nobody_gave_keeps_its_place():
    """Of 1, 2, 4 and 5 the neutral 3 is in the middle; a declared scale of 0-10 has its neutral at 5."""
    frame = tidy({"Staff": [10, 20, 30, 40]}, [1.0, 2.0, 4.0, 5.0])
    np.testing.assert_allclose(bars(draw(frame))[:, 0], [[-30, 10], [-20, 20], [0, 0], [0, 30], [30, 40]])
    assert bars(draw(frame, answers=range(11)))[0, 0, 0] == pytest.approx(-100 + 40 / 2)


def test_labels_come_in_the_order_of_their_categories():
    frame = tidy({"Fair": [10, 20, 40, 30]}, AGREEMENT).iloc[::-1]
    ordered = frame.assign(answer=pd.Categorical(frame["answer"], AGREEMENT, ordered=True))
    for figure in (draw(ordered), draw(frame, answers=AGREEMENT)):
        assert legend_words(figure) == AGREEMENT
        assert bars(figure)[:, 0, 1].tolist() == [10, 20, 40, 30]


def test_an_answer_off_the_scale_is_refused():
    with pytest.raises(CxError, match=r"^the answers are 1, 2, 3, 4; 5 is not one of them$"):
        draw(tidy(FIVE, range(1, 6)), answers=[1, 2, 3, 4])


def test_no_rows_make_no_chart():
    assert draw(CHARTS["five"].iloc[:0]) is None


# -- bases -------------------------------------------------------------------------------------------------------


def shown(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_bases_are_marked_when_small_and_stand_for_the_bar_when_tiny(drawings):
    words = shown(drawings["five"])
    assert [word for word in words if word in ("500", "87*", "** base 12")] == ["500", "87*", "** base 12", "500"]
    assert "** base 87" in shown(draw(CHARTS["five"], minimum_base=100))


def test_an_item_without_estimates_is_withheld_and_so_may_be_all():
    frame = tidy(FIVE, range(1, 6), dict.fromkeys(FIVE, 20)).assign(estimate=np.nan)
    figure = draw(frame)
    assert shown(figure).count("** base 20") == 4
    assert bars(figure).size == 0


# -- what can be read --------------------------------------------------------------------------------------------


def numbers(figure) -> list:
    """The shares written inside the bars, each with its filled segment."""
    FigureCanvasAgg(figure).draw()
    (axis,) = figure.axes
    found = []
    patches = [bar for answer in filled(figure) for bar in answer]
    for text in axis.texts:
        if text.get_text().isdigit() and not hasattr(text, "xyann"):
            x, y = text.get_position()
            row = [p for p in patches if abs(p.get_y() + p.get_height() / 2 - y) < 1e-9]
            (segment,) = [p for p in row if p.get_x() < x < p.get_x() + p.get_width()]
            found.append((text, segment))
    return found


@pytest.mark.parametrize("name", CHARTS)
def test_numbers_are_the_shares_and_fit_their_segments(drawings, name):
    found = numbers(drawings[name])
    assert found
    for text, segment in found:
        assert text.get_text() == f"{segment.get_width():.0f}"
        box, room = text.get_window_extent(), segment.get_window_extent()
        assert room.x0 <= box.x0 <= box.x1 <= room.x1
        assert room.y0 <= box.y0 <= box.y1 <= room.y1


def test_wide_segments_have_their_number_and_narrow_ones_none(drawings):
    """App is withheld; of delivery's and prices' shares 2% has no room."""
    words = [text.get_text() for text, _ in numbers(drawings["five"])]
    assert sorted(words, key=int) == ["8", "10", "15", "20", "20", "25", "30", "30", "40", "50", "50"]


def lightness(color) -> float:
    return float(np.dot(to_rgb(color), (0.299, 0.587, 0.114)))


@pytest.mark.parametrize("name", CHARTS)
def test_answers_differ_in_black_and_white(drawings, name):
    """Bad answers are hatched and good ones are not; within each the extreme is darkest, by visible steps."""
    (legend,) = drawings[name].legends
    drawn = dict(zip([t.get_text() for t in legend.get_texts()], legend.get_patches(), strict=True))
    scale = [drawn[str(answer)] for answer in dict.fromkeys(CHARTS[name]["answer"])]
    half = len(scale) // 2
    worse, better = scale[:half], scale[-half:]
    assert all(patch.get_hatch() for patch in worse)
    assert not any(patch.get_hatch() for patch in scale[half:])
    for side in (worse, better[::-1]):
        steps = np.diff([lightness(patch.get_facecolor()) for patch in side])
        assert (steps > 0.05).all()
    if len(scale) % 2:
        assert lightness(scale[half].get_facecolor()) > 0.1 + lightness(better[0].get_facecolor())


@pytest.mark.parametrize("name", CHARTS)
def test_numbers_stand_out_from_their_segments(drawings, name):
    for text, segment in numbers(drawings[name]):
        assert abs(lightness(text.get_color()) - lightness(segment.get_facecolor())) > 0.35
        assert bool(segment.get_hatch()) == (text.get_bbox_patch() is not None)


@pytest.mark.parametrize("name", CHARTS)
def test_nothing_is_cut_and_nothing_overlaps(drawings, name):
    figure = drawings[name]
    width, height = figure.get_size_inches() * figure.dpi
    found = texts(figure)
    assert figure.get_size_inches()[0] == 5.2
    for text, box in found:
        assert -1 <= box.x0 <= box.x1 <= width + 1, text
        assert -1 <= box.y0 <= box.y1 <= height + 1, text
    for (one, a), (other, b) in itertools.combinations(found, 2):
        wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide <= 1 or high <= 1, f"{one!r} overlaps {other!r}"


@pytest.mark.parametrize("name", CHARTS)
def test_letters_are_large_enough_and_have_their_glyphs(drawings, name):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        FigureCanvasAgg(drawings[name]).draw()
    assert [str(warning.message) for warning in caught] == []
    assert all(t.get_fontsize() >= 9 for t in drawings[name].findobj(mpl.text.Text) if t.get_text().strip())


def test_the_title_and_its_unit(drawings):
    assert drawings["five"].get_suptitle() == "Ratings (% of answers)"
    assert drawings["vietnamese"].get_suptitle().replace("\n", " ").startswith("Mức độ hài lòng của khách hàng")


def test_the_frame_and_the_settings_are_left_alone():
    frame = CHARTS["five"].copy()
    draw(frame)
    pd.testing.assert_frame_equal(frame, CHARTS["five"])
    assert mpl.rcParams["font.size"] == mpl.rcParamsDefault["font.size"]
