"""Which code made a report: the commit, and what has been changed since, as git tells them."""

import hashlib
import os
import subprocess
from dataclasses import dataclass

from cxlib.places import ROOT, sha256

CODE = ("cxlib", "notebooks", "pyproject.toml", "requirements.lock")  # what a report is made by
PATIENCE = 10  # seconds that git may take


@dataclass(frozen=True)
class CodeVersion:
    """The commit and its description by tags; whether its code was changed since, and the SHA-256 of the difference.

    All are None where git or its records are not there, as in an archive of the sources.
    """

    commit: str | None = None
    described: str | None = None
    changed: bool | None = None
    difference: str | None = None


def code_version() -> CodeVersion:
    """The version of this code."""
    if not (ROOT / ".git").exists():  # a folder above may have records, of something else
        return CodeVersion()
    try:
        commit = _git("rev-parse", "HEAD").decode().strip()
        described = _git("describe", "--always", "--tags", commit).decode().strip()
        difference = _difference()
    except (OSError, subprocess.SubprocessError):
        return CodeVersion()
    return CodeVersion(commit, described, bool(difference), difference or None)


def _difference() -> str:
    """The SHA-256 of all that is not in the commit: changes, and new files that git is not told to ignore; empty where
    there is nothing."""
    changes = _git(
        "diff", "HEAD", "--binary", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames", "--", *CODE
    )
    names = _git("ls-files", "--others", "--exclude-standard", "-z", "--", *CODE).decode(errors="surrogateescape")
    new = sorted(filter(None, names.split("\0")))
    if not changes and not new:
        return ""
    digest = hashlib.sha256(changes)
    for name in new:
        digest.update(f"{name}\0{sha256(ROOT / name)}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def _git(*arguments: str) -> bytes:
    """What a git command prints, in this project and nowhere else, changing nothing."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=PATIENCE
    ).stdout
