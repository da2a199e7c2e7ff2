"""Facts about the pictures of silent customers: areas and heights to scale, words that can be read at any numbers."""

import itertools
import warnings

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.patches import PathPatch, Rectangle, StepPatch
from matplotlib.path import Path
from test_charts import texts

from cxlib import CxError, charts, language

# -- what is drawn -----------------------------------------------------------------------------------------------

BERGS = {  # complainers, silent, low, high, language
    "at 1 in 42": (10, 396, 194, 704, "en"),
    "at 1 in 42, Vietnamese": (10, 396, 194, 704, "vi"),
    "two for one": (10, 20, 8, 40, "en"),
    "79% complain": (79, 21, 10, 35, "vi"),
    "a thousand for one": (10, 10_000, 5_000, 20_000, "en"),
    "a wide interval": (10, 336, 67, 3_938, "en"),
    "millions": (12_345_678, 506_172_798, 400_000_000, 612_345_678, "vi"),
    "one and one": (1, 1, 0, 7, "en"),
    "nobody complained": (0, 21, 0, 150, "en"),
    "nobody complained, Vietnamese": (0, 121, 10, 350, "vi"),
    "nobody silent": (50, 0, 0, 0, "en"),
    "nobody silent, perhaps": (50, 0, 0, 3, "vi"),
}

ANCHORS = pd.DataFrame(
    [
        ("Khaosat.me 2019", 100 / 42, 396, 194, 704, False),
        ("Our survey of 2026, 10 of 420 unhappy customers", 1000 / 420, 390, 157, 954, True),
        ("TARP (Goodman and Newman), small problems", 3, 312, 153, 552, False),
        ("Cục Quản lý cạnh tranh Việt Nam 2016", 36, 17, 6, 34, False),
        ("CCMC Customer Rage 2015", 79, 2, 0, 7, False),
    ],
    columns=["anchor", "rate", "estimate", "low", "high", "own"],
)
OTHERS = ANCHORS[~ANCHORS["own"]].iloc[:3]
COUNTS = ["estimate", "low", "high"]

INPUTS = pd.DataFrame(
    [
        ("Complaint rate", 9540, 1570, "1.1%", "6.4%"),
        ("Loss rate of silent customers", 2737.0, 4737.0, "27%", "53%"),
        ("Share of complaints that are resolved to satisfaction", 3760.0, 3700.0, "30%", "50%"),
        ("Tỷ lệ rời bỏ của khách hàng", 3737.5, 3737.5, "9,900", "10,100"),
    ],
    columns=["input", "at_low", "at_high", "low_text", "high_text"],
)
ENDS = ["at_low", "at_high"]

POOLED = pd.DataFrame(
    {
        "group": ["Hà Nội", "Người cao tuổi ở huyện Đông Anh", "Đà Nẵng", "New branch"],
        "raw": [5.0, 2.4, 1.1, np.nan], "raw_low": [1.4, 1.2, 0.2, np.nan], "raw_high": [12, 4.3, 5, np.nan],
        "estimate": [4.04, 2.77, 2.82, 3.8], "low": [2, 1.5, 1.1, 1], "high": [8, 4.2, 5, 8], "n": [60, 420, 90, 0],
    }
)  # fmt: skip

# 10,000 unhappy, a quarter complain; lost are 100 + 225 + 412.5 + 3,000 = 3,737.5, by hand.
FATES = pd.DataFrame(
    {
        "fate": ["silent", "satisfied", "mollified", "dissatisfied"],
        "label": ["silent", "satisfied", "mollified", "dissatisfied"],
        "customers": [7500, 1000, 750, 750],
        "lost": [3000.0, 100, 225, 412.5],
    }
)
NAMED = ["khách hàng im lặng", "hài lòng", "tạm chấp nhận được", "không hài lòng"]


