"""Reports are the same, byte for byte, whatever seed of hashes, locale, time zone, workers, threads and processor.

A sample: three chapters of the demo, once as plain as can be and once with everything different at once. All chapters
under each circumstance by itself: tests/soak/test_same_everywhere_soak.py.
"""

import sys

import pytest
from sameness import CIRCUMSTANCES, PLAIN, ROOT, TIMES, differences, report

CHAPTERS = ("complaint_iceberg", "metric_regressions", "summary")
ALL_AT_ONCE = {name: value for *_, around in CIRCUMSTANCES.values() for name, value in around.items()}
OPTIONS = [word for name in CHAPTERS for word in ("--only", name)] + ["--format", "html,xlsx"]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
def test_a_report_is_the_same_with_everything_different(tmp_path):
    elsewhere = tmp_path / "another folder"
    elsewhere.mkdir()
    report(tmp_path / "one", *OPTIONS, workers=1, umask="022", environment=PLAIN, folder=ROOT)
    other = ALL_AT_ONCE | {"CX_KERNELS": "warm", "OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    report(tmp_path / "other", *OPTIONS, workers=2, umask="077", environment=other, folder=elsewhere)
    assert differences(tmp_path / "one", tmp_path / "other") == []
    assert len(list((tmp_path / "one" / "figures").iterdir())) > 5
    assert (tmp_path / "one" / "results.json").stat().st_size > 10_000


def test_one_digit_that_differs_is_found(tmp_path):
    for name, digit in (("one", 1), ("other", 2)):
        (tmp_path / name / "figures").mkdir(parents=True)
        (tmp_path / name / "results.json").write_text(f'{{"nps":\n {digit}.5}}')
        (tmp_path / name / "figures" / "a.svg").write_text("<svg/>")
        (tmp_path / name / next(iter(TIMES))).write_text(f"made at {digit}:00")
    assert differences(tmp_path / "one", tmp_path / "other") == ["results.json: b' 1.5}' | b' 2.5}'"]
    (tmp_path / "other" / "figures" / "a.svg").unlink()
    assert [line.partition(":")[0] for line in differences(tmp_path / "one", tmp_path / "other")] == [
        "figures/a.svg",
        "results.json",
    ]
