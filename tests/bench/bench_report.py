"""The formats of a report after execution: the demo's chapters, each format against reading them.

The baseline is json.loads of the executed notebooks, which every rendering begins with.
"""

import json
import time
from importlib import import_module

from demo_document import demo
from measure import row, seconds

from cxlib.report.formats import renderings
from cxlib.report.plan import FORMATS, NOTEBOOKS

WITHIN = 6  # seconds for all formats of all chapters


def rows() -> list[dict]:
    """The rows of the page: the committed notebooks rendered in every format."""
    paths = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    bare = seconds(lambda: [json.loads(path.read_text(encoding="utf-8")) for path in paths])
    start = time.perf_counter()
    document = demo()
    read = time.perf_counter() - start
    taken = {f"document of {len(paths)} notebooks": read}
    for name in FORMATS:
        render = import_module(f"cxlib.report.{name}").render  # the import counts: a report pays for it
        start = time.perf_counter()
        made = render(document)
        taken[f"{name} of the demo report, {len(made) / 1e6:.1f} MB"] = time.perf_counter() - start
    start = time.perf_counter()
    renderings(document, tuple(FORMATS))
    whole = read + time.perf_counter() - start
    limited = row("document and all formats: within their limit", whole, WITHIN, f"{WITHIN} s", at_most=1)
    return [*(row(work, ours, bare, "json.loads of the notebooks") for work, ours in taken.items()), limited]