def grid(down: int, across: int, times: float = 1.0) -> pd.DataFrame:
    """A frame for two_way(): the value of row i and column j is i * 100 - j * 10, times `times`."""
    cells = itertools.product(range(down), range(across))
    rows = [(f"{i + 20}%", f"1 in {j + 2}", times * (100 * i - 10 * j), (i, j) == (1, 1)) for i, j in cells]
    return pd.DataFrame(rows, columns=["row", "column", "value", "here"])


def months(count: int) -> pd.DataFrame:
    """A frame for control(): a rate on and between limits that vary; every tenth month is far above them."""
    i = np.arange(count)
    out = i % 10 == 4
    return pd.DataFrame(
        {
            "period": pd.period_range("2004-01", periods=count, freq="M"), "rate": np.where(out, 9.0, 4 + i % 3),
            "centre": 5.0, "low": 2 + 0.1 * (i % 4), "high": 8 - 0.1 * (i % 4), "plain_low": 4.5, "plain_high": 5.5,
            "out": out,
        }
    )  # fmt: skip


def spoken(name: str, draw, *args, **options):
    """What is drawn in a language; English is spoken again afterwards."""
    language.speak(name)
    drawing = draw(*args, **options)
    language.speak("en")
    return drawing


def iceberg(name: str):
    complainers, silent, low, high, tongue = BERGS[name]
    return spoken(tongue, charts.iceberg, complainers=complainers, silent=silent, low=low, high=high)


SENSITIVITY = {"rows": "Tỷ lệ rời bỏ của khách hàng im lặng", "columns": "Complaint rate"}
DRAWN = {
    **{name: (iceberg, name) for name in BERGS},
    "anchors": (charts.anchor_range, ANCHORS),
    "anchors without an own one": (charts.anchor_range, OTHERS),
    "anchors in millions": (charts.anchor_range, ANCHORS.assign(**(ANCHORS[COUNTS] * 12_345))),
    "anchors, zero": (charts.anchor_range, ANCHORS[ANCHORS["own"]].assign(estimate=0, low=0, high=0)),
    "anchors, narrow": (charts.anchor_range, ANCHORS[ANCHORS["own"]].assign(low=389, high=391)),
    "tornado": (lambda frame: charts.tornado(frame, total=3737.5), INPUTS),
    "tornado to one side": (lambda frame: charts.tornado(frame, total=900.0), INPUTS),
    "tornado to the other": (lambda frame: charts.tornado(frame, total=12_345_678.0), INPUTS),
    "tornado in percent": (
        lambda frame: charts.tornado(frame, total=3.7, unit="percent"), INPUTS.assign(**(INPUTS[ENDS] / 1000)),
    ),
    "tornado without bars": (lambda frame: charts.tornado(frame, total=3737.5), INPUTS.iloc[-1:]),
    "pooling": (lambda frame: charts.pooling(frame, overall=3.74), POOLED),
    "pooling of one": (lambda frame: charts.pooling(frame, overall=3.74), POOLED.iloc[-1:]),
    "flow": (charts.flow, FATES),
    "flow, thin": (
        lambda frame: spoken("vi", charts.flow, frame),
        FATES.assign(label=NAMED, customers=[12_345_678, 9, 5, 3], lost=[4_000_000, 0, 1, 3]),
    ),
    "flow, few silent": (charts.flow, FATES.assign(customers=[1, 9000, 1, 1], lost=[0, 0, 0, 0])),
    "flow, long labels": (
        charts.flow,
        FATES.assign(label=["Unhappy and silent", *(f"Complained, {fate}" for fate in FATES["fate"][1:])]),
    ),
    "flow of the silent": (charts.flow, FATES.iloc[:1]),
    "flow of complainers": (charts.flow, FATES.iloc[1:]),
    "two-way": (lambda frame: charts.two_way(frame, **SENSITIVITY), grid(5, 6)),
    "two-way in thousands": (lambda frame: charts.two_way(frame, **SENSITIVITY), grid(5, 7, 12_345.678)),
    "two-way, nine by nine": (lambda frame: charts.two_way(frame, **SENSITIVITY), grid(9, 9, 12_345_678.0)),
    "two-way, two by two": (lambda frame: charts.two_way(frame, **SENSITIVITY), grid(2, 2)),
    "control, 84 months": (charts.control, months(84)),
    "control, 3 months": (charts.control, months(3)),
    "control, 1 month": (charts.control, months(1)),
}  # fmt: skip


