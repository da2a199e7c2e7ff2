"""What the journey tables cost on a log of 50 million contacts in Parquet, on two cores and in 4 GB of memory.

Each is a ratio against a bare DuckDB pass over the same file; prints and writes as bench.py. `--contacts N` makes a
smaller log. The engine that reads the log has the limits of a user who set them: two threads and 3 GB.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

import duckdb
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parent))
from bench import ROOT, seconds

from cxlib import contacts, journey, paths

STAGES = ["recognise", "search", "compare", "decide", "use", "feedback"]
WITHIN = {"seconds": 60, "memory": 4.0}  # what the stage table and the transitions may take, in seconds and GB
A_JOURNEY = 5  # contacts


def make_log(file: Path, contacts_made: int) -> None:
    """A log by formula: journeys of five contacts, each through five of the six stages in a row or past one, a day or
    two apart, in two channels; 60% of the contacts with a score."""
    place = f"least(i % {A_JOURNEY} + (hash(i * 3) % 4 = 0)::INT, {len(STAGES) - 1})"
    digital = "hash(i * 7) % 5 < 3"
    stages = f"[{', '.join(repr(stage) for stage in STAGES)}]"
    sql = f"""SELECT i // {A_JOURNEY} AS customer,
        TIMESTAMP '2026-01-01' + to_seconds((hash(i // {A_JOURNEY}) % 15000000
            + i % {A_JOURNEY} * 130000 + hash(i) % 80000)::BIGINT) AS "when",
        {stages}[{place} + 1] || CASE WHEN {digital} THEN '_web' ELSE '_shop' END AS touchpoint,
        CASE WHEN {digital} THEN 'digital' ELSE 'traditional' END AS channel, {stages}[{place} + 1] AS stage,
        CASE WHEN hash(i * 11) % 10 < 6 THEN (hash(i * 13) % 5 + 1)::TINYINT END AS score
        FROM range({contacts_made}) numbers(i)"""
    with duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as engine:
        engine.execute(f"COPY ({sql}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")


def drawn_map() -> pd.DataFrame:
    """The map of that log."""
    rows = [
        (stage, i + 1, f"{stage}_{end}", channel)
        for i, stage in enumerate(STAGES)
        for end, channel in (("web", "digital"), ("shop", "traditional"))
    ]
    return pd.DataFrame(rows, columns=["stage", "order", "touchpoint", "channel"])


def main() -> int:
    """Measure, print a table, write bench_journey.json beside the reports; 1 where a limit is broken."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--contacts", type=int, default=50_000_000)
    n, found, drawn = parser.parse_args().contacts, [], drawn_map()

    def timed(work: str, run):
        start, worked = time.perf_counter(), time.process_time()
        result = run()
        worked = time.process_time() - worked
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        found.append({"work": work, "seconds": time.perf_counter() - start, "processor": worked, "memory": memory})
        return result

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "log.parquet"
        make_log(file, n)
        size = file.stat().st_size / 2**30
        engine = duckdb.connect(
            config={"threads": 2, "memory_limit": "3GB", "temp_directory": f"{folder}/spill"},
        )
        engine.execute("SET enable_progress_bar = false")
        log = engine.read_parquet(str(file))
        bare = seconds(lambda: log.aggregate('stage, count(*), count(score), min("when")', "stage").fetchall(), 1)
        ordered = timed("the log in order", lambda: contacts.journeys(log, order=STAGES))
        table = timed("stage table", lambda: journey.stages(ordered, drawn))
        moves = timed("transitions of stages", lambda: paths.transitions(ordered))
        limited = [sum(row[what] for row in found) for what in ("seconds", "processor")] + [found[-1]["memory"]]
        timed("touchpoint table", lambda: journey.touchpoints(ordered, drawn))
        timed("transitions of touchpoints", lambda: paths.transitions(ordered, level="touchpoint"))
        timed("paths and departures", lambda: paths.departures(ordered, drawn))
        timed("removal effects, 1,000 bootstrap samples", lambda: paths.removal_effect(ordered, drawn, purchase="use"))
    print(f"{n:,} contacts of {ordered.customers:,} customers, {size:.2f} GB of Parquet, two threads")
    print(f"{'work':<66}{'seconds':>9}{'processor':>11}{'baseline':>10}{'ratio':>8}{'GB at most':>12}  baseline is")
    for row in found:
        row |= {
            "baseline": bare,
            "ratio": row["seconds"] / bare,
            "baseline_is": "DuckDB GROUP BY stage of the same file",
        }
        print(
            f"{row['work']:<66}{row['seconds']:>9.2f}{row['processor']:>11.2f}{bare:>10.2f}"
            f"{row['ratio']:>8.1f}{row['memory']:>12.2f}  "
            f"{row['baseline_is']}"
        )
    assert table["contacts"].sum() == n
    assert moves.loc[moves["from"] == paths.START, "count"].sum() == ordered.customers
    print(
        f"order, stage table and transitions together: {limited[0]:.1f} s (may take {WITHIN['seconds']}), of the two "
        f"processors {limited[1]:.1f} s, {limited[2]:.2f} GB at most (may take {WITHIN['memory']:g})"
    )
    out = ROOT / "reports" / "bench_journey.json"
    out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(f"written to {out.relative_to(ROOT)}")
    return int(limited[0] > WITHIN["seconds"] or limited[2] > WITHIN["memory"])


if __name__ == "__main__":
    sys.exit(main())
