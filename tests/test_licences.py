"""The licences of all that is installed at run time: told on a page, known, and none of them copyleft.

Oracles: the lock; SPDX's grammar of licence expressions; the licence files that the packages bring.
"""

import re
from importlib import metadata

import pytest
from doc_pages import tables
from packaging.licenses import canonicalize_license_expression

from cxlib import licences
from cxlib.licences import ALLOWED, ELSEWHERE, PAGE, PARTS, licence, page, pins, texts

COPYLEFT = re.compile(
    r"(?:[AL]?GPL|EUPL|MPL|EPL|CDDL|CPL|OSL|SSPL|CECILL|QPL|MS-RL|RPL|SLEEPYCAT|CC-BY-(?:NC-)?SA)(?:-|$)", re.IGNORECASE
)
TITLES = re.compile(
    r"GNU (?:Lesser |Affero |Library )?General Public|\b[AL]GPL|License: .*\bGPL|Mozilla Public|Eclipse Public|"
    r"Common Development and Dist|European Union Public|Server Side Public|\b[EM]PL-\d|EUPL",
    re.IGNORECASE,
)
# A sentence of Python's own licence about an old version of it.
PYTHON_S = re.compile(r"Python 1\.6\.1 that incorporate.*?General Public License \(GPL\)", re.DOTALL)
INSTALLED = [p for p in pins() if p.name not in ELSEWHERE]


def choices(expression: str) -> set[frozenset[str]]:
    """The licences that one takes upon oneself by an SPDX expression: a set of them for each choice that OR leaves."""
    words = re.findall(r"[()]|[^\s()]+", expression)

    def either() -> set[frozenset[str]]:
        found = every()
        while words and words[0] == "OR":
            words.pop(0)
            found |= every()
        return found

    def every() -> set[frozenset[str]]:
        found = one()
        while words and words[0] == "AND":
            words.pop(0)
            others = one()
            found = {this | that for this in found for that in others}
        return found

    def one() -> set[frozenset[str]]:
        if words[0] == "(":
            words.pop(0)
            found = either()
            assert words.pop(0) == ")"
            return found
        name = words.pop(0)
        if words and words[0] == "WITH":
            name = f"{name} WITH {words[1]}"
            del words[:2]
        return {frozenset({name})}

    found = either()
    assert words == []
    return found


def copyleft(expression: str) -> set[str]:
    """The copyleft licences that no choice avoids, of the choice with the fewest of them."""
    bound = [{name for name in choice if COPYLEFT.match(name)} for choice in choices(expression)]
    return min(bound, key=lambda names: (len(names), sorted(names)))


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("MIT", set()),
        ("MIT AND GPL-3.0-only", {"GPL-3.0-only"}),
        ("MIT OR GPL-3.0-only", set()),
        ("GPL-2.0-or-later OR LGPL-2.1-only AND MIT", {"GPL-2.0-or-later"}),  # AND binds closer than OR
        ("(MIT OR GPL-2.0-only) AND (BSD-3-Clause OR AGPL-3.0-only)", set()),
        ("(MIT OR GPL-2.0-only) AND EUPL-1.2", {"EUPL-1.2"}),
        ("GPL-3.0-or-later WITH GCC-exception-3.1", {"GPL-3.0-or-later WITH GCC-exception-3.1"}),
        ("MPL-2.0 AND MIT", {"MPL-2.0"}),
        ("Apache-2.0 AND Zlib AND CC0-1.0 AND 0BSD AND MIT-CMU AND PSF-2.0 AND MPLUS", set()),
    ],
)
def test_expressions_are_understood(expression, wanted):
    assert copyleft(expression) == wanted


def test_every_package_tells_a_licence_that_spdx_knows():
    for pin in pins():
        found = licence(pin.name)
        assert found, f"{pin.name}: no licence can be told; say in cxlib/licences.py what its files say"
        assert canonicalize_license_expression(found) == found


def test_nothing_copyleft_is_at_run_time_but_what_is_allowed_by_name():
    found = {pin.name: licence(pin.name) for pin in pins() if copyleft(licence(pin.name))}
    assert found == ALLOWED
    assert all(copyleft(expression) == {"MPL-2.0"} for expression in ALLOWED.values())


def test_parts_under_other_licences_are_told_by_name():
    """Whatever a licence file of a package names of copyleft stands on the page, and nothing that is there no more."""
    found = {p.name: PYTHON_S.sub("", "\n".join(texts(p.name).values())) for p in INSTALLED}
    named = {name for name, text in found.items() if TITLES.search(text)}
    assert named - set(ALLOWED) == set(PARTS)


def test_only_what_is_for_other_systems_or_pythons_is_told_by_hand():
    there = {name for name in ELSEWHERE if next(metadata.Distribution.discover(name=name), None)}
    assert there <= {p.name for p in pins() if p.marker}
    assert {p.name for p in pins() if not p.marker} & set(ELSEWHERE) == set()
    assert set(ELSEWHERE) <= {p.name for p in pins()}


def test_the_page_is_the_lock_s():
    """Names, versions and markers, whatever is installed here; the licences too, where the lock is."""
    listed = next(table for table in tables(PAGE) if table[0][0] == "package" and "version" in table[0])[1:]
    assert [(row[0], row[1], row[3].strip("`")) for row in listed] == [(p.name, p.version, p.marker) for p in pins()]
    versions = {}
    for pin in INSTALLED:
        versions.setdefault(pin.name, set()).add(pin.version)
    other = [name for name, locked in versions.items() if metadata.version(name) not in locked]
    if other:
        pytest.skip(f"not the lock's versions are installed here: {', '.join(other)}")
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make lock`, or python -m cxlib.licences"


class TestMetadata:
    @pytest.mark.parametrize(
        ("lines", "text", "wanted"),
        [
            ("License-Expression: MIT OR Apache-2.0\nLicense: GPL", "", "MIT OR Apache-2.0"),
            ("License: Apache 2.0", "", "Apache-2.0"),
            ("License: BSD\nClassifier: License :: OSI Approved :: ISC License (ISCL)", "", "ISC"),
            ("Classifier: License :: OSI Approved :: BSD License", "Redistribution and use in source and binary forms,"
             " with\nor without …\n* Neither the name of", "BSD-3-Clause"),
            ("License: BSD", "Redistribution and use in source and binary forms, with", "BSD-2-Clause"),
            ("Summary: of no licence", "All rights reserved.", ""),
        ],
        ids=["expression", "field", "classifier", "text of three clauses", "text of two", "none"],
    )  # fmt: skip
    def test_a_licence_is_told_by_the_first_that_says_which(self, tmp_path, monkeypatch, lines, text, wanted):
        folder = tmp_path / "thing-1.0.dist-info"
        (folder / "licenses").mkdir(parents=True)
        (folder / "licenses" / "LICENSE").write_text(text, encoding="utf-8")
        (folder / "METADATA").write_text(f"Metadata-Version: 2.4\nName: thing\nVersion: 1.0\n{lines}\n")
        (folder / "RECORD").write_text("thing-1.0.dist-info/licenses/LICENSE,,\n")
        monkeypatch.setattr(licences.metadata, "distribution", lambda name: metadata.PathDistribution(folder))
        assert licence("thing") == wanted
