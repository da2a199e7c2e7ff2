"""What a module offers: completion shows these names alone, and a misspelt one is answered with the nearest of them."""

from collections.abc import Callable, Iterable

from cxlib.errors import nearest


def offered(module: str, names: Iterable[str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """A module's __getattr__ and __dir__: an AttributeError with the nearest of `names`, and the names, sorted."""
    names = sorted(names)

    def missing(name: str):
        raise AttributeError(f"module {module!r} has no attribute {name!r}{nearest(name, names)}")

    return missing, lambda: list(names)
