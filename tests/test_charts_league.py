"""Facts about the picture of a league: nothing cut, nothing overlapping, ranks and small bases where they belong."""

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from test_charts import texts

from cxlib.charts.league import caterpillar

NAMES = [
    "Chi nhánh Bình Thạnh – Đinh Bộ Lĩnh", "Chi nhánh Đông Anh", "Phú Nhuận", "Quận 1, TP. Hồ Chí Minh", "Thủ Đức",
    "Trung tâm thương mại Aeon Mall Bình Tân", "Củ Chi",
]  # fmt: skip


def table(k: int, small: int = 0, *, apart: bool = False) -> pd.DataFrame:
    """The frame of a league of k units and some of small base, with long Vietnamese names."""
    pooled = np.linspace(60, -20, k)
    frame = pd.DataFrame({"pooled": pooled, "estimate": 20 + 1.3 * (pooled - 20), "low": pooled - 12})
    frame = frame.assign(high=pooled + 12, rank=np.arange(k) + 1, n=200.0, apart=[False] * (k - 1) + [apart])
    frame = frame.assign(rank_low=np.maximum(frame["rank"] - 3, 1), rank_high=np.minimum(frame["rank"] + 9, k))
    frame = pd.concat([frame, pd.DataFrame({"n": np.arange(small) + 3.0})], ignore_index=True)
    frame["apart"] = frame["apart"].eq(True)
    return frame.assign(unit=[f"{NAMES[i % 7]} {i}" for i in range(len(frame))])


@pytest.fixture(scope="module")
def drawings() -> dict:
    how = {"unit": "points", "average": 20.0}
    return {
        "three": caterpillar(table(3), title="NPS", **how),
        "five": caterpillar(table(5, 2, apart=True), title="Chỉ số NPS theo chi nhánh, cả năm 2026", **how),
        "all": caterpillar(table(25), title="NPS by shop", **how),
        "sixty": caterpillar(table(60, 20, apart=True), title="Offers won by each employee, " * 3, **how),
    }


KINDS = ["three", "five", "all", "sixty"]


@pytest.mark.parametrize("name", KINDS)
def test_no_text_is_cut_and_none_overlaps(drawings, name):
    figure = drawings[name]
    width, height = figure.get_size_inches() * figure.dpi
    written = texts(figure)
    for text, box in written:
        assert min(box.x0, box.y0) >= -1, text
        assert box.x1 <= width + 1, text
        assert box.y1 <= height + 1, text
    for (one, a), (other, b) in itertools.combinations(written, 2):
        wide, high = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide <= 1 or high <= 1, f"{one!r} overlaps {other!r}"


@pytest.mark.parametrize("name", KINDS)
def test_it_is_as_wide_as_a_phone_and_every_letter_has_a_glyph(drawings, name):
    assert drawings[name].get_size_inches()[0] == pytest.approx(5.2)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        FigureCanvasAgg(drawings[name]).draw()
    assert [str(w.message) for w in caught] == []


def test_numbers_stand_beside_their_unit(drawings):
    """Of 5 units: pooled values, rank intervals, and the small bases in the foot."""
    found = [text for text, _ in texts(drawings["five"])]
    for text in ("60.0", "20.0", "−20.0", "1–5", "2–5"):
        assert text in found
    foot = next(text for text in found if text.startswith("**"))
    assert "base under 30" in foot
    assert foot.replace("\n", " ").endswith("(3), Củ Chi 6 (4)")


def test_of_many_units_the_ends_are_drawn(drawings):
    """Of 60: 10 at either end, and what the other 40 do; of 25 all."""
    found = [text.replace("\n", " ") for text, _ in texts(drawings["sixty"])]
    ends = [text for text in found if text.split()[-1] in map(str, range(60)) and text.split()[0] in "Chi Phú Quận Thủ"]
    assert "40 between them" in found
    between = np.linspace(60, -20, 60)[10:50]
    hold = int((np.abs(between - 20) <= 12).sum())
    assert f"{hold} of 40 intervals hold the average" in found
    assert not any("between them" in text for text, _ in texts(drawings["all"]))
    assert len(ends) <= 20
    assert next(text for text in found if text.startswith("**")).endswith("and 12 more")


def test_a_unit_that_stands_apart_has_its_own_mark(drawings):
    labels = [text for text, _ in texts(drawings["five"])]
    assert "stands apart, not pooled" in labels
    assert "stands apart, not pooled" not in [text for text, _ in texts(drawings["three"])]


def test_nothing_to_draw():
    assert caterpillar(table(3).iloc[:0], title="", unit="points", average=0.0) is None


def test_a_dollar_begins_no_formula():
    """matplotlib's mathtext cannot parse $^$."""
    rows = table(5, 2).replace({"unit": "(.*)"}, "a$^$", regex=True)
    FigureCanvasAgg(figure := caterpillar(rows, title="b$^$", unit="points", average=20.0)).draw()
    assert not [t for t in figure.findobj(Text) if "$" in t.get_text() and t.get_parse_math()]
