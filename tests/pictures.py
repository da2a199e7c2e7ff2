"""What every picture must hold: letters that are whole, apart, and known to the font."""

import itertools
import warnings

from matplotlib.backends.backend_agg import FigureCanvasAgg


def assert_letters_apart(figure, texts, *, beyond: float = 1, name: str = "") -> None:
    """No text of the figure is cut by its edge, and no two overlap; `texts` are pairs of a text and its box.

    `beyond` is by how many pixels a letter's box may reach over the edge, `name` that of the picture in what fails.
    """
    width, height = figure.get_size_inches() * figure.dpi
    for text, box in texts:
        assert box.x0 >= -beyond, (name, text)
        assert box.x1 <= width + beyond, (name, text)
        assert box.y0 >= -beyond, (name, text)
        assert box.y1 <= height + beyond, (name, text)
    for (one, a), (other, b) in itertools.combinations(texts, 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        high = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert wide <= 1 or high <= 1, f"{name} {one!r} overlaps {other!r}"


def assert_every_letter_has_a_glyph(figure) -> None:
    """matplotlib warns of a letter that the font lacks."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        FigureCanvasAgg(figure).draw()
    assert [str(warning.message) for warning in caught] == []
