"""Known vulnerabilities of what is locked, by a stored list of advisories in the OSV format.

The list is the folder that CX_ADVISORIES names, or tests/advisories/: none comes with the project, since one that is
months old says little. The check itself is held against advisories made by hand, by the rules that osv.dev documents.
"""

import json
import os
from pathlib import Path

import osv
import pytest
from packaging.version import Version

from cxlib.licences import pins

GIVEN = os.environ.get("CX_ADVISORIES", "")
LIST = Path(GIVEN) if GIVEN else Path(__file__).parent / "advisories"
LOCKED = {(pin.name, pin.version) for pin in pins()}


@pytest.mark.skipif(
    not GIVEN and not LIST.is_dir(),
    reason="no list of advisories is stored: unpack one in the OSV format, and name its folder in CX_ADVISORIES",
)
def test_nothing_locked_is_known_to_be_vulnerable():
    assert [str(one) for one in osv.findings(LIST, LOCKED)] == []


@pytest.fixture
def stored(tmp_path):
    """stored(entry …): a folder of advisories, each about these entries of `affected`."""

    def write(*affected: dict, **more) -> Path:
        number = len(list(tmp_path.iterdir()))
        about = {"id": f"PYSEC-{number}", "summary": "reads beyond its end", "affected": list(affected)} | more
        (tmp_path / f"{number}.json").write_text(json.dumps(about), encoding="utf-8")
        return tmp_path

    return write


def entry(*events: dict, name="thing", versions=(), ecosystem="PyPI", kind="ECOSYSTEM") -> dict:
    ranges = [{"type": kind, "events": list(events)}] if events else []
    return {"package": {"name": name, "ecosystem": ecosystem}, "ranges": ranges, "versions": list(versions)}


RANGE = ({"introduced": "1.2"}, {"fixed": "1.4.1"})


@pytest.mark.parametrize(
    ("events", "versions", "touched"),
    [
        (RANGE, ["1.2", "1.3.9", "1.4", "1.4.1rc1"], True),
        (RANGE, ["1.1.9", "1.2rc1", "1.4.1", "2.0", "1.10"], False),
        (({"introduced": "0"}, {"fixed": "2"}), ["0.0.1", "1.9", "2.dev1"], True),
        (({"introduced": "0"},), ["0.1", "99"], True),
        (({"introduced": "1"}, {"last_affected": "1.5"}), ["1.5", "1.5.0"], True),
        (({"introduced": "1"}, {"last_affected": "1.5"}), ["1.5.1"], False),
        (({"fixed": "1.5"}, {"introduced": "1"}, {"introduced": "2"}, {"fixed": "2.1"}), ["1.4", "2.0"], True),
        (({"fixed": "1.5"}, {"introduced": "1"}, {"introduced": "2"}, {"fixed": "2.1"}), ["1.5", "1.9", "2.1"], False),
    ],
    ids=["within", "outside", "from the first", "no end", "last", "after the last", "two ranges", "between two ranges"],
)
def test_ranges_are_of_versions_not_of_letters(events, versions, touched):
    assert {version: osv.touches(entry(*events), version) for version in versions} == dict.fromkeys(versions, touched)


def test_versions_that_are_listed_are_found_however_they_are_written():
    assert osv.touches(entry(versions=["1.0", "strange-build"]), "1.0.0")
    assert not osv.touches(entry(versions=["1.0"]), "1.0.post1")


def test_commits_are_no_versions():
    assert not osv.touches(entry({"introduced": "0"}, kind="GIT"), "1.0")


def test_a_planted_advisory_is_told_with_its_version_and_what_mends_it(stored):
    folder = stored(entry(*RANGE, name="My_Thing"))
    assert [str(one) for one in osv.findings(folder, {("my-thing", "1.3"), ("other", "1.3")})] == [
        "my-thing 1.3: PYSEC-0: reads beyond its end; mended in 1.4.1"
    ]
    assert osv.findings(folder, {("my-thing", "1.4.1")}) == []


def test_the_same_under_two_names_counts_once(stored):
    stored(entry(*RANGE), aliases=["CVE-1"])
    folder = stored(entry(*RANGE), id="GHSA-x", aliases=["CVE-1"])
    assert [one.advisory for one in osv.findings(folder, {("thing", "1.3")})] == ["PYSEC-0"]


def test_what_was_withdrawn_or_is_another_ecosystem_s_is_passed_over(stored):
    stored(entry(*RANGE), withdrawn="2026-01-01T00:00:00Z")
    folder = stored(entry(*RANGE, ecosystem="npm"))
    assert osv.findings(folder, {("thing", "1.3")}) == []


def test_a_folder_that_is_no_list_is_refused(tmp_path):
    with pytest.raises(ValueError, match="holds no advisory on a package of Python"):
        osv.findings(tmp_path, LOCKED)


def test_every_pin_can_be_compared(stored):
    """An advisory about all versions of each locked package finds each."""
    folder = stored(*(entry({"introduced": "0"}, name=name) for name in {name for name, _ in LOCKED}))
    assert {one.package for one in osv.findings(folder, LOCKED)} == {name for name, _ in LOCKED}
    assert all(Version(version) for _, version in LOCKED)
