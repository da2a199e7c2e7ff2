"""The demo's whole report under each circumstance by itself, byte for byte the same in every file and format."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sameness import CIRCUMSTANCES, PLAIN, ROOT, differences, report, vietnamese

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only"),
]


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The report made as plainly as can be."""
    out = tmp_path_factory.mktemp("plain") / "report"
    report(out, workers=1, umask="022", environment=PLAIN, folder=ROOT)
    return out


@pytest.mark.parametrize("circumstance", list(CIRCUMSTANCES))
def test_the_whole_report_is_the_same(plain, tmp_path, circumstance):
    workers, umask, environment = CIRCUMSTANCES[circumstance]
    report(tmp_path / "report", workers=workers, umask=umask, environment=environment, folder=tmp_path)
    assert differences(plain, tmp_path / "report") == []
    files = sum(path.is_file() for path in plain.rglob("*"))
    print(f"{circumstance}: {files} files alike", "" if vietnamese() else "(no Vietnamese locale here)")