@pytest.fixture(scope="module")
def drawings() -> dict:
    return {name: draw(what) for name, (draw, what) in DRAWN.items()}


@pytest.fixture(scope="module")
def seen(drawings) -> dict:
    """Of each drawing the warnings that drawing it gave, and its texts with their boxes."""
    found = {}
    for name, figure in drawings.items():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found[name] = texts(figure), [str(warning.message) for warning in caught]
    return found


def words(figure) -> str:
    return " | ".join(t.get_text() for t in figure.findobj(mpl.text.Text) if t.get_text())


def lines(axis, style: str) -> list[float]:
    """Where the vertical lines across the whole plot are."""
    upright = [line for line in axis.lines if len(set(line.get_xdata())) == 1 and list(line.get_ydata()) == [0, 1]]
    return [line.get_xdata()[0] for line in upright if line.get_linestyle() == style]


# -- all of them can be read -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DRAWN)
def test_every_letter_is_there_whole_and_apart(drawings, seen, name):
    """matplotlib's own boxes of the texts, and its warnings of letters that the font lacks."""
    figure, (shown, warned) = drawings[name], seen[name]
    width, height = figure.get_size_inches() * figure.dpi
    assert width == 5.2 * figure.dpi
    assert warned == []
    for text, box in shown:
        inside = box.x0 >= -1 and box.x1 <= width + 1 and box.y0 >= -1 and box.y1 <= height + 1
        assert inside, f"{text!r} is cut"
    for (one, a), (other, b) in itertools.combinations(shown, 2):
        wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide <= 1 or high <= 1, f"{one!r} overlaps {other!r}"


@pytest.mark.parametrize("name", DRAWN)
def test_letters_are_of_8_points_at_least(drawings, name):
    assert min(t.get_fontsize() for t in drawings[name].findobj(mpl.text.Text) if t.get_text()) >= 8


def test_charts_leave_settings_alone_and_no_figure_open(drawings):
    assert mpl.rcParams["font.size"] == mpl.rcParamsDefault["font.size"]
    assert plt.get_fignums() == []


# -- the iceberg -------------------------------------------------------------------------------------------------


def parts(figure) -> dict[str, np.ndarray]:
    """The corners of the berg's parts by their names, in the units of the axes."""
    (axis,) = figure.axes
    named = ("complained", "silent", "low", "high")
    return {patch.get_label(): patch.get_xy() for patch in axis.patches if patch.get_label() in named}


def area(corners: np.ndarray) -> float:
    """The integral of x dy around a closed polygon."""
    return abs(np.trapezoid(corners[:, 0], corners[:, 1]))


@pytest.mark.parametrize("name", BERGS)
def test_areas_are_to_scale(drawings, name):
    """Every area divided by its number of customers is the same, and the axes are scaled alike."""
    numbers = dict(zip(("complained", "silent", "low", "high"), BERGS[name], strict=False))
    found = {part: area(corners) for part, corners in parts(drawings[name]).items()}
    assert set(found) == {part for part, customers in numbers.items() if customers}
    a_customer = [size / numbers[part] for part, size in found.items()]
    np.testing.assert_allclose(a_customer, a_customer[0], rtol=1e-9)
    FigureCanvasAgg(drawings[name]).draw()
    (axis,) = drawings[name].axes
    across, up = axis.transData.transform([(1, 0), (0, 1)]) - axis.transData.transform((0, 0))
    assert across[0] == pytest.approx(up[1])
    assert axis.get_window_extent().width > 0.96 * drawings[name].bbox.width  # the water reaches from side to side


