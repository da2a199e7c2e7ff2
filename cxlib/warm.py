"""What a warm kernel has imported before it begins: the kernel itself, and what the chapters import of the package.

The server that kernels are forked from imports this module and then does nothing but fork. Nothing here may use what it
imports: once polars, OpenMP or DuckDB have worked in a process, its forks hang.
"""

import ast
import atexit
import gc
import json
import os
import sys
from importlib import import_module

from cxlib.places import ROOT

# Before the kernel adds the current folder: what a kernel of its own would begin with.
PATH = [entry for entry in sys.path if entry]
# Imported late, when a chapter first needs them, by the kernel for a debugger that is announced to every client, or by
# what makes the pages of a report and looks through them.
LATE = (
    "cxlib.kernel", "ipykernel.ipkernel", "ipykernel.kernelapp", "ipykernel.debugger", "debugpy.server.api",
    "IPython.core.completer", "IPython.core.completerlib", "IPython.core.debugger", "IPython.extensions.storemagic",
    "matplotlib.backends.backend_svg", "babel.dates", "babel.numbers", "babel.messages.mofile", "babel.messages.pofile",
    "cxlib.report.disclosure", "cxlib.report.formats", "cxlib.report.html", "cxlib.report.method", "duckdb",
    "encodings.utf_8_sig", "narwhals._interchange.dataframe", "narwhals._namespace",
    "narwhals._pandas_like.group_by", "narwhals._pandas_like.namespace", "pandas.core.methods.to_dict",
    "pandas.core.reshape.reshape", "pyarrow.parquet",
)  # fmt: skip


def _named(source: str) -> list[str]:
    """The modules of the package that a cell imports, and what it imports from them, which may be modules as well."""
    found = []
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:
        return []  # IPython's own, %time for instance; or a fault, which shows when the chapter runs
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module:
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return [name for name in found if name.partition(".")[0] == "cxlib"]


def _of_chapters() -> list[str]:
    """The modules of the package that the notebooks of the chapters import."""
    found = []
    for path in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                found += _named("".join(cell["source"]))
    return list(dict.fromkeys(found))


def _imported(name: str) -> bool:
    """Whether there is such a module; it is imported now. A chapter's own fault shows when the chapter runs."""
    try:
        import_module(name)
    except ModuleNotFoundError:
        package, _, what = name.rpartition(".")
        getattr(sys.modules.get(package), what, None)  # no module, but cxlib imports one for Study when it is asked
        return False
    except Exception:
        return False
    return True


gc.disable()  # nothing of what is imported goes again, and looking for it would take a sixth of the time
before = dict(os.environ)
quiet = {"PYDEVD_DISABLE_FILE_VALIDATION": "1"}  # the debugger would tell every terminal that it sees no frozen code
os.environ.update(quiet)
os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")  # as a kernel does, before matplotlib
MODULES = [name for name in (*LATE, *_of_chapters()) if _imported(name)]
# What imports have put into the environment, as they do in any process.
ADDED = {name: value for name, value in os.environ.items() if name not in before and name not in quiet}
gc.freeze()  # a collection in a fork would copy every page of the server's …
gc.enable()
atexit.register(gc.unfreeze)  # … and libraries call what is not collected at the end a leak
