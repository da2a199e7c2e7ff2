"""Pictures as SVG. Oracle: matplotlib's own savefig() of the same figure, byte for byte."""

import io
from concurrent.futures import ThreadPoolExecutor

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from cxlib.charts.drivers import forest
from cxlib.svg import svg

WORDS = ["Recommend", "Thanh toán: 1.234,5 đ", "two\nlines", "", "a $x^2$ b", "−3.1* & <b>", "fi  AV"]


def drawn(layout: str | None, words: list[str]) -> Figure:
    figure = Figure(figsize=(5.2, 3), layout=layout)
    axis = figure.subplots()
    axis.barh(range(len(words)), range(1, len(words) + 1), label="bars")
    axis.set_yticks(range(len(words)), words)
    for place, word in enumerate(words):
        axis.text(1, place, word, style="italic" if place % 2 else "normal", weight="bold", rotation=30 * place, size=8)
    axis.imshow([[0, 1]], extent=(0, 1, 0, 1), aspect="auto")
    axis.plot([0, 3], [1, 2], "D", label="marks")
    figure.suptitle("Words, words, words", family=["DejaVu Serif", "DejaVu Sans"])
    figure.legend(loc="outside lower center" if layout else "lower center")
    return figure


def axes_of_every_kind(layout: str | None) -> Figure:
    """Shared, twin, secondary, logarithmic, of dates, of equal scales, with ticks at the top and minor ones."""
    figure = Figure(figsize=(8, 6), layout=layout)
    panels = figure.subplots(3, 2, sharex="col")
    (logarithmic, dated), (twin, square), (moved, _) = panels
    logarithmic.plot([1, 2, 3], [1, 100, 1e5])
    logarithmic.set(yscale="log", ylabel="log", title="Ticks at the top")
    logarithmic.xaxis.tick_top()
    logarithmic.xaxis.set_minor_locator(MultipleLocator(0.5))
    dated.plot(pd.date_range("2026-01-01", periods=3, freq="40D"), [1, 3, 2])
    dated.tick_params(axis="x", labelrotation=30)
    twin.plot([1, 2, 3], [1e6, 2e6, 3e6])
    twin.twinx().plot([1, 2, 3], [0.001, 0.003, 0.002], "k--")
    square.set_aspect("equal", adjustable="box")
    square.secondary_yaxis("right", functions=(lambda x: x * 100, lambda x: x / 100)).set_ylabel("percent")
    moved.plot([1, 2, 3], [-1, 2, 1])
    moved.spines["bottom"].set_position("zero")
    moved.invert_yaxis()
    figure.supxlabel("below")
    return figure


def saved(figure: Figure) -> str:
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "cx-workbook", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]


@pytest.mark.parametrize("layout", ["constrained", None])
@pytest.mark.parametrize("words", [WORDS, WORDS[::-1]])
def test_a_picture_is_what_matplotlib_saves(layout, words):
    assert svg(drawn(layout, words)) == saved(drawn(layout, words))


@pytest.mark.parametrize("layout", ["constrained", "tight", None])
def test_axes_of_every_kind_are_what_matplotlib_saves(layout):
    assert svg(axes_of_every_kind(layout)) == saved(axes_of_every_kind(layout))


def test_axes_are_matplotlib_s_own_again_afterwards():
    own = Axis._update_ticks, Axis._get_ticklabel_bboxes
    svg(drawn("constrained", WORDS))
    broken = Figure()
    broken.subplots().set_title("$\\nonsense$")
    with pytest.raises(ValueError, match="nonsense"):
        svg(broken)
    assert (Axis._update_ticks, Axis._get_ticklabel_bboxes) == own


def test_letters_that_are_kept_do_not_depend_on_who_asked_before():
    """Agg draws with the same font objects at another size; generic families follow the settings."""
    figure = drawn("constrained", WORDS)
    first = svg(figure)
    figure.savefig(io.BytesIO(), format="png", dpi=200)
    assert svg(drawn("constrained", WORDS)) == first
    with mpl.rc_context({"font.sans-serif": ["DejaVu Serif"], "font.family": ["sans-serif"]}):
        other = svg(drawn("constrained", WORDS))
        assert other == saved(drawn("constrained", WORDS)) != first


def test_the_figure_stays_as_it_was():
    figure = drawn(None, WORDS)
    before = (figure.canvas, figure.dpi, figure.get_layout_engine())
    assert svg(figure) == svg(figure)
    assert (figure.canvas, figure.dpi, figure.get_layout_engine()) == before


def test_charts_of_two_threads_keep_their_style():
    """matplotlib's settings are of the process: what one thread sets back is not to be seen in another's drawing."""
    rows = pd.DataFrame({"label": list("abcdef"), "estimate": 1.0, "low": 0.5, "high": 1.5})

    def chart(_) -> str:
        return svg(forest(rows, title="Effects", unit="points"))

    alone = chart(None)
    with ThreadPoolExecutor(4) as threads:
        assert set(threads.map(chart, range(24))) == {alone}