def test_ten_complainers_and_396_silent():
    """39.6 times the area; 19.4 and 70.4 for the outlines."""
    found = {part: area(corners) for part, corners in parts(iceberg("at 1 in 42")).items()}
    ratios = {part: size / found["complained"] for part, size in found.items()}
    assert ratios == pytest.approx({"complained": 1, "silent": 39.6, "low": 19.4, "high": 70.4})


@pytest.mark.parametrize("name", ["at 1 in 42", "two for one", "79% complain", "a thousand for one"])
def test_no_part_crosses_itself(drawings, name):
    """The share of a fine grid's dots that lie inside is the polygon's area, which folds would belie."""
    for part, corners in parts(drawings[name]).items():
        low, size = corners.min(axis=0), np.ptp(corners, axis=0)
        dots = low + size * (np.indices((300, 300)).reshape(2, -1).T + 0.5) / 300
        share = Path(corners).contains_points(dots).mean()
        assert share * size.prod() == pytest.approx(area(corners), rel=0.01), part


@pytest.mark.parametrize("name", BERGS)
def test_the_waterline_parts_complainers_from_the_silent(drawings, name):
    found = parts(drawings[name])
    for part, corners in found.items():
        assert (corners[:, 1] >= 0 if part == "complained" else corners[:, 1] <= 0).all()
        assert np.ptp(corners, axis=0).min() > 0.005  # inches: even a sliver has some height and width
        if "complained" in found:
            waist = [np.ptp(corners[corners[:, 1] == 0, 0]) for corners in (found["complained"], corners)]
            assert waist[0] == pytest.approx(waist[1])


@pytest.mark.parametrize("name", BERGS)
def test_words_stand_beside_the_berg(drawings, seen, name):
    (axis,) = drawings[name].axes
    right = max(axis.transData.transform(corners)[:, 0].max() for corners in parts(drawings[name]).values())
    for text, box in seen[name][0]:
        assert box.x0 > right or "iceberg" in text or "Tảng băng" in text


def test_the_numbers_are_printed():
    shown = words(iceberg("at 1 in 42"))
    for told in ("The complaint iceberg", "10 complained", "396 are silent", "95% interval 194 to 704"):
        assert told in shown
    vietnamese = words(iceberg("at 1 in 42, Vietnamese")).replace("\n", " ")
    for told in ("Tảng băng khiếu nại", "10 người khiếu nại", "396 khách hàng không hài lòng mà im lặng"):
        assert told in vietnamese
    assert "khoảng tin cậy 95%: 194 đến 704" in vietnamese
    assert "1 is silent" in words(iceberg("one and one"))
    wide = charts.iceberg(complainers=10, silent=396, low=253, high=585, confidence=0.8)
    assert "80% interval 253 to 585" in words(wide)


def test_the_interval_is_dashed_and_the_median_is_not():
    (axis,) = iceberg("at 1 in 42").axes
    styles = {patch.get_label(): patch.get_linestyle() for patch in axis.patches}
    assert styles["low"] == styles["high"] != "solid"
    assert styles["silent"] == styles["complained"] == "solid"


def test_an_absent_tip_is_told():
    assert "0 complained,\nso no tip shows" in words(iceberg("nobody complained"))
    assert "0 are silent" in words(iceberg("nobody silent"))


def test_the_same_numbers_make_the_same_berg():
    first, second = parts(iceberg("two for one")), parts(iceberg("two for one"))
    assert all((first[part] == second[part]).all() for part in first)


def test_nobody_makes_no_iceberg():
    assert charts.iceberg(complainers=0, silent=0, low=0, high=0) is None
    assert charts.iceberg(complainers=10, silent=np.nan, low=np.nan, high=np.nan) is None
    assert charts.iceberg(complainers=10, silent=np.inf, low=500, high=np.inf) is None


def test_an_endless_interval_is_printed_and_not_drawn():
    endless = charts.iceberg(complainers=10, silent=396, low=194, high=np.inf)
    assert set(parts(endless)) == {"complained", "silent", "low"}
    assert "95% interval 194 to ∞" in words(endless)


