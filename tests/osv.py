"""Advisories in the OSV format (osv.dev/docs, one JSON file each) held against what is locked; no network is asked.

A list of them is a folder of such files, as osv.dev publishes them for an ecosystem; files of others are passed over.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version


@dataclass(frozen=True)
class Finding:
    """A locked version that an advisory is about, and the versions that mend it, where it names any."""

    advisory: str
    package: str
    version: str
    summary: str
    mended: tuple[str, ...]

    def __str__(self) -> str:
        mended = f"; mended in {', '.join(self.mended)}" if self.mended else ""
        return f"{self.package} {self.version}: {self.advisory}: {self.summary}{mended}"


def findings(folder: Path, pins: set[tuple[str, str]]) -> list[Finding]:
    """What the advisories of a folder say of packages at versions; an advisory and its aliases count once.

    Raises ValueError for a folder without an advisory on a package of Python: that is no list, and says nothing.
    """
    found: dict[tuple[str, str, str], Finding] = {}
    same: dict[str, str] = {}
    seen = 0
    for path in sorted(folder.rglob("*.json")):
        about = json.loads(path.read_text(encoding="utf-8"))
        affected = [one for one in about.get("affected", []) if one.get("package", {}).get("ecosystem") == "PyPI"]
        seen += bool(affected)
        if not affected or about.get("withdrawn"):
            continue
        name = next((same[one] for one in (about["id"], *about.get("aliases", [])) if one in same), about["id"])
        same |= dict.fromkeys((about["id"], *about.get("aliases", [])), name)
        for one in affected:
            package = canonicalize_name(one["package"]["name"])
            for _, version in sorted(pin for pin in pins if pin[0] == package):
                if touches(one, version):
                    told = about.get("summary") or about.get("details", "").partition("\n")[0]
                    found.setdefault(
                        (name, package, version), Finding(about["id"], package, version, told, mended(one))
                    )
    if not seen:
        raise ValueError(f"{folder}: holds no advisory on a package of Python (JSON files in the OSV format)")
    return list(found.values())


def touches(affected: dict, version: str) -> bool:
    """Whether an entry of `affected` is about a version: it is listed, or in a range of the ecosystem's versions."""
    this = Version(version)
    listed = {one for one in map(_version, affected.get("versions", [])) if one is not None}
    ranges = [one["events"] for one in affected.get("ranges", []) if one["type"] in ("ECOSYSTEM", "SEMVER")]
    return this in listed or any(_within(events, this) for events in ranges)


def _within(events: list[dict], this: Version) -> bool:
    """OSV's own rule: in the order of versions, `introduced` turns it on, `fixed` and what is after the last off."""
    order = {"introduced": 0, "fixed": 1, "last_affected": 2, "limit": 3}
    steps = []
    for event in events:
        ((kind, text),) = event.items()
        version = Version("0.dev0") if text == "0" else _version(text)
        if version is not None and text != "*":
            steps.append((version, order[kind], kind))
    inside = False
    for version, _, kind in sorted(steps):
        if kind == "introduced" and this >= version:
            inside = True
        elif (kind in ("fixed", "limit") and this >= version) or (kind == "last_affected" and this > version):
            inside = False
    return inside


def mended(affected: dict) -> tuple[str, ...]:
    """The versions in which an entry says that it is mended."""
    ranges = [one["events"] for one in affected.get("ranges", []) if one["type"] in ("ECOSYSTEM", "SEMVER")]
    return tuple(event["fixed"] for events in ranges for event in events if "fixed" in event)


def _version(text: str) -> Version | None:
    """A version; None for what Python does not take for one, which nothing locked can be."""
    try:
        return Version(text)
    except InvalidVersion:
        return None
