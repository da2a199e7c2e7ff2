"""CX Workbook: customer-experience research with no number without its interval, base and method.

>>> from cxlib import nps
>>> nps([10] * 50 + [7] * 30 + [0] * 20)
NPS 30.0 (95% interval 14.0 to 44.2; 100 answers, effective base 100; MOVER-Wilson; simple random sample)

Study.load("data/demo") reads a study; survey, compare, iceberg, journey, retention, personas, drivers and weights
answer questions about it, explore shows them live, charts and results print them.
"""

from importlib import import_module

from cxlib.offered import offered
from cxlib.shown import shown_by

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
# Likewise the modules that a researcher works with; the others serve them.
_MODULES = "charts compare drivers explore iceberg journey language personas results retention scores survey weights"
__all__ = sorted(_HOME)

# Results do not know how they are shown (statistics import no presentation); whoever looks at one loads what does.
shown_by(lambda: import_module("cxlib.displays"))

_missing, __dir__ = offered("cxlib", [*_HOME, *_MODULES.split()])


def __getattr__(name: str):
    if name in _HOME:
        return getattr(import_module(f"cxlib.{_HOME[name]}"), name)
    if name in _MODULES.split():
        return import_module(f"cxlib.{name}")
    return _missing(name)