@pytest.mark.parametrize(
    ("numbers", "told"),
    [((-1, 20, 8, 40), "complainers −1, low 8, silent 20, high 40"), ((10, 20, 30, 40), "low 30, silent 20"),
     ((np.inf, 20, 8, 40), "complainers ∞"), ((10, 20, np.nan, 40), "low –")],
)  # fmt: skip
def test_what_is_no_count_is_refused(numbers, told):
    with pytest.raises(CxError, match=rf"^an iceberg needs counts of at least 0, with low <= silent <= high; .*{told}"):
        charts.iceberg(**dict(zip(("complainers", "silent", "low", "high"), numbers, strict=True)))


# -- published rates ---------------------------------------------------------------------------------------------


def test_anchors_are_drawn_at_their_numbers_and_the_own_rate_across_all(drawings):
    (axis,) = drawings["anchors"].axes
    bars = {tuple(line.get_xdata()) for line in axis.lines if line.get_solid_capstyle() == "butt"}
    assert {(194, 704), (157, 954), (0, 7)} <= bars
    assert lines(axis, "--") == [390]
    names = [label.get_text().replace("\n", " ") for label in axis.get_yticklabels()]
    assert names[0] == "Khaosat.me 2019 (2.4%)"
    assert names[-1] == "Our survey of 2026, 10 of 420 unhappy customers (2.4%)"
    assert [label.get_weight() for label in axis.get_yticklabels()] == ["normal"] * 4 + ["bold"]
    gaps = np.diff(axis.get_yticks())
    assert gaps[-1] > gaps[:-1].max()
    assert [text.get_text() for text in axis.texts] == ["396", "312", "17", "2", "390"]
    assert lines(drawings["anchors without an own one"].axes[0], "--") == []


def test_the_axis_is_logarithmic_and_has_a_zero_where_one_is_needed(drawings):
    (with_zero,), (without,) = drawings["anchors"].axes, drawings["anchors without an own one"].axes
    assert (with_zero.get_xscale(), without.get_xscale()) == ("symlog", "log")
    assert with_zero.get_xticks()[0] == 0
    places = with_zero.transData.transform([(x, 0) for x in (1, 10, 100)])[:, 0]
    assert places[2] - places[1] == pytest.approx(places[1] - places[0], rel=0.05)
    for name in (name for name in DRAWN if name.startswith("anchors")):
        (axis,) = drawings[name].axes
        low, high = axis.get_xlim()
        assert sum(low <= tick <= high for tick in axis.get_xticks()) >= 2, name


def test_an_anchor_without_an_estimate_keeps_its_row():
    frame = ANCHORS.assign(**{name: ANCHORS[name].where(ANCHORS["rate"] != 3) for name in COUNTS})
    (axis,) = charts.anchor_range(frame).axes
    assert [text.get_text() for text in axis.texts] == ["396", "–", "17", "2", "390"]
    frame = ANCHORS.assign(high=ANCHORS["high"].where(~ANCHORS["own"], np.inf))
    (axis,) = charts.anchor_range(frame).axes
    (own,) = [line for line in axis.lines if line.get_linewidth() == 6]
    assert own.get_xdata()[0] == 157
    assert own.get_xdata()[1] > axis.get_xlim()[1]  # an endless interval runs off the plot
    assert charts.anchor_range(ANCHORS.iloc[:0]) is None
    assert charts.anchor_range(ANCHORS.assign(estimate=np.nan)) is None


# -- sensitivity -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "total"), [("tornado", 3737.5), ("tornado to one side", 900.0)])
def test_bars_reach_from_the_outcome_as_assumed_to_what_it_would_be(drawings, name, total):
    (axis,) = drawings[name].axes
    assert lines(axis, "-") == [total]
    low, high = axis.containers
    assert [bar.get_x() + bar.get_width() for bar in low] == pytest.approx(INPUTS["at_low"])
    assert [bar.get_x() + bar.get_width() for bar in high] == pytest.approx(INPUTS["at_high"])
    assert {bar.get_x() for bar in (*low, *high)} == {total}
    assert all(bar.get_hatch() for bar in low)  # in black and white as well, the ends can be told
    assert not any(bar.get_hatch() for bar in high)
    names = [label.get_text().replace("\n", " ") for label in axis.get_yticklabels()]
    assert names == list(INPUTS["input"])
    assert axis.get_ylim()[0] > axis.get_ylim()[1]  # the first at the top


