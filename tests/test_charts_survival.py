"""Facts about the pictures of retention: nothing cut, nothing overlapping, every number where it belongs."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from pictures import assert_every_letter_has_a_glyph, assert_letters_apart
from test_charts import texts

from cxlib import CxError
from cxlib.charts.cohorts import cohort_map
from cxlib.charts.survival import survival_curves
from cxlib.cohorts import triangle
from cxlib.survival import survival

NAMES = [
    "Khách hàng trung thành mua hàng trực tiếp tại cửa hàng", "Người ủng hộ", "Người thụ động", "Người nói xấu",
    "Khách doanh nghiệp ở Hà Nội", "Không trả lời",
]  # fmt: skip
HOW = {"duration": "t", "event": "e"}


def stays(groups: int, n: int = 900, scale: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(groups)
    g = rng.integers(0, groups, n)
    stay, seen = rng.exponential(200 + 150 * g), rng.uniform(100, 1100, n)
    frame = pd.DataFrame({"t": np.ceil(np.minimum(stay, seen)) * scale, "e": stay <= seen})
    return frame.assign(g=pd.Categorical([NAMES[i] for i in g], categories=NAMES[:groups]))


def cohorts(months: int) -> pd.DataFrame:
    """A triangle of so many monthly cohorts; the third is too small."""
    rng, days = np.random.default_rng(months), 30 * months
    came = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, days, 150 * months), unit="D")
    left = pd.Series(came + pd.to_timedelta(rng.exponential(400, len(came)).astype(int), unit="D"))
    frame = pd.DataFrame({"came": came, "left": left.where(left < came.max())})
    frame = frame[(frame["came"].dt.to_period("M") != pd.Period("2024-03")) | (frame.index % 9 == 0)]
    return triangle(frame, came="came", left="left")


@pytest.fixture(scope="module")
def drawings() -> dict:
    broken = pd.DataFrame({"in": [0, 0, 2, 3, 5], "t": [1, 2, 3, 4, 6], "e": [1, 1, 1, 0, 1], "g": list("xxxyy")})
    return {
        "one": survival_curves(survival(stays(1), **HOW), title="How long customers stay"),
        "six": survival_curves(
            survival(stays(6), by="g", **HOW), group="g", time="ngày",
            title="Khách hàng còn ở lại theo nhóm, từ ngày mua hàng đầu tiên đến hôm nay",
        ),
        "long": survival_curves(survival(stays(2, 30_000, 3000.0), by="g", **HOW), group="g", title="Seconds"),
        "broken": survival_curves(
            survival(broken, entry="in", by="g", **HOW), group="g", title="Broken", time="months"
        ),
        "few": cohort_map(cohorts(3), title="Ít tháng"),
        "year": cohort_map(cohorts(13), title="Khách hàng còn ở lại theo tháng đến, tính đến cuối tháng này"),
        "shades": cohort_map(cohorts(40), title="Forty months", across="months after they came"),
    }  # fmt: skip


DRAWN = ["one", "six", "long", "broken", "few", "year", "shades"]


@pytest.mark.parametrize("name", DRAWN)
def test_no_text_is_cut_and_no_two_overlap(drawings, name):
    figure = drawings[name]
    found = texts(figure)
    assert len(found) > 4
    assert_letters_apart(figure, found)


@pytest.mark.parametrize("name", DRAWN)
def test_every_letter_has_a_glyph(drawings, name):
    """matplotlib warns of a letter that the font lacks."""
    assert_every_letter_has_a_glyph(drawings[name])


def test_numbers_at_risk_stand_under_their_ticks_and_are_right(drawings):
    """Counted by hand: who was not gone before that day."""
    axis, table = drawings["six"].axes
    ticks, frame = axis.get_xticks(), stays(6)
    numbers = [note for note in table.texts if note.get_text().replace(",", "").isdecimal()]
    assert len(numbers) == 6 * len(ticks)
    rows = [numbers[i : i + len(ticks)] for i in range(0, len(numbers), len(ticks))]
    for group, row in zip(NAMES, rows, strict=True):
        assert [note.get_position()[0] for note in row] == list(ticks)
        assert len({note.get_position()[1] for note in row}) == 1
        wanted = [(frame.loc[frame["g"] == group, "t"] >= tick).sum() for tick in ticks]
        assert [int(note.get_text().replace(",", "")) for note in row] == wanted
    for note in numbers:
        shown = note.get_window_extent()
        tick = axis.transData.transform((note.get_position()[0], 0))[0]
        assert abs((shown.x0 + shown.x1) / 2 - tick) < 1.5, "the table's columns stand under the curve's ticks"


def test_curves_and_bands_stand_at_their_numbers():
    rows = survival(pd.DataFrame({"t": [1, 2, 3, 4], "e": [1, 1, 0, 1]}), **HOW)
    axis, _ = survival_curves(rows, title="x").axes
    (line,) = [line for line in axis.lines if line.get_drawstyle() == "steps-post"]
    np.testing.assert_allclose(line.get_xydata(), [[0, 100], [1, 75], [2, 50], [3, 50], [4, 0]])
    (band,) = axis.collections
    reach = band.get_paths()[0].get_extents()
    assert (reach.y0, reach.y1) == (0, 100)
    assert axis.get_ylim() == (0, 100)


def test_groups_differ_in_black_and_white_and_say_their_base(drawings):
    axis, table = drawings["six"].axes
    lines = [line for line in axis.lines if line.get_drawstyle() == "steps-post"]
    assert len(lines) == 6
    assert len({str(line._unscaled_dash_pattern) for line in lines}) == 6
    heads = [note.get_text().replace("\n", " ") for note in table.texts if "left" in note.get_text()]
    n = stays(6)["g"].value_counts()
    assert [head.split(" (n")[0] for head in heads] == NAMES
    assert f"(n = {n[NAMES[1]]}" in heads[1]
    broken = [note.get_text() for note in drawings["broken"].axes[1].texts]
    assert "x (n = 3*, 3 left; breaks off at 2 months)" in broken


def test_a_long_curve_keeps_its_ends(drawings):
    rows = survival(stays(2, 30_000, 3000.0), by="g", **HOW)
    axis, _ = drawings["long"].axes
    drawn = [line.get_xydata() for line in axis.lines if line.get_drawstyle() == "steps-post"]
    for line, (_, group) in zip(drawn, rows.groupby("g"), strict=True):
        assert line[[0, -1], 0].tolist() == [group["time"].iloc[0], group["time"].iloc[-1]]
        assert line[-1, 1] == pytest.approx(100 * group["estimate"].iloc[-1])


def test_cells_of_the_map_hold_their_shares(drawings):
    frame, (axis,) = cohorts(13), drawings["year"].axes
    names = list(dict.fromkeys(frame["cohort"]))
    shown = {note.get_position(): note.get_text() for note in axis.texts}
    cells = {(box.get_x() + 0.5, box.get_y() + 0.5): box for box in axis.patches if isinstance(box, Rectangle)}
    assert len(cells) == len(frame)
    for row in frame.itertuples():
        place = (row.age, names.index(row.cohort))
        assert shown[place] == ("**" if np.isnan(row.estimate) else f"{row.estimate:.0f}")
    dark = {place: sum(cells[place].get_facecolor()[:3]) for place in cells}
    first = [dark[age, 0] for age in range(1, 6)]
    assert first == sorted(first), "the fewer are left, the lighter"
    labels = [label.get_text() for label in axis.get_yticklabels()]
    assert labels[0] == f"2024-01  {frame['at_start'].iloc[0]}"


def test_where_figures_cannot_be_read_a_scale_stands_in_their_place(drawings):
    axis, scale = drawings["shades"].axes
    assert {note.get_text() for note in axis.texts} == {"**", "cohort, n"}
    assert scale.get_xlabel() == "% of the cohort"
    for name in ("year", "few", "shades"):
        sizes = [note.get_fontsize() for note in drawings[name].axes[0].texts]
        assert min(sizes) >= 7


def test_what_cannot_be_drawn_is_no_figure_or_refused():
    rows = survival(stays(6), by="g", **HOW)
    assert survival_curves(rows.assign(estimate=np.nan), title="x", group="g") is None
    assert cohort_map(cohorts(3).iloc[:0], title="x") is None
    seven = survival(stays(6).assign(h=np.arange(900) % 7), by="h", **HOW)
    with pytest.raises(CxError, match="a picture of curves has room for 6 groups; h has 7"):
        survival_curves(seven, title="x", group="h")
    with pytest.raises(CxError, match="a map has room for 60 cohorts; there are 64; take quarters or years"):
        cohort_map(cohorts(65), title="x")


def test_a_dollar_begins_no_formula():
    """matplotlib's mathtext cannot parse $^$."""
    curves = survival(stays(2).astype({"g": str}).assign(g=lambda rows: "a$^$" + rows["g"]), by="g", **HOW)
    for figure in (survival_curves(curves, group="g", title="b$^$"), cohort_map(cohorts(3), title="b$^$")):
        FigureCanvasAgg(figure).draw()
        assert not [t for t in figure.findobj(Text) if "$" in t.get_text() and t.get_parse_math()]
