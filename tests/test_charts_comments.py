"""Pictures of the comments.

Oracles: the drawn marks against the frame that they show; letters whole, apart and known to the font.
"""

import numpy as np
import pandas as pd
import pytest
from pictures import assert_every_letter_has_a_glyph, assert_letters_apart

from cxlib.charts.comments import key_terms, theme_panels

NAMES = ["giao hàng, trễ hẹn, đợi lâu", "nhân viên, nhiệt tình", "giá, khuyến mãi", "app, payment, every time", "Other"]


def themes() -> pd.DataFrame:
    estimate = np.array([31.0, 24.0, 12.5, 4.0, 9.0])
    return pd.DataFrame({"theme": NAMES, "estimate": estimate, "low": estimate - 3, "high": estimate + 3, "n": 400})


def by_metric() -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "theme": NAMES[:4],
            "estimate": [-40.0, 30.0, -5.0, np.nan],
            "low": [-60.0, 10.0, -20.0, np.nan],
            "high": [-20.0, 50.0, 10.0, np.nan],
            "verdict": ["clear", "borderline", "none", "unknown"],
            "n": [120, 90, 50, 12],
            "n_without": [280, 310, 350, 388],
        }
    )
    ease = rows.assign(name="ces", label="CES", unit="score", estimate=rows["estimate"] / 50)
    return pd.concat([rows.assign(name="nps", label="NPS", unit="points"), ease], ignore_index=True)


def key(n: int = 6) -> pd.DataFrame:
    estimate = np.concatenate([np.linspace(6, 1, n), np.linspace(-1, -5, n)])
    return pd.DataFrame(
        {
            "term": [f"chờ tính tiền {i}" for i in range(n)] + [f"giá hợp lý {i}" for i in range(n)],
            "estimate": estimate,
            "low": estimate - 2,
            "high": estimate + 2,
            "verdict": (["clear"] * (n - 1) + ["none"]) * 2,
            "side": ["detractors"] * n + ["promoters"] * n,
        }
    )


def letters(figure) -> list[tuple]:
    figure.canvas.draw()
    shown = [text for axis in figure.axes for text in [*axis.texts, axis.title, axis._left_title]]
    shown += [label for axis in figure.axes for label in axis.get_yticklabels() if axis is figure.axes[0]]
    shown += [axis.xaxis.label for axis in figure.axes]
    return [(text.get_text(), text.get_window_extent()) for text in shown if text.get_text() and text.get_visible()]


def marks(axis) -> list[tuple]:
    lines = [line for line in axis.lines if line.get_marker() not in ("None", None, "")]
    return [(line.get_marker(), float(x)) for line in lines for x in np.ravel(line.get_xdata())]


def test_two_panels_hold_the_numbers():
    figure = theme_panels(themes(), by_metric())
    left, right = figure.axes
    assert marks(left) == [("o", value) for value in themes()["estimate"]]
    assert marks(right) == [("s", -40.0), ("o", 30.0), ("o", -5.0)]
    assert [text.get_text() for text in right.texts] == ["** base 12"]
    assert right.get_title(loc="left") == "NPS with less without\n(points)"


def test_another_metric_may_be_shown():
    assert "CES" in theme_panels(themes(), by_metric(), metric="ces").axes[1].get_title(loc="left")


def test_without_metrics_there_is_one_panel():
    assert len(theme_panels(themes(), pd.DataFrame()).axes) == 1


def test_bars_are_log_ratios_to_both_sides():
    figure = key_terms(key())
    (axis,) = figure.axes
    assert [bar.get_width() for bar in axis.patches] == pytest.approx(sorted(key()["estimate"], reverse=True))
    assert [bar.get_hatch() for bar in axis.patches] == [None] * 6 + ["///"] * 6
    assert axis.get_title(loc="left") == "← promoters · detractors →"


def test_one_side_alone():
    figure = key_terms(key().head(6))
    assert figure.axes[0].get_title(loc="left") == "detractors →"


@pytest.mark.parametrize("drawn", [lambda: theme_panels(themes(), by_metric()), lambda: key_terms(key())])
def test_letters_are_whole_apart_and_known(drawn):
    figure = drawn()
    assert_every_letter_has_a_glyph(figure)
    assert_letters_apart(figure, letters(figure))


def test_nothing_to_draw():
    assert theme_panels(themes().assign(estimate=np.nan), by_metric()) is None
    assert key_terms(key().head(0)) is None
