"""`make bench`: what things cost, each as a ratio against a baseline measured in the same run, on one page.

Prints a table and writes it to reports/bench.md and bench.json; `--only NAME` prints some of it and leaves the page as
it is. The exit code is 1 where a ratio that must hold does not, or a benchmark could not be run.
"""

import argparse
import ast
import json
import os
import platform
import subprocess
import sys
import time

from measure import BENCH, ROOT, apart

# In the order of the page. A module's name is bench_NAME; its rows() are measured in a process of their own.
NAMES = ("overhead", "branches", "demo", "workers", "scale", "drivers", "tally", "journey", "personas", "weights",
         "report")  # fmt: skip
SAMPLED = ("branches",)  # whose baseline is measured on a sample, unless --full is given
TITLES = ("work", "must hold", "measured", "ours", "baseline", "baseline is", "held")


def described() -> dict[str, str]:
    """The benchmarks, and the first line of what each says of itself."""
    sources = {name: (BENCH / f"bench_{name}.py").read_text(encoding="utf-8") for name in NAMES}
    return {name: ast.get_docstring(ast.parse(source)).splitlines()[0] for name, source in sources.items()}


def machine() -> dict:
    """What the numbers were taken on, and of which state of the project."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    about = {"cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()}
    about |= {"memory_gb": round(memory, 1), "system": f"{platform.system()} {platform.machine()}"}
    return about | {"python": platform.python_version(), "commit": commit(), "day": time.strftime("%Y-%m-%d")}


def commit() -> str:
    """The commit that was measured, and whether files have changed since; empty outside of a repository."""
    git = ["git", "-C", str(ROOT)]
    try:
        number = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True)
        changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return number.stdout.strip() + (" with changes" if changed.stdout.strip() else "")


def measured(names, *, full: bool) -> tuple[list[dict], list[str]]:
    """The rows of some benchmarks, and the names of those that failed; their errors are printed as they come."""
    found, failed = [], []
    for name in names:
        print(f"measuring {name}", file=sys.stderr, flush=True)
        try:
            rows = apart(f"bench_{name}", "rows", *([full] if name in SAMPLED else []))
        except subprocess.CalledProcessError:
            failed.append(name)
        else:
            found += [{"bench": name, **row} for row in rows]
    return found, failed


def cells(row: dict) -> list[str]:
    """A row as the table shows it."""
    bounds = {"at least": row["at_least"], "at most": row["at_most"]}
    must = ", ".join(f"{words} {value:g}" for words, value in bounds.items() if value is not None)
    held = {True: "yes", False: "NO", None: ""}[row["held"]]
    taken = [f"{row[name]:.4g} {row['unit']}" for name in ("ours", "baseline")]
    return [row["work"], must, f"{row['measured']:.4g}", *taken, row["baseline_is"], held]


def printed(rows: list[dict]) -> str:
    """The table for a terminal."""
    table = [list(TITLES), *map(cells, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in table)


def page(rows: list[dict], failed: list[str], about: dict) -> str:
    """The page, in Markdown."""
    told = (
        "Each row is a ratio against a baseline that was measured in the same run: what ours takes to what the "
        "baseline takes, or, where at least something must hold, how many times faster ours is."
    )
    taken_on = (
        f"{about['cores']} cores, {about['memory_gb']:g} GB of memory, {about['system']}, Python {about['python']}; "
        f"commit {about['commit'] or 'unknown'}, {about['day']}."
    )
    lines = ["# Speed and scale", "", told, "", taken_on, ""]
    table = [TITLES, ["---"] * len(TITLES), *map(cells, rows)]
    lines += [f"| {' | '.join(line)} |" for line in table]
    lines += ["", verdict(rows, failed)]
    return "\n".join(lines) + "\n"


def verdict(rows: list[dict], failed: list[str]) -> str:
    """How many of the ratios that must hold do, and what could not be measured."""
    bound = [row for row in rows if row["held"] is not None]
    said = f"{sum(row['held'] for row in bound)} of {len(bound)} ratios that must hold do."
    return f"{said} Not measured, for an error: {', '.join(failed)}." if failed else said


def main() -> int:
    """Measure, print the table, write the page."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--list", action="store_true", help="say what there is")
    parser.add_argument("--only", action="append", choices=NAMES, metavar="NAME", help="this one; may be repeated")
    parser.add_argument("--full", action="store_true", help="measure the loop over branches on all, not on a sample")
    given = parser.parse_args()
    if given.list:
        print("\n".join(f"{name:<10}{words}" for name, words in described().items()))
        return 0
    rows, failed = measured(given.only or NAMES, full=given.full)
    print(printed(rows), verdict(rows, failed), sep="\n\n")
    if not given.only:
        about, folder = machine(), ROOT / "reports"
        record = {"machine": about, "failed": failed, "rows": rows}
        (folder / "bench.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        (folder / "bench.md").write_text(page(rows, failed, about), encoding="utf-8")
        print("written to reports/bench.md and bench.json")
    return int(bool(failed) or any(row["held"] is False for row in rows))


if __name__ == "__main__":
    sys.exit(main())