@pytest.mark.parametrize("name", [name for name in DRAWN if name.startswith("tornado")])
def test_texts_stand_at_the_outer_ends_of_their_bars_inside_the_plot(drawings, seen, name):
    (axis,) = drawings[name].axes
    plot, boxes = axis.get_window_extent(), dict(seen[name][0])
    for bars, column in zip(axis.containers, ("low_text", "high_text"), strict=True):
        for bar, told in zip(bars, DRAWN[name][1][column], strict=True):
            box, end = boxes[told], axis.transData.transform((bar.get_x() + bar.get_width(), bar.get_y()))
            assert plot.x0 <= box.x0 <= box.x1 <= plot.x1 + 1, told
            assert box.x1 <= end[0] if bar.get_width() < 0 else box.x0 >= end[0], told


def test_a_missing_end_has_no_bar():
    (axis,) = charts.tornado(INPUTS.assign(at_low=[np.nan, 1, 2, 3]), total=3737.5).axes
    assert [len(bars) for bars in axis.containers] == [3, 4]
    assert "1.1%" not in words(axis.figure)
    assert charts.tornado(INPUTS.assign(at_low=np.nan, at_high=np.nan), total=3737.5) is None
    assert charts.tornado(INPUTS.iloc[:0], total=3737.5) is None


def cells(figure) -> dict[tuple[int, int], Rectangle]:
    """The filled cells by row and column."""
    boxes = [patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle) and patch.get_fill()]
    return {(int(box.get_y()), int(box.get_x())): box for box in boxes}


def test_every_cell_has_its_number_and_more_is_darker(drawings):
    """Row i, column j is 100 i - 10 j; black letters on the darkest cell by the contrast formula of WCAG 2.1."""
    figure = drawings["two-way"]
    (axis,) = figure.axes
    printed = {(int(text.get_position()[1]), int(text.get_position()[0])): text.get_text() for text in axis.texts}
    assert printed == {(i, j): str(100 * i - 10 * j).replace("-", "−") for i, j in np.ndindex(5, 6)}
    light = {at: np.dot(cell.get_facecolor()[:3], (0.2126, 0.7152, 0.0722)) for at, cell in cells(figure).items()}
    by_value = sorted(light, key=lambda at: 100 * at[0] - 10 * at[1])
    assert all(light[more] < light[less] for less, more in itertools.pairwise(by_value))

    def luminance(color):
        channels = np.array(to_rgb(color))
        return np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4) @ [
            0.2126, 0.7152, 0.0722,
        ]  # fmt: skip

    letters, darkest = axis.texts[0].get_color(), cells(figure)[by_value[-1]].get_facecolor()[:3]
    assert (luminance(darkest) + 0.05) / (luminance(letters) + 0.05) > 4.5


def test_the_present_assumption_is_framed(drawings):
    (axis,) = drawings["two-way"].axes
    frames = [patch for patch in axis.patches if isinstance(patch, Rectangle) and not patch.get_fill()]
    assert {patch.get_xy() for patch in frames} == {(1, 1)}
    assert [text.get_text() for text in axis.texts if text.get_weight() == "bold"] == ["90"]
    assert [label.get_text() for label in axis.get_xticklabels()] == [f"1 in {j}" for j in range(2, 8)]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["20%", "21%", "22%", "23%", "24%"]
    assert axis.get_xlabel() == "Complaint rate"
    assert axis.get_ylabel().replace("\n", " ") == "Tỷ lệ rời bỏ của khách hàng im lặng"


