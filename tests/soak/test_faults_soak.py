"""Reports under faults, in full: kills, full disks, closed folders, odd clocks, places and names. Prints figures."""

import json
import os
import shlex
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from exchanges import BEFORE, MEANS, killed_at_steps
from faults import (
    APART,
    CLOCK,
    LATE,
    ROOT,
    Killed,
    Kills,
    arguments,
    confidence,
    environment,
    mounts,
    ran,
    spread,
    study,
)

pytestmark = [pytest.mark.soak, pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up on Linux")]

KILLS, LANES = 200, 4


def test_two_hundred_kills_leave_the_old_report_or_the_new_one(tmp_path):
    def lane(number: int) -> list:
        kills = Kills(tmp_path / str(number), number)
        some: list[Killed] = []
        while sum(killed.where != LATE for killed in some) < KILLS // LANES:
            some.append(kills.kill())
        return some

    with ThreadPoolExecutor(LANES) as lanes:
        runs = [killed for some in lanes.map(lane, range(LANES)) for killed in some]
    found = [killed for killed in runs if killed.where != LATE]
    where = Counter(killed.where for killed in found)
    left = Counter(killed.left for killed in found)
    print(f"\n{len(found)} kills of a report (and {len(runs) - len(found)} that came when it had ended by itself):")
    for name, number in where.most_common():
        print(f"  {number:4} {name}")
    print(f"  then there was the old report {left['the old']} times, the new one {left['the new']} times, no other")
    reused = sum(killed.reused for killed in found)
    print(f"  the next run made the report {len(found)} times; {reused} times it reused the chapter of the killed one")
    print("  0 damaged or mixed reports, 0 lost, 0 tracebacks, 0 processes left after 10 s, 0 leftovers")
    assert len(found) == KILLS


def test_killed_at_every_single_step_of_the_exchange(tmp_path):
    print()
    for means in MEANS:
        for before in BEFORE:
            kills = killed_at_steps(tmp_path / f"{means} {before}", means, before, every=1)
            print(f"{kills:4} kills, one at each step of putting a report in the place of {before}, by {means}")


@pytest.fixture(scope="module")
def mounted():
    if why := mounts():
        pytest.skip(f"no file system can be mounted for the test: {why}")


@pytest.mark.usefixtures("mounted")
@pytest.mark.parametrize("kind", ["target", "temporary"])
def test_full_disks(tmp_path, kind):
    """From no room at all to more than a report needs; the room for temporary files is that of the kernels, too."""
    rooms = [0, 4096, 16384, 65536, 131072, 262144, 524288, 1 << 20, 3 << 20]
    command = [*APART, sys.executable, str(ROOT / "tests" / "full_disk.py"), str(tmp_path), kind, *map(str, rooms)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    print(f"\na full disk ({kind}):")
    for one in map(json.loads, done.stdout.splitlines()):
        assert one["told"].startswith("cx: ") or one["code"] == 0, one["told"]
        assert one["told"].count("\n") == one["code"], one["told"]
        told = one["told"].strip() or "the new report"
        print(f"  {one['room']:9,} bytes of room: exit code {one['code']}: {told.replace(str(tmp_path), 'DIR')}")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A report made in a plain place, in every format: every file but the crate is what it must be elsewhere, too."""
    folder = tmp_path_factory.mktemp("plain")
    out = folder / "r" / "tiny"
    done = ran(*arguments(study(folder / "study"), out, 0.9, FORMATS), env=environment(folder))
    assert done.returncode == 0, done.stderr
    return files(out)


FORMATS = "html,pdf,pptx,xlsx"
ODD = {
    "locale C": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "a locale that is not there": {"LC_ALL": "xx_XX.UTF-8"},
    "another time zone": {"TZ": "Pacific/Apia"},
    "a time zone that is none": {"TZ": "No/Where"},
    "a clock that goes backwards": {"CLOCK": "1"},
    "no fonts and an empty home": {"HIDDEN": "/usr/share/fonts /usr/local/share/fonts", "HOME": "HOME"},
    "Windows line ends": {"NEWLINE": "\r\n"},
}
NAMES = [
    "a b",
    "Khảo sát Huế",
    "it's",
    'the "best"',
    "$HOME `x` ;&|",
    "100%",
    "-dash",
    "tab\there",
    "*?[x]",
]


def files(out: Path) -> dict[str, str]:
    return {name: digest for name, digest in spread(out).items() if name != "ro-crate-metadata.json"}


@pytest.mark.parametrize("what", ODD)
def test_odd_surroundings_change_nothing(tmp_path, plain, what):
    more = dict(ODD[what])
    where = study(tmp_path / "study", newline=more.pop("NEWLINE", "\n"))
    hidden = more.pop("HIDDEN", "")
    if "HOME" in more:
        more["HOME"] = str(tmp_path / "home")
        (tmp_path / "home").mkdir()
    env = environment(tmp_path, **more)
    if more.pop("CLOCK", ""):
        (tmp_path / "sitecustomize.py").write_text(CLOCK)
        env["PYTHONPATH"] = f"{tmp_path}:{ROOT}"
        for path in (*where.iterdir(), where):
            os.utime(path, (time.time() + 10**8,) * 2)
    before = ()
    if hidden and mounts():
        pytest.skip(f"fonts cannot be hidden: {mounts()}")
    if hidden:
        there = [folder for folder in hidden.split() if Path(folder).is_dir()]
        script = "".join(f"mount -t tmpfs none {shlex.quote(folder)} && " for folder in there) + 'exec "$@"'
        before = (*APART, "sh", "-c", script, "sh")
    out = tmp_path / "r" / "tiny"
    done = ran(*arguments(where, out, 0.9, FORMATS), env=env, before=before)
    assert (done.returncode, done.stderr) == (0, "")
    assert confidence(out) == 0.9
    same = {name for name, digest in files(out).items() if plain.get(name) == digest}
    other = set(files(out)) ^ set(plain) | (set(plain) - same)
    print(f"\n{what}: {len(same)} of {len(plain)} files are the same, byte by byte")
    assert not other or what == "Windows line ends"  # there the study's own fingerprints stand in the report


@pytest.mark.parametrize("name", NAMES)
def test_odd_names_of_folders_change_nothing(tmp_path, plain, name):
    folder = tmp_path / name
    where, out = study(folder / "study"), folder / f"r {name}" / "tiny"
    done = ran(*arguments(where, out, 0.9, FORMATS), env=environment(tmp_path / "own"), cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert files(out) == plain
    print(f"\na study, a target and a folder with {name!r} in its name: all {len(plain)} files the same")
