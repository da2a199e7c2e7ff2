"""Which licences the packages have that are installed at run time: the guide's page of them, written by `make lock`.

Metadata name a licence in three ways, the older of them loosely; where they do not say which, its text does. A package
that is locked for another system or another Python, and so not there to be asked, is told as its own metadata told.
"""

import re
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from cxlib.places import ROOT

PAGE = ROOT / "notebooks" / "guide" / "dependencies.md"
PINS = ROOT / "constraints.txt"
# What metadata write for a licence, by SPDX's name of it.
SAID = {
    "Apache-2.0": ("apache 2.0", "apache license, version 2.0", "apache software license"),
    "BSD-3-Clause AND Apache-2.0": ("bsd-3-clause, apache-2.0, dependency licenses",),
    "BSD-2-Clause": ("bsd 2-clause license", "2-clause bsd"),
    "BSD-3-Clause": ("bsd 3-clause license",),
    "ISC": ("isc license", "isc license (iscl)"),
    "MIT": ("mit license",),
    "MPL-2.0": ("mozilla public license 2.0 (mpl 2.0)",),
    "MPL-2.0 AND MIT": (),
    "PSF-2.0": ("psfl", "python software foundation license"),
}
NAMES = {word: name for name, words in SAID.items() for word in (name.casefold(), *words)}
# Words of licences by which their texts are known, the narrower first.
_BSD = "Redistribution and use in source and binary forms"
TEXTS = {
    "BSD-3-Clause": rf"{_BSD}.*(?:Neither the name|may not be used to endorse)",
    "BSD-2-Clause": _BSD,
    "MIT": r"Permission is hereby granted, free of charge, to any person obtaining",
}
# Locked for other systems or other versions of Python: what the metadata of their own files say.
ELSEWHERE = {
    "aiohappyeyeballs": "PSF-2.0", "aiohttp": "Apache-2.0 AND MIT", "aiosignal": "Apache-2.0",
    "appnope": "BSD-2-Clause", "colorama": "BSD-3-Clause", "frozenlist": "Apache-2.0", "multidict": "Apache-2.0",
    "propcache": "Apache-2.0", "pywinpty": "MIT", "yarl": "Apache-2.0",
}  # fmt: skip
# Copyleft of single files, which reaches nothing beside them: allowed for these packages, unchanged as they are.
ALLOWED = {"certifi": "MPL-2.0", "fqdn": "MPL-2.0", "tqdm": "MPL-2.0 AND MIT"}
# What packages bring along under a copyleft licence, as their own licence files say, and why it does not reach further.
PARTS = {
    "numpy": ("libgfortran, libquadmath", "GPL-3.0-or-later WITH GCC-exception-3.1, LGPL-2.1-or-later",
              "libraries of the compiler, in files of their own that can be replaced; the exception leaves programs "
              "that use them free"),
    "scipy": ("libgfortran, libquadmath", "GPL-3.0-or-later WITH GCC-exception-3.1, LGPL-2.1-or-later",
              "as with numpy"),
    "scikit-learn": ("libgomp", "GPL-3.0-or-later WITH GCC-exception-3.1", "as with numpy"),
    "pypdfium2": ("libgcc and libstdc++ (with musl only), build scripts of ICU",
                  "GPL-3.0-or-later WITH GCC-exception-3.1, GPL with Autoconf's exception",
                  "as with numpy; the scripts are not in the package"),
    "pyzmq": ("libzmq", "MPL-2.0", "a library in a file of its own"),
    "matplotlib": ("FreeType", "FTL OR GPL-2.0-or-later", "a choice, of which the first is taken"),
    "lxml": ("iconv", "LGPL-2.1", "named for its wheels, unchanged"),
    "pillow": ("build files of liblzma", "GPL-2.0, GPL-3.0, LGPL-2.1",
               "the text tells of parts of XZ Utils that are not in the package; liblzma itself is not copyleft"),
    "duckdb": ("a list of Spark's files", "LGPL", "the text names a file of Spark that is not in the package"),
    "debugpy": ("pydevd", "EPL-1.0", "the debugger of notebooks, unchanged"),
    "jupyterlab": ("elkjs, DOMPurify", "EPL-2.0, MPL-2.0 OR Apache-2.0", "scripts of the lab's page, in no report"),
    "setuptools": ("autocommand, validate-pyproject", "LGPL-3.0, MPL-2.0",
                   "builds the project when it is installed; nothing of it runs in a report"),
}  # fmt: skip
_PIN = re.compile(r"(?P<name>[\w.-]+)==(?P<version>\S+)(?: ; (?P<marker>.+))?")


