"""Facts about the pictures: nothing cut, nothing overlapping, every letter there, the numbers where they belong."""

import itertools
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from pictures import assert_every_letter_has_a_glyph

from cxlib import Study, charts, survey

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def drawings() -> dict:
    """The chapter's charts on the demo study, and a chart by segment with long Vietnamese labels and small bases."""
    study = Study.load(ROOT / "data/demo")
    waves = survey.by_wave(study)
    labels = ["Khách hàng trẻ ở quận Bình Thạnh", "Người cao tuổi ở huyện Đông Anh", "Nhỏ", "Rất nhỏ"]
    vietnamese = pd.DataFrame(
        {"segment": "Phân khúc", "group": labels, "estimate": [30.0, -12.0, 5.0, np.nan], "low": [20, -30, -20, np.nan],
         "high": [40, 5, 30, np.nan], "n": [400, 120, 60, 12]}
    )  # fmt: skip
    return {
        "trend": charts.trend(waves, panel="label", over="wave", order=study.waves),
        "answers": charts.distribution(survey.answers(study, "2026-H2"), panel="label", answer="answer"),
        "vietnamese": charts.intervals(
            vietnamese, group="segment", label="group", title="Mức độ hài lòng", unit="points", total=21.0
        ),
        **charts.segments(survey.by_segment(study, "2026-H2", study.questions("segment")), totals={"nps": 42.0}),
    }


NAMES = ["trend", "answers", "vietnamese", "nps", "csat", "ces"]


def texts(figure) -> list:
    """Every text that a drawn figure shows, with its box in pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    unseen = set()
    for axis in [one for axes in figure.axes for one in (axes.xaxis, axes.yaxis)]:
        low, high = sorted(axis.get_view_interval())
        # Ticks outside the view have labels that are never drawn.
        unseen |= {t.label1 for t in axis.get_major_ticks() if not low - 1e-9 <= t.get_loc() <= high + 1e-9}
    found = [t for t in figure.findobj(mpl.text.Text) if t.get_visible() and t.get_text().strip() and t not in unseen]
    return [(t.get_text(), t.get_window_extent(renderer)) for t in found]


@pytest.mark.parametrize("name", NAMES)
def test_no_text_is_cut(drawings, name):
    figure = drawings[name]
    width, height = figure.get_size_inches() * figure.dpi
    for text, box in texts(figure):
        assert box.x0 >= -1, text
        assert box.x1 <= width + 1, text
        assert box.y0 >= -1, text
        assert box.y1 <= height + 1, text


@pytest.mark.parametrize("name", NAMES)
def test_no_two_texts_overlap(drawings, name):
    for (one, a), (other, b) in itertools.combinations(texts(drawings[name]), 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        high = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide <= 1 or high <= 1, f"{one!r} overlaps {other!r}"


@pytest.mark.parametrize("name", NAMES)
def test_every_letter_has_a_glyph(drawings, name):
    """matplotlib warns of a letter that the font lacks."""
    assert_every_letter_has_a_glyph(drawings[name])


def test_charts_leave_settings_alone_and_no_figure_open(drawings):
    assert mpl.rcParams["font.size"] == mpl.rcParamsDefault["font.size"]
    assert plt.get_fignums() == []


def test_intervals_draw_every_estimate_at_its_place_and_mark_small_bases(drawings):
    (axis,) = drawings["vietnamese"].axes
    marked = [line for line in axis.lines if line.get_marker() == "o"]
    dots = {value: line.get_markerfacecolor() for line in marked for value in line.get_xdata() if value == value}
    assert set(dots) == {30.0, -12.0, 5.0}
    assert dots[5.0] == "white"
    assert dots[30.0] != "white"
    assert "** base 12" in [text.get_text() for text in axis.texts]
    (drawn,) = axis.collections
    bars = {tuple(bar[:, 0]) for bar in drawn.get_segments() if len(bar)}
    assert {(20, 40), (-30, 5), (-20, 30)} <= bars


def test_intervals_without_any_estimate_are_no_picture():
    """A line at the total and nothing beside it: the texts at 0 left the axes no room."""
    rows = pd.DataFrame({"segment": "Shop", "group": [f"S{i}" for i in range(60)], "n": 8})
    rows = rows.assign(estimate=np.nan, low=np.nan, high=np.nan)
    how = {"group": "segment", "label": "group", "title": "NPS", "unit": "points", "total": 25.0}
    assert charts.intervals(rows, **how) is None
    assert charts.intervals(rows.assign(estimate=[5.0, *[np.nan] * 59]), **how) is not None


def test_trend_leaves_a_gap_where_a_wave_did_not_ask():
    rows = pd.DataFrame(
        {"label": "NPS", "wave": ["1", "3"], "estimate": [10.0, 20.0], "low": [5.0, 15.0], "high": [15.0, 25.0],
         "n": 500, "unit": "points"}
    )  # fmt: skip
    (axis,) = charts.trend(rows, panel="label", over="wave", order=["1", "2", "3"]).axes
    assert [list(line.get_xdata()) for line in axis.lines] == [[0, 2]]  # the dots; nothing joins them
    assert [label.get_text() for label in axis.get_xticklabels()] == ["1", "2", "3"]
    assert charts.trend(rows.iloc[:1], panel="label", over="wave", order=["1"]) is None


def test_trend_is_dashed_between_modes_and_broken_where_the_question_changed():
    rows = pd.DataFrame(
        {"label": "NPS", "wave": ["1", "2", "3", "4"], "estimate": [10.0, 20.0, 25.0, 30.0], "low": 5.0, "high": 35.0,
         "n": 500, "unit": "points"}
    )  # fmt: skip
    modes = {"1": "in_shop", "2": "online", "3": "online", "4": "online"}
    drawn = charts.trend(
        rows, panel="label", over="wave", order=list("1234"), modes=modes, breaks={"NPS": {"4": "new scale"}}
    )
    (axis,) = drawn.axes
    joined = {tuple(line.get_xdata()): line.get_linestyle() for line in axis.lines if len(line.get_xdata()) == 2}
    assert joined == {(0, 1): "--", (1, 2): "-", (2.5, 2.5): ":"}
    assert "asked differently" in "".join(text.get_text() for text in axis.texts)
    assert [label.get_text() for label in axis.get_xticklabels()][:2] == ["1\nin shop", "2\nonline"]


def test_bars_reach_their_shares(drawings):
    study = Study.load(ROOT / "data/demo")
    expected = survey.answers(study, "2026-H2").query("name == 'nps'")["estimate"]
    heights = [patch.get_height() for patch in drawings["answers"].axes[0].patches]
    np.testing.assert_allclose(heights, expected)
