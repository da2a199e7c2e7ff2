"""Results that read like print wherever they are looked at: in a notebook, in a terminal, by print().

Statistics say only that a result is one to be shown. How it is shown is the business of the presentation, which they do
not know: the package names it when it is imported, and it is loaded when the first result is looked at.
"""

from collections.abc import Callable
from types import ModuleType

_presentation: list[Callable[[], ModuleType]] = []


def shown_by(load: Callable[[], ModuleType]) -> None:
    """Name what shows results: `load` gives a module with plain(result) and page(result), at first use."""
    _presentation[:] = [load]


class Shown:
    """A result that is shown as the report prints it: as text, and as HTML in a notebook."""

    __slots__ = ()

    def __str__(self) -> str:
        return _presentation[0]().plain(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return _presentation[0]().page(self)
