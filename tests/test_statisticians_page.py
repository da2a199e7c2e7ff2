"""The page for statisticians: its table of comparisons against the tests that it names, and its formulas.

Oracles: the source of the tests (names, tolerances), the R scripts (functions, versions), and a parser of TeX.
"""

import ast
import math
import re
from functools import cache

import pytest
from doc_pages import ROOT, headings, section, tables
from matplotlib.mathtext import MathTextParser

PAGE = ROOT / "notebooks/guide/for-statisticians.md"
TEXT = PAGE.read_text(encoding="utf-8")
TOLERANCE = re.compile(r"\b(?:rel|abs|rtol|atol)=\d[\d.e-]*(?! ?\*)")
DEFAULTS = {"approx": 6, "assert_allclose": 7}  # of pytest.approx and numpy.testing.assert_allclose, in digits
(COMPARED,) = [rows[1:] for rows in tables(PAGE) if rows[0][0:2] == ["what", "compared with"]]
(SIMULATED,) = [rows[1:] for rows in tables(PAGE) if rows[0] == ["what", "every day", "long"]]


@cache
def functions(file: str) -> tuple[str, dict]:
    """The text of a file of tests, and its functions by name."""
    text = (ROOT / "tests" / file).read_text(encoding="utf-8")
    return text, {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}


def source(test: str) -> str:
    """A test and every function of its file that it uses."""
    file, _, name = test.strip("`").partition("::")
    text, known = functions(file)
    assert name in known, f"{file} has no test {name}"
    used, todo = [], [name]
    while todo:
        one = todo.pop()
        if one in known and one not in used:
            used.append(one)
            todo += [node.id for node in ast.walk(known[one]) if isinstance(node, ast.Name)]
            todo += [argument.arg for argument in known[one].args.args]
    return "\n".join(ast.get_source_segment(text, known[one]) for one in used)


@pytest.fixture(params=COMPARED, ids=lambda row: row[3].strip("`"))
def row(request):
    return request.param


def test_every_comparison_is_held_to_what_the_page_says(row):
    """All tolerances of the test stand in the row, and the number of digits is that of the tolerance."""
    code, told = source(row[3]), row[4]
    if told == "as printed":
        assert re.search(r"10 ?\*\* ?-", code)
        return
    named = re.findall(r"`([^`]+)`", told)
    for literal in named:
        assert literal in code, literal
    held = set(TOLERANCE.findall(code)) - {"rel=0", "abs=0"}
    assert held <= set(named), held - set(named)
    for number, kind, literals in re.findall(r"(\d+) (digit|decimal)s? \(((?:`[^`]+`(?:, )?)+)\)", told):
        for literal in re.findall(r"`([^`]+)`", literals):
            if literal in DEFAULTS:
                assert (int(number), kind) == (DEFAULTS[literal], "digit")
                continue
            name, _, value = literal.rpartition("=")
            assert int(number) == math.floor(-math.log10(float(value))), literal
            assert kind == ("decimal" if name in ("abs", "atol") else "digit"), literal
    assert sum(len(re.findall("`", part)) // 2 for part in re.findall(r"\(([^)]+)\)", told)) == len(named)


def test_every_oracle_is_the_one_that_the_page_names(row):
    """Versions and functions stand in the R script, whose numbers the test's file reads, or in that file itself."""
    _, oracle, numbers, test, _ = row
    file = test.strip("`").partition("::")[0]
    text, _ = functions(file)
    where = text
    if numbers != "in the test":
        script = ROOT / "tests/reference" / numbers.strip("`")
        where = script.read_text(encoding="utf-8")
        beside = [ROOT / f"tests/{name}.py" for name in re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE)]
        beside.append(ROOT / "tests/conftest.py")
        reads = [text, *(path.read_text(encoding="utf-8") for path in beside if path.is_file())]
        assert any(script.with_suffix(".csv").name in one for one in reads)
    for version in re.findall(r"\b(?:R|survey|psych|survival) \d[\d.]*\d", oracle):
        package, number = version.split()
        assert re.search(rf"\b{package} (?:package )?{re.escape(number)}\b", where), version
    for name in re.findall(r"`([^`]+)`", oracle):
        assert re.search(rf"(?<!\w){re.escape(name)}(?!\w)", where, re.IGNORECASE), name


def test_every_r_script_is_on_the_page():
    scripts = {path.name for path in (ROOT / "tests/reference").glob("*.R")}
    assert scripts == {row[2].strip("`") for row in COMPARED} - {"in the test"}


def test_every_simulation_exists():
    for _, *named in SIMULATED:
        for test in filter(None, named):
            assert source(test)


def test_each_section_has_its_limits():
    compared = {"For statisticians", "What is compared", "What is simulated"}
    names = [text for _, text in headings(PAGE) if text not in compared]
    assert len(names) > 12
    assert [name for name in names if "Limits: " not in section(PAGE, name)] == []


def test_the_functions_that_users_call_are_explained():
    wanted = "nps csat ces tally by_group banner crosstab alpha omega rake complaint_rate silent importance ordinal"
    wanted += " segment survival"
    assert [name for name in wanted.split() if f"`{name}`" not in TEXT] == []


FORMULAS = re.findall(r"\$\$(.+?)\$\$|(?<!\$)\$([^$\n][^$]*?)\$(?!\$)", TEXT, re.DOTALL)


def test_formulas_can_be_read():
    """Each parses as TeX, and holds nothing that Markdown takes for its own before MathJax sees it."""
    assert TEXT.count("$") % 2 == 0
    assert len(FORMULAS) > 40
    parser = MathTextParser("path")
    for block, span in FORMULAS:
        formula = " ".join((block or span).split())
        assert not re.search(r"\\[{}$\\]|\*|<|>", formula), formula
        # What matplotlib's TeX lacks and MathJax has.
        plain = formula.replace(r"\qquad", r"\quad").replace(r"\le ", r"\leq ").replace(r"\ge ", r"\geq ")
        parser.parse(f"${plain}$")


def test_formulas_stand_apart():
    """A block of its own is a paragraph of its own: GitHub and JupyterLab agree on that form."""
    for block in re.finditer(r"^\$\$.*\$\$$", TEXT, re.MULTILINE):
        before, after = TEXT[: block.start()], TEXT[block.end() :]
        assert before.endswith("\n\n"), block[0]
        assert after.startswith("\n\n"), block[0]
    assert len(re.findall(r"\$\$", TEXT)) == 2 * len(re.findall(r"^\$\$.*\$\$$", TEXT, re.MULTILINE))


def test_the_readme_s_number_of_digits_is_the_one_of_the_table():
    words = dict(enumerate(["six", "seven", "eight", "nine", "ten", "eleven", "twelve"], 6))
    (agrees,) = [row[4] for row in COMPARED if row[3].endswith("::test_demo_estimates`")]
    claimed = re.search(r"to (\w+) digits on the demo study", (ROOT / "README.md").read_text(encoding="utf-8"))[1]
    assert claimed == words[int(agrees.split()[0])]
