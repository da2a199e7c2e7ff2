"""A Spark within this machine, for tests: small, quick to start, with one job a query."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NO_JAVA = shutil.which("java") is None and "JAVA_HOME" not in os.environ
needs_java = pytest.mark.skipif(NO_JAVA, reason="needs Java: no `java` found")
# What Spark says on starting, and on being given a pandas frame.
quiet = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")


@contextmanager
def session(folder: Path, *, threads: int = 2, **more: str) -> Iterator:
    """A session whose workers run this Python, with its files in `folder`; stopped at the end. `more`: other settings,
    with _ for the dots in their names."""
    from pyspark.sql import SparkSession

    settings = {
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.local.dir": str(folder),
        "spark.log.level": "OFF",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.session.timeZone": "Asia/Ho_Chi_Minh",
        "spark.sql.shuffle.partitions": str(threads),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    } | {name.replace("_", "."): value for name, value in more.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        made = SparkSession.builder.master(f"local[{threads}]").appName("cxlib").config(map=settings).getOrCreate()
        yield made
        made.stop()
