"""Pictures as SVG. Oracle: matplotlib's own savefig() of the same figure, byte for byte."""

import io
from concurrent.futures import ThreadPoolExecutor

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.figure import Figure

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


def saved(figure: Figure) -> str:
    buffer = io.StringIO()
    with mpl.rc_context({"svg.hashsalt": "cx-workbook", "svg.fonttype": "path"}):
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()[buffer.getvalue().index("<svg") :]


@pytest.mark.parametrize("layout", ["constrained", None])
@pytest.mark.parametrize("words", [WORDS, WORDS[::-1]])
def test_a_picture_is_what_matplotlib_saves(layout, words):
    assert svg(drawn(layout, words)) == saved(drawn(layout, words))


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