@dataclass(frozen=True)
class Pin:
    """A package that is locked at a version, and the marker of where it is installed ("" for everywhere)."""

    name: str
    version: str
    marker: str


def pins() -> list[Pin]:
    """All that is locked for run time, in the order of constraints.txt."""
    lines = PINS.read_text(encoding="utf-8").splitlines()
    return [Pin(m["name"], m["version"], m["marker"] or "") for line in lines if (m := _PIN.fullmatch(line.strip()))]


def licence(name: str) -> str:
    """A package's licence as an SPDX expression, "" where it cannot be told.

    From its metadata: License-Expression, else the first line of License, else a classifier, else a licence's text.
    """
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return ELSEWHERE.get(name, "")
    about = found.metadata
    if expression := about.get("License-Expression"):
        return expression
    classified = [line.rpartition(" :: ")[2] for line in about.get_all("Classifier") or [] if "License ::" in line]
    for said in (about.get("License", "").strip().partition("\n")[0], *classified):
        if said.casefold() in NAMES:
            return NAMES[said.casefold()]
    text = "\n".join([about.get("License", ""), *texts(name).values()])
    return next((known for known, words in TEXTS.items() if re.search(words, text, re.DOTALL)), "")


def texts(name: str) -> dict[str, str]:
    """The licence files that an installed package brings, by their paths in it."""
    named = re.compile(r"(?:^|/)(?:licen[cs]es?/|[^/]*(?:licen[cs]e|copying|notice)[^/]*$)", re.IGNORECASE)
    files = [file for file in metadata.distribution(name).files or [] if named.search(file.as_posix())]
    plain = [file for file in files if file.suffix not in (".py", ".pyc", ".pyi", ".js", ".map")]
    here = {file.as_posix(): Path(file.locate()) for file in plain}  # some are in an older encoding than UTF-8
    return {name: path.read_text(encoding="utf-8", errors="replace") for name, path in here.items() if path.is_file()}


def page() -> str:
    """The page of licences, in Markdown."""
    listed = pins()
    rows = "\n".join(f"| {p.name} | {p.version} | {licence(p.name)} | {_where(p.marker)} |" for p in listed)
    parts = "\n".join(f"| {name} | {part} | {under} | {why} |" for name, (part, under, why) in PARTS.items())
    weak = ", ".join(f"{name} ({under})" for name, under in ALLOWED.items())
    return f"""# What is installed, and under which licence

`make lock` writes this page from the lock and from what the packages say of themselves; `tests/test_licences.py` fails
when the two differ, and when a copyleft licence (GPL, LGPL, AGPL, EUPL and their like) comes in with a new version.

Every package at run time has a permissive licence, but for {weak}.
The MPL asks that changed files of these packages be published; it reaches no file beside them, and none of theirs is
changed here. The extras `spark` and `cluster` and the tools of the tests are not on this page.

## Packages

| package | version | licence | only where |
|---|---|---|---|
{rows}

## Parts of packages under other licences

A package may bring libraries that have licences of their own. These are the copyleft ones that the packages' licence
files tell of.

| package | part | licence | why it does not reach further |
|---|---|---|---|
{parts}
"""


def _where(marker: str) -> str:
    """A marker of the lock as a cell of a table."""
    return f"`{marker}`".replace("|", "\\|") if marker else ""


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(pins())} packages")
