"""The same report made under other circumstances: what circumstances there are, and which files then differ."""

import locale
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIMES = {"ro-crate-metadata.json"}  # clock times stand there and nowhere else
COMMAND = "import os, sys; os.umask(int(sys.argv.pop(1), 8)); sys.argv[0] = 'cx'; from cxlib.cli import main; main()"
NEW_PROCESSORS = "AVX512F AVX512CD AVX512_SKX"  # numpy passes over what a processor does not have
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
TWO_THREADS = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
# As plain as can be, and what all others are held against.
PLAIN = {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"} | ONE_THREAD
# Name -> workers, umask, environment.
CIRCUMSTANCES = {
    "other seed, locale C, Saigon, two workers, two threads": (
        2, "077", {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Ho_Chi_Minh", "MPLBACKEND": "pdf"} | TWO_THREADS,
    ),
    "random seed, Vietnamese locale where there, New York, cold kernels": (
        2, "022", {"PYTHONHASHSEED": "random", "LC_ALL": "vi_VN.UTF-8", "TZ": "America/New_York", "CX_KERNELS": "cold"},
    ),
    "a processor of 2013": (
        2, "022", {"OPENBLAS_CORETYPE": "Haswell", "NPY_DISABLE_CPU_FEATURES": NEW_PROCESSORS} | ONE_THREAD,
    ),
    "a processor of 2008": (
        1, "022", {"OPENBLAS_CORETYPE": "Nehalem", "NPY_DISABLE_CPU_FEATURES": f"AVX2 FMA3 {NEW_PROCESSORS}"}
        | ONE_THREAD,
    ),
}  # fmt: skip
NAMED = {"PYTHONHASHSEED", "LC_ALL", "LANG", "TZ", "MPLBACKEND", "CX_KERNELS", "OPENBLAS_CORETYPE",
         "NPY_DISABLE_CPU_FEATURES", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}  # fmt: skip


def report(out: Path, *options: str, workers: int, umask: str, environment: dict[str, str], folder: Path) -> None:
    """Make the demo's report in a process of its own, called from a folder."""
    around = {name: value for name, value in os.environ.items() if name not in NAMED}
    command = [sys.executable, "-c", COMMAND, umask, "report", "data/demo", "--no-cache", "--workers", str(workers)]
    done = subprocess.run(
        [*command, "--out", str(out), *options], cwd=folder, env=around | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]


def differences(one: Path, other: Path) -> list[str]:
    """The files that two reports do not have alike, each with the first line that differs."""
    ours, theirs = (
        {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (one, other)
    )
    found = []
    for name in sorted((ours.keys() | theirs.keys()) - TIMES):
        a, b = ours.get(name), theirs.get(name)
        if a != b:
            lines = zip((a or b"").splitlines(), (b or b"").splitlines(), strict=False)
            first = next(((x[:200], y[:200]) for x, y in lines if x != y), (b"", b""))
            found.append(f"{name}: {first[0]!r} | {first[1]!r}")
    return found


def vietnamese() -> bool:
    """Whether the system knows the Vietnamese locale."""
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, "vi_VN.UTF-8")
    except locale.Error:
        return False
    finally:
        locale.setlocale(locale.LC_ALL, before)
    return True
