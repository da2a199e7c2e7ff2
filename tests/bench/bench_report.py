"""What the formats of a report cost after execution: the demo's chapters, each format against reading them.

Prints and writes as bench.py. The baseline is json.load of the executed notebooks, which every rendering begins with.
"""

import json
import sys
import time
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench import ROOT, seconds
from demo_document import demo

from cxlib.report.run import FORMATS, NOTEBOOKS, renderings

WITHIN = 6  # seconds for all formats of all chapters


def main() -> int:
    """Render the committed notebooks in every format; 1 where they take longer together than they may."""
    paths = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    bare = seconds(lambda: [json.loads(path.read_text(encoding="utf-8")) for path in paths])
    start = time.perf_counter()
    document = demo()
    found = [{"work": f"document of {len(paths)} notebooks", "seconds": time.perf_counter() - start, "bytes": 0}]
    for name in FORMATS:
        render = import_module(f"cxlib.report.{name}").render  # the import counts: a report pays for it
        start = time.perf_counter()
        made = render(document)
        found.append({"work": name, "seconds": time.perf_counter() - start, "bytes": len(made)})
    start = time.perf_counter()
    renderings(document, tuple(FORMATS))
    total = found[0]["seconds"] + time.perf_counter() - start
    found.append({"work": "document and all formats", "seconds": total, "bytes": 0})
    print(f"{'work':<30}{'seconds':>9}{'baseline':>10}{'ratio':>7}{'MB':>8}  baseline is")
    for row in found:
        row |= {"baseline": bare, "ratio": row["seconds"] / bare}
        print(
            f"{row['work']:<30}{row['seconds']:>9.2f}{bare:>10.2f}{row['ratio']:>7.1f}{row['bytes'] / 1e6:>8.2f}  "
            "json.loads of the notebooks"
        )
    out = ROOT / "reports" / "bench_report.json"
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"written to {out.relative_to(ROOT)}; together they may take {WITHIN} s")
    return int(total > WITHIN)


if __name__ == "__main__":
    sys.exit(main())
