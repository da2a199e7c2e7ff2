"""A program behind `unshare -rm`: reports on a disk that is full at different stages of a run; a line of JSON for each.

full_disk.py FOLDER target|temporary ROOM... : the bytes of room that a run finds at its target, or in the folder for
temporary files. After each the disk grows, and the next run must succeed.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from faults import arguments, confidence, environment, ran, study

PLENTY = 64 << 20


def mount(folder: Path, size: int, *how: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join([f"size={size}", *how]), "none", str(folder)], check=True)


def used(folder: Path) -> int:
    about = os.statvfs(folder)
    return (about.f_blocks - about.f_bfree) * about.f_frsize


def main() -> None:
    folder, kind, rooms = Path(sys.argv[1]), sys.argv[2], list(map(int, sys.argv[3:]))
    where, env = study(folder / "study"), environment(folder)
    disk = folder / ("r" if kind == "target" else "tmp")
    disk.mkdir(exist_ok=True)
    mount(disk, PLENTY)
    out, new = folder / "r" / "tiny", 0.9
    assert ran(*arguments(where, out, new), env=env).returncode == 0
    for number, room in enumerate(rooms, 1):
        old, new = new, 0.9 + number / 1000
        mount(disk, max(used(disk) + room, 4096), "remount")  # of none at all, tmpfs makes no limit
        done = ran(*arguments(where, out, new), env=env)
        left = confidence(out)
        assert left in (old, new), left
        mount(disk, PLENTY, "remount")
        after = ran(*arguments(where, out, new), env=env)
        assert (after.returncode, confidence(out)) == (0, new), after.stderr
        beside = [path.name for path in (*out.parent.iterdir(), *(folder / "tmp").iterdir())]
        assert beside == ["tiny"], beside
        print(json.dumps({"room": room, "code": done.returncode, "told": done.stderr, "new": left == new}), flush=True)


if __name__ == "__main__":
    main()
