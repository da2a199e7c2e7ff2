"""CX Workbook: customer-experience research with no number without its interval, base and method."""

from importlib import import_module

# Loaded at first use: `cx --help` and a refused command need none of the numerical libraries.
_HOME = {
    "Study": "study",
    "Estimate": "estimate",
    "CxError": "errors",
    "nps": "scores",
    "csat": "scores",
    "ces": "scores",
    "tally": "counts",
}
__all__ = sorted(_HOME)


def __getattr__(name: str):
    if name in _HOME:
        return getattr(import_module(f"cxlib.{_HOME[name]}"), name)
    raise AttributeError(f"module 'cxlib' has no attribute {name!r}")
