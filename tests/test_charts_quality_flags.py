"""Facts about the pictures of the checks: nothing cut, nothing overlapping, every count where it belongs."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.patches import Rectangle
from pictures import assert_every_letter_has_a_glyph, assert_letters_apart
from test_charts import texts

from cxlib.charts.quality_flags import durations, flags_bar, overlaps
from cxlib.charts.style import ACCENT
from cxlib.language import speak
from cxlib.settings import CHECKS

NAMES_VI = dict(
    zip(
        CHECKS,
        ("Trùng lặp", "Gần như trùng lặp", "Trả lời một cột", "Trả lời quá nhanh", "Gõ vô nghĩa", "Chép ý kiến",
         "Câu trả lời mâu thuẫn nhau", "Bỏ dở"),
        strict=True,
    )
)  # fmt: skip


def vietnamese(draw):
    """What `draw` draws in Vietnamese."""
    speak("vi")
    try:
        return draw()
    finally:
        speak("en")


def shares(waves, *, n=2000, names=None) -> pd.DataFrame:
    rows = [(wave, (names or {}).get(check, check.replace("_", " ")), 7 * i * (1 + j), n)
            for j, wave in enumerate(waves) for i, check in enumerate(CHECKS)]  # fmt: skip
    return pd.DataFrame(rows, columns=["wave", "check", "flagged", "n"])


def together(n=500, p=0.1) -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(0).random((n, len(CHECKS))) < p, columns=list(CHECKS))


def times(groups, *, spread=0.35, vary=0.0) -> pd.DataFrame:
    random = np.random.default_rng(0)
    parts = [
        pd.DataFrame({"group": group, "seconds": np.exp(random.normal(6, spread, 400)), "limit": 180 * (1 + vary * i)})
        for i, group in enumerate(groups)
    ]
    return pd.concat(parts, ignore_index=True)


FOUR = ["2025-H1", "2025-H2", "2026-H1", "2026-H2"]
DRAWINGS = {
    "bars": lambda: flags_bar(shares(FOUR), title="Flagged respondents"),
    "bars vi": lambda: vietnamese(
        lambda: flags_bar(
            shares(FOUR[:2], names=NAMES_VI), title="Số người trả lời bị đánh dấu theo từng phép kiểm tra"
        )
    ),
    "bars of all": lambda: flags_bar(shares(FOUR).drop(columns="wave"), title="Flagged respondents"),
    "bars of nobody": lambda: flags_bar(shares(["a", "b"]).assign(flagged=0), title="Flagged respondents"),
    "bars of everybody": lambda: flags_bar(shares(["a"], n=120_000).assign(flagged=120_000), title="Everybody"),
    "overlaps": lambda: overlaps(together(), title="Checks that flag the same respondents"),
    "overlaps vi": lambda: overlaps(together(90_000, 0.5), title="Phép kiểm tra trùng nhau", names=NAMES_VI),
    "one check": lambda: overlaps(together()[["speeder"]], title="One check"),
    "times": lambda: durations(times([f"{wave} · online" for wave in FOUR]), title="How long the interviews took"),
    "times vi": lambda: vietnamese(
        lambda: durations(times(FOUR, vary=0.3), title="Thời gian phỏng vấn kéo dài bao lâu")
    ),
    "many times": lambda: durations(times([str(y) for y in range(2010, 2020)], vary=0.1), title="Ten waves"),
    "wide times": lambda: durations(times([""], spread=2), title="From seconds to days"),
    "one time": lambda: durations(times([""]).head(1), title="One interview"),
}


@pytest.fixture(scope="module")
def drawings() -> dict:
    return {name: draw() for name, draw in DRAWINGS.items()}


@pytest.mark.parametrize("name", DRAWINGS)
def test_letters_are_whole_and_apart(drawings, name):
    """No text is cut by the edge of the picture, none overlaps another, and the font has all letters."""
    assert_letters_apart(drawings[name], texts(drawings[name]), name=name)
    assert_every_letter_has_a_glyph(drawings[name])


def test_bars_are_as_long_as_their_share(drawings):
    """A panel a wave; the fourth check of the second wave flags 42 of 2,000, which is 2.1%."""
    figure = drawings["bars"]
    assert [axis.get_title(loc="left") for axis in figure.axes] == FOUR
    axis = figure.axes[1]
    bars = [patch for patch in axis.patches if isinstance(patch, Rectangle)]
    np.testing.assert_allclose([bar.get_width() for bar in bars], [0.7 * i for i in range(8)])
    assert "2.1% (42 of 2,000)" in [text.get_text() for text in axis.texts]


@pytest.mark.parametrize("waves", [[], ["a"], [str(year) for year in range(2012, 2019)]])
def test_one_panel_for_all(waves):
    """Without waves, with one, and with more than six the bars are of all respondents."""
    frame = shares(waves or ["x"])
    figure = flags_bar(frame if waves else frame.drop(columns="wave"), title="Flagged")
    total, n = frame[frame["check"] == "partial"]["flagged"].sum(), 2000 * max(len(waves), 1)
    assert len(figure.axes) == 1
    assert figure.axes[0].texts[-1].get_text() == f"{100 * total / n:.1f}% ({total:,} of {n:,})"


def test_overlaps_by_hand():
    """Three checks of six respondents: the diagonal counts each check, the cells below it pairs."""
    flags = pd.DataFrame({"a": [1, 1, 1, 0, 0, 0], "b": [1, 1, 0, 1, 1, 1], "c": [0, 0, 1, 0, 1, 1]}).astype(bool)
    axis = overlaps(flags, title="Together").axes[0]
    cells = {text.get_position(): text.get_text() for text in axis.texts}
    assert cells == {(0, 0): "3", (0, 1): "2", (1, 1): "5", (0, 2): "1", (1, 2): "2", (2, 2): "3"}
    dark = {(p.get_x() + 0.48, p.get_y() + 0.48) for p in axis.patches if p.get_facecolor()[:3] == _rgb(ACCENT)}
    assert {(round(x), round(y)) for x, y in dark} == {(0, 1), (1, 2)}, "two of three go together"


def _rgb(color: str) -> tuple:
    return tuple(int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))


def test_times_are_counted_and_the_limit_stands_where_it_is():
    """800 interviews in bars, those under the limit apart, the line at log10 of 3 minutes."""
    frame = times(["a", "b"])
    figure = durations(frame, title="Times")
    for axis, group in zip(figure.axes, ("a", "b"), strict=True):
        rows = frame[frame["group"] == group]
        fast = int((rows["seconds"] < 180).sum())
        bars = axis.containers
        assert sum(bar.get_height() for bar in bars[0]) == len(rows) - fast
        assert sum(bar.get_height() for bar in bars[1]) == fast
        assert axis.get_title(loc="left") == f"{group}: {fast} of 400 faster than 3.0 minutes"
        assert axis.lines[0].get_xdata()[0] == pytest.approx(np.log10(3))


def test_nothing_to_draw():
    """No checks and no times give no picture."""
    assert overlaps(pd.DataFrame(index=range(3)), title="None") is None
    assert durations(times(["a"]).head(0), title="None") is None
