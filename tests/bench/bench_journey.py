"""Journeys on a log of 50 million contacts in Parquet, on two cores and in 4 GB of memory, and staying.

Each is held against a bare DuckDB pass over the same file. The engine that reads the log has the limits of a user who
set them: two threads and 3 GB.
"""

import resource
import tempfile
import time
from pathlib import Path

import duckdb
import pandas as pd
from measure import row, seconds

from cxlib import cohorts, contacts, journey, paths, stays, survival

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


def made_customers(file: Path, n: int) -> None:
    """n customers by formula: ten years of coming, a third of them gone since, in three channels."""
    since = "DATE '2016-01-01' + (hash(i) % 3650)::INT"
    sql = f"""SELECT {since} AS since,
        CASE WHEN hash(i * 5) % 3 = 0 THEN {since} + (hash(i * 3) % 300)::INT END AS "left",
        ['web', 'shop', 'app'][(hash(i * 7) % 3)::INT + 1] AS channel FROM range({n}) numbers(i)"""
    with duckdb.connect(config={"threads": 2, "memory_limit": "2GB"}) as engine:
        engine.execute(f"COPY ({sql}) TO '{file}' (FORMAT parquet)")


def staying(folder: Path, n: int = 10_000_000) -> list[dict]:
    """Curves, log-rank test and cohorts of n customers in Parquet, against a bare group-by of the same columns."""
    file = folder / "customers.parquet"
    made_customers(file, n)
    table, days = duckdb.read_parquet(str(file)), {"since": "since", "left": "left"}
    curve = {"duration": "duration", "event": "event", "by": "channel", "counts": "customers"}
    bare = seconds(lambda: table.aggregate('channel, since, "left", count(*)', 'channel, since, "left"').fetchall(), 1)

    def curves():
        counted = stays.stays(table, by="channel", **days)
        return survival.survival(counted, **curve), survival.log_rank(counted, **curve)

    many, baseline_is = f"{n / 1e6:g} million customers", "DuckDB GROUP BY channel and both days"
    triangle = seconds(lambda: cohorts.triangle(table, came="since", left="left"), 1)
    return [
        row(f"curves and log-rank test, {many}", seconds(curves, 1), bare, baseline_is),
        row(f"cohorts by month, {many}", triangle, bare, baseline_is),
    ]


def journeys(folder: Path, n: int) -> tuple[list[dict], float]:
    """The journey tables of a log of n contacts: what each piece of work took, and the time of the bare pass."""
    file, found, drawn = folder / f"log{n}.parquet", [], drawn_map()

    def timed(work: str, run):
        start = time.perf_counter()
        result = run()
        taken = time.perf_counter() - start
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        found.append({"work": work, "seconds": taken, "memory": memory})
        return result

    make_log(file, n)
    engine = duckdb.connect(
        config={"threads": 2, "memory_limit": "3GB", "temp_directory": f"{folder}/spill"},
    )
    engine.execute("SET enable_progress_bar = false")
    log = engine.read_parquet(str(file))
    bare = seconds(lambda: log.aggregate('stage, count(*), count(score), min("when")', "stage").fetchall(), 1)
    ordered = timed("the log in order", lambda: contacts.journeys(log, order=STAGES))
    table = timed("stage table", lambda: journey.stages(ordered, drawn))
    moves = timed("transitions of stages", lambda: paths.transitions(ordered))
    timed("touchpoint table", lambda: journey.touchpoints(ordered, drawn))
    timed("transitions of touchpoints", lambda: paths.transitions(ordered, level="touchpoint"))
    timed("paths and departures", lambda: paths.departures(ordered, drawn))
    timed("removal effects, 1,000 bootstrap samples", lambda: paths.removal_effect(ordered, drawn, purchase="use"))
    assert table["contacts"].sum() == n
    assert moves.loc[moves["from"] == paths.START, "count"].sum() == ordered.customers
    return found, bare


def rows(n: int = 50_000_000, customers: int = 10_000_000) -> list[dict]:
    """The rows of the page: the log of n contacts, how its time grows from half of it, and the customers."""
    with tempfile.TemporaryDirectory() as folder:
        half, _ = journeys(Path(folder), n // 2)
        whole, bare = journeys(Path(folder), n)
        stayed = staying(Path(folder), customers)
    many, baseline_is = f"{n / 1e6:g} million contacts", "DuckDB GROUP BY stage of the same file"
    first, first_half = (sum(one["seconds"] for one in found[:3]) for found in (whole, half))
    memory, memory_half = whole[2]["memory"], half[2]["memory"]
    return [
        *(row(f"{one['work']}, {many}", one["seconds"], bare, baseline_is) for one in whole),
        row("the first three: within their limit", first, WITHIN["seconds"], f"{WITHIN['seconds']} s", at_most=1),
        row("  their peak of memory", memory, WITHIN["memory"], f"{WITHIN['memory']:g} GB", at_most=1, unit="GB"),
        row("  growth in time", first, 2 * first_half, "twice the time of half the contacts", at_most=1.2),
        row("  growth in memory", memory, memory_half, "the peak at half the contacts", unit="GB"),
        *stayed,
    ]