def test_long_numbers_are_printed_in_thousands_or_millions_and_stay_in_their_cells(drawings, seen):
    """4 x 100 x 12,345.678 = 4,938,271; 8 x 100 x 12,345,678 = 9,876.5 millions."""
    for name, told, number in (
        (" in thousands", "in thousands", "4,938"),
        (", nine by nine", "in millions", "9,876.5"),
    ):
        figure, boxes = drawings[f"two-way{name}"], dict(seen[f"two-way{name}"][0])
        assert told in boxes
        assert number in boxes
        (axis,) = figure.axes
        cell = np.ptp(axis.transData.transform([(0, 0), (1, 0)])[:, 0])
        assert max(boxes[text.get_text()].width for text in axis.texts) < cell
    assert "in thousands" not in words(drawings["two-way"])


def test_nothing_to_print_makes_no_table():
    assert charts.two_way(grid(2, 2).assign(value=np.nan), **SENSITIVITY) is None
    missing = charts.two_way(grid(2, 2).assign(value=[1.0, np.nan, 3, 4]), **SENSITIVITY)
    assert [text.get_text() for text in missing.axes[0].texts] == ["1", "–", "3", "4"]


def test_a_pair_of_assumptions_that_stands_twice_is_refused():
    with pytest.raises(CxError, match=r"^each pair .* stands once; 2 are repeated, e\.g\. 20% and 1 in 2$"):
        charts.two_way(grid(2, 2).assign(row="20%"), **SENSITIVITY)


# -- segments ----------------------------------------------------------------------------------------------------


def test_raw_marks_are_hollow_pooled_ones_filled_and_the_total_is_a_line(drawings):
    (axis,) = drawings["pooling"].axes
    marks = {line.get_label(): line for line in axis.lines if line.get_marker() == "o"}
    raw, pooled = marks["as counted"], marks["pooled"]
    np.testing.assert_array_equal(raw.get_xdata(), POOLED["raw"])
    np.testing.assert_array_equal(pooled.get_xdata(), POOLED["estimate"])
    assert raw.get_markerfacecolor() == "white" != pooled.get_markerfacecolor()
    assert lines(axis, "--") == [3.74]
    spans = [tuple(segment[:, 0]) for bars in axis.collections for segment in bars.get_segments() if len(segment)]
    assert {(1.4, 12.0), (2.0, 8.0), (1.0, 8.0)} <= set(spans)
    labels = [label.get_text().replace("\n", " ") for label in axis.get_yticklabels()]
    assert labels[:2] == ["Hà Nội n = 60", "Người cao tuổi ở huyện Đông Anh n = 420"]
    assert "4.0%" in words(axis.figure)
    assert "all 3.7%" in words(axis.figure)
    assert charts.pooling(POOLED.iloc[:0], overall=3.74) is None


# -- from unhappy to lost ----------------------------------------------------------------------------------------


def nodes(figure) -> dict[str, Rectangle]:
    return {patch.get_label(): patch for patch in figure.axes[0].patches if isinstance(patch, Rectangle)}


def test_heights_of_the_flow_are_to_scale(drawings):
    """Complained 1,000 + 750 + 750 = 2,500; left 3,737.5 and stayed 6,262.5 of 10,000."""
    heights = {name: node.get_height() for name, node in nodes(drawings["flow"]).items()}
    wanted = {"unhappy": 10_000, "complained": 2500, "silent": 7500, "satisfied": 1000, "mollified": 750,
              "dissatisfied": 750, "stayed": 6262.5, "left": 3737.5}  # fmt: skip
    assert {name: height / heights["unhappy"] * 10_000 for name, height in heights.items()} == pytest.approx(wanted)
    for told in ("complained\n2,500", "silent\n7,500", "dissatisfied\n750", "left\n3,738"):
        assert told in words(drawings["flow"])


@pytest.mark.parametrize("name", ["flow", "flow, thin", "flow of the silent", "flow of complainers"])
def test_ribbons_fill_their_nodes_from_side_to_side(drawings, name):
    """What enters or leaves a node is as tall as the node, end to end."""
    boxes = nodes(drawings[name])
    ribbons = [patch.get_path().vertices for patch in drawings[name].axes[0].patches if isinstance(patch, PathPatch)]
    for which, node in boxes.items():
        left, top = node.get_xy()
        for side, x, y in ((which != "unhappy", left, slice(4, 6)),
                           (which not in ("stayed", "left"), left + node.get_width(), slice(0, 10, 9))):  # fmt: skip
            ends = [ribbon[y] for ribbon in ribbons if abs(ribbon[y][0, 0] - x) < 1e-9]
            spans = sorted((min(end[:, 1]), max(end[:, 1])) for end in ends)
            spans = [span for span in spans if span[0] > top - 1e-9 and span[1] < top + node.get_height() + 1e-9]
            if side and node.get_height():
                assert sum(high - low for low, high in spans) == pytest.approx(node.get_height()), which
                assert spans[0][0] == pytest.approx(top)
                assert all(high == pytest.approx(low) for (_, high), (low, _) in itertools.pairwise(spans)), which


@pytest.mark.parametrize("name", [name for name in DRAWN if name.startswith("flow")])
def test_no_label_lies_on_a_node(drawings, seen, name):
    for text, box in seen[name][0]:
        for node in nodes(drawings[name]).values():
            other = node.get_window_extent()
            wide = min(box.x1, other.x1) - max(box.x0, other.x0)
            assert wide <= 0 or min(box.y1, other.y1) <= max(box.y0, other.y0), text


def test_a_flow_in_vietnamese(drawings):
    shown = words(drawings["flow, thin"]).replace("\n", " ")
    for told in ("không hài lòng 12.345.695", "khiếu nại 17", "ở lại 8.345.691", "rời bỏ 4.000.004"):
        assert told in shown


def test_flows_that_cannot_be_are_refused():
    wrong = FATES.assign(lost=[3000, 1001, 225, -1])
    with pytest.raises(CxError, match=r"^lost must lie .* each fate; 2 do not, e\.g\. 1,001 of 1,000 \(satisfied\)$"):
        charts.flow(wrong)
    with pytest.raises(CxError, match=r"^the fates are satisfied, .* and silent; Silent is not one of them$"):
        charts.flow(FATES.replace({"fate": {"silent": "Silent"}}))
    assert charts.flow(FATES.assign(customers=0, lost=0)) is None
    assert charts.flow(FATES.iloc[:0]) is None


# -- control chart -----------------------------------------------------------------------------------------------


def test_points_outside_have_a_mark_of_their_own_and_limits_are_steps(drawings):
    frame = months(84)
    (axis,) = drawings["control, 84 months"].axes
    (diamonds,) = [line for line in axis.lines if line.get_marker() == "D"]
    assert list(diamonds.get_xdata()) == [i for i in range(84) if i % 10 == 4]
    assert set(diamonds.get_ydata()) == {9.0}
    steps = [patch.get_data().values for patch in axis.patches if isinstance(patch, StepPatch)]
    for limit in ("low", "high", "plain_low", "plain_high", "centre"):
        assert any(np.array_equal(step, frame[limit]) for step in steps), limit
    assert 4 <= len(axis.get_xticks()) <= 8
    assert axis.get_xticklabels()[0].get_text() == "2004-01"
    assert [label.get_text() for label in drawings["control, 3 months"].axes[0].get_xticklabels()] == [
        "2004-01", "2004-02", "2004-03",
    ]  # fmt: skip


def test_a_period_without_a_rate_is_a_gap():
    frame = months(5).assign(rate=[4.0, np.nan, 5, 4, 9])
    (axis,) = charts.control(frame).axes
    (rate,) = [line for line in axis.lines if line.get_marker() == "o"]
    assert np.isnan(rate.get_ydata()[1])
    dated = months(5).assign(period=pd.date_range("2004-01-01", periods=5, freq="MS"))
    assert charts.control(dated).axes[0].get_xticklabels()[0].get_text() == "2004-01-01"
    assert charts.control(frame.assign(rate=np.nan)) is None
    assert charts.control(frame.iloc[:0]) is None
