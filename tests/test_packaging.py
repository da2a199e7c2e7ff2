"""The project holds together: pins, imports, paths and the Makefile's targets."""

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from IPython.core.inputtransformer2 import TransformerManager
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import cxlib

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RUN_TIME = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
LOCKS = ["requirements.lock", "requirements-test.lock"]

STATISTICS = {
    "apart",
    "name_words",
    "scores",
    "stated_names",
    "summary",
    "metrics",
    "counts",
    "variance",
    "design",
    "differences",
    "corrections",
    "banner",
    "crosstabs",
    "batteries",
    "benchmark",
    "competitors",
    "inside",
    "tabs",
    "intervals",
    "compare",
    "weights",
    "estimate",
    "iceberg",
    "journey",
    "retention",
    "anchors",
    "cases",
    "complaint_rate",
    "complaint_trend",
    "complaints",
    "control_chart",
    "cost",
    "damage",
    "levers",
    "losses",
    "pooling",
    "predictive",
    "private",
    "recapture",
    "silence",
    "personas",
    "drivers",
    "arms",
    "asymmetry",
    "batches",
    "before_after",
    "binary",
    "cumulative",
    "detectable",
    "diagnostics",
    "hazard",
    "importance",
    "improvement",
    "incomplete",
    "influence",
    "interrupted",
    "linear",
    "marginal",
    "moments",
    "newton",
    "nonresponse",
    "ordinal",
    "partial",
    "performance",
    "proportional",
    "regressions",
    "key_drivers",
    "driver_models",
    "days",
    "declarations",
    "replicates",
    "sandwich",
    "separation",
    "shapley",
    "terms",
    "value",
    "what_if",
    "worth",
    "cohorts",
    "contact_log",
    "contacts",
    "continuum",
    "inactivity",
    "journey_study",
    "latent_classes",
    "lead_model",
    "lead_rules",
    "lead_score",
    "leads",
    "league",
    "league_reasons",
    "league_units",
    "leagues",
    "lifetime",
    "lift",
    "em",
    "mixtures",
    "newcomers",
    "pain_points",
    "path_shapes",
    "paths",
    "people",
    "persona_cards",
    "persona_facts",
    "persona_profiling",
    "placement",
    "pooled_means",
    "pooled_rates",
    "profiles",
    "purchases",
    "ratios",
    "removal",
    "risk_sets",
    "scorecard",
    "segment_cards",
    "segment_number",
    "segment_numbers",
    "segment_stability",
    "segment_variables",
    "segmentation",
    "staying",
    "survival",
    "touchpoint_audit",
    "transitions",
    "unimodal",
    "answer_states",
    "calibration",
    "chance_twins",
    "code_checks",
    "comments",
    "data_quality",
    "duplicates",
    "exclusion_effect",
    "explained",
    "flagged",
    "impossible",
    "keyness",
    "margin_cells",
    "margins",
    "missing_links",
    "missingness",
    "nonsense",
    "phrases",
    "preparing",
    "quality_flags",
    "quotes",
    "raking",
    "raking_group",
    "representation",
    "reweighted",
    "routes",
    "speed",
    "stop_words",
    "straightlining",
    "themes",
    "tokens",
    "two_by_two",
    "verdicts",
    "wave_breaks",
    "wave_wordings",
    "drawn_shares",
    "expected_map",
    "filters",
    "journey_stage",
    "steps",
}
PRESENTATION = {
    "charts",
    "sentences",
    "tables",
    "displays",
    "printed_models",
    "printed_results",
    "printed_tables",
    "results",
    "explore",
    "report",
}
# What a notebook or a chart is made with; statistics have no business with it.
PRESENTATION_LIBRARIES = {
    "matplotlib",
    "seaborn",
    "IPython",
    "ipywidgets",
    "nbformat",
    "nbclient",
    "papermill",
    "jinja2",
    "markdown_it",
}


# Pins


def entries(file):
    """The requirements of a lock or constraints file: text with its continuation lines joined, no comments."""
    text = (ROOT / file).read_text("utf-8").replace("\\\n", " ")
    return [line for line in map(str.strip, text.splitlines()) if line and not line.startswith("#")]


def pins(file):
    """Set of (name, version, marker); a name has several when versions of Python differ."""
    found = set()
    for entry in entries(file):
        requirement = Requirement(entry.split(" --hash=")[0].strip())
        versions = list(requirement.specifier)
        assert [v.operator for v in versions] == ["=="], f"{file}: not pinned: {entry[:80]}"
        found.add((canonicalize_name(requirement.name), versions[0].version, str(requirement.marker or "")))
    assert found, f"{file} pins nothing"
    return found


def versions(file):
    by_name = {}
    for name, version, _ in pins(file):
        by_name.setdefault(name, set()).add(version)
    return by_name


def test_lock_and_constraints_are_the_same_pins():
    assert pins("requirements.lock") == pins("constraints.txt")


def test_test_lock_holds_every_run_time_pin():
    run, test = versions("requirements.lock"), versions("requirements-test.lock")
    assert {name: test.get(name) for name in run} == run


def test_conda_installs_the_same_pins():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pip == ["-c constraints.txt", "-e ."]


def test_conda_python_is_supported():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    assert "pip" in environment["dependencies"]
    (python,) = [e for e in environment["dependencies"] if isinstance(e, str) and e.startswith("python")]
    version = re.fullmatch(r"python\s*[>=]*=\s*([\d.]+)", python)[1]
    assert version in SpecifierSet(PROJECT["project"]["requires-python"])


@pytest.mark.parametrize("file", LOCKS)
def test_every_pin_is_hashed(file):
    lines = entries(file)
    assert lines
    unhashed = [line[:80] for line in lines if not re.search(r" --hash=sha256:[0-9a-f]{64}(\s|$)", line)]
    assert unhashed == []


@pytest.mark.parametrize("file", [*LOCKS, "constraints.txt"])
def test_locks_name_no_place(file):
    """No registry, host, find-links or local path, not even in a comment."""
    place = re.compile(r"https?:|file:|find-links|index-url|trusted-host|\s@\s|(^|[\s=])(\.{0,2}/|~|[A-Za-z]:\\)")
    lines = (ROOT / file).read_text("utf-8").splitlines()
    assert lines
    assert [line for line in lines if place.search(line)] == []


@pytest.mark.parametrize("requirement", RUN_TIME, ids=str)
def test_declared_dependency_is_pinned(requirement):
    pinned = versions("requirements.lock").get(canonicalize_name(requirement.name))
    assert pinned, f"{requirement.name} is declared in pyproject.toml but not in the lock: run `make lock`"
    assert all(version in requirement.specifier for version in pinned)


def test_test_tools_are_pinned():
    pinned = versions("requirements-test.lock")
    tools = [Requirement(line) for line in PROJECT["project"]["optional-dependencies"]["test"]]
    assert tools
    assert [str(r) for r in tools if canonicalize_name(r.name) not in pinned] == []


def test_build_backend_is_pinned():
    """The editable install runs with --no-build-isolation."""
    pinned = versions("requirements.lock")
    for line in PROJECT["build-system"]["requires"]:
        requirement = Requirement(line)
        assert all(version in requirement.specifier for version in pinned[canonicalize_name(requirement.name)])


# Imports


class Imports(ast.NodeVisitor):
    """Every import of a module as (dotted name, imported from it or None, inside a function)."""

    def __init__(self, package):
        self.package, self.found, self.depth = package, [], 0

    def visit_FunctionDef(self, node):
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_If(self, node):
        if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for other in node.orelse:
                self.visit(other)
        else:
            self.generic_visit(node)

    def visit_Import(self, node):
        self.found += [(alias.name, None, self.depth > 0) for alias in node.names]

    def visit_ImportFrom(self, node):
        module = node.module or ""
        if node.level:
            parents = self.package[: len(self.package) - node.level + 1]
            module = ".".join([*parents, *filter(None, [module])])
        self.found += [(module, alias.name, self.depth > 0) for alias in node.names]


@cache
def imports(path):
    """Imports of a module, or of a notebook's code cells."""
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
        # Turns %magics and !commands into calls, so that the rest can be parsed.
        plain = TransformerManager().transform_cell
        text = "\n".join(plain("".join(cell["source"])) for cell in cells)
    visitor = Imports(path.relative_to(ROOT).parent.parts)
    visitor.visit(ast.parse(text, filename=str(path)))
    return visitor.found


def sources(folder, pattern):
    files = sorted(p for p in (ROOT / folder).rglob(pattern) if not {".ipynb_checkpoints", "__pycache__"} & {*p.parts})
    assert files, f"no {pattern} in {folder}/"
    return files


@cache
def providers():
    return {
        module: {canonicalize_name(name) for name in names}
        for module, names in importlib.metadata.packages_distributions().items()
    }


@pytest.mark.parametrize(
    ("folder", "pattern"), [("cxlib", "*.py"), ("data", "*.py"), ("notebooks", "*.ipynb")], ids=lambda value: value
)
def test_imports_are_declared(folder, pattern):
    """An import is stdlib, cxlib or a run-time dependency; inside a function also an extra other than test."""
    declared = {canonicalize_name(r.name) for r in RUN_TIME}
    extras = {
        canonicalize_name(Requirement(line).name)
        for extra, lines in PROJECT["project"]["optional-dependencies"].items()
        if extra != "test"
        for line in lines
    }
    files, undeclared = sources(folder, pattern), []
    seen = 0
    for path in files:
        for module, _, inside in imports(path):
            seen += 1
            top = module.partition(".")[0]
            # A script of data/ may be several files beside each other.
            beside = folder == "data" and path.with_name(f"{top}.py").is_file()
            if top == "cxlib" or top in sys.stdlib_module_names or beside:
                continue
            allowed = declared | extras if inside else declared
            if not providers().get(top, set()) & allowed:
                undeclared.append(f"{path.relative_to(ROOT)}: {top}")
    assert seen
    assert undeclared == []


def module_path(name):
    """File of cxlib.<name>, or None."""
    path = ROOT.joinpath(*name.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file
    return None


def targets(path):
    """Modules of cxlib, and top-level names of other packages, that a file imports."""
    found = set()
    for module, name, _ in imports(path):
        if module.partition(".")[0] != "cxlib":
            found.add(module.partition(".")[0])
        elif name and (module_path(f"{module}.{name}") or (ROOT.joinpath(*module.split(".")) / name).is_dir()):
            found.add(f"{module}.{name}")
        elif name and module == "cxlib":
            # A name that the package hands on: where it comes from is what counts.
            found.add(getattr(getattr(cxlib, name, None), "__module__", None) or f"cxlib.{name}")
        else:
            found.add(module)
    return found


def reached(path):
    """Everything that a file of cxlib imports, directly or through other modules of cxlib."""
    seen, todo = {}, [(path, ())]
    while todo:
        file, way = todo.pop()
        for target in targets(file) - seen.keys():
            seen[target] = (*way, file.relative_to(ROOT).as_posix())
            inner = module_path(target) if target.startswith("cxlib.") else None
            if inner:
                todo.append((inner, seen[target]))
    return seen


def layer(target):
    """cxlib.charts.bars -> charts; for other packages their own name."""
    parts = target.split(".")
    return parts[1] if parts[0] == "cxlib" and len(parts) > 1 else parts[0]


def test_statistics_do_not_know_presentation():
    files = [
        p for p in sources("cxlib", "*.py") if p.relative_to(ROOT / "cxlib").parts[0].removesuffix(".py") in STATISTICS
    ]
    assert {"scores", "counts", "estimate"} <= {
        p.relative_to(ROOT / "cxlib").parts[0].removesuffix(".py") for p in files
    }
    offenders = [
        f"{' -> '.join(way)} -> {target}"
        for path in files
        for target, way in reached(path).items()
        if layer(target) in (PRESENTATION if target.startswith("cxlib") else PRESENTATION_LIBRARIES)
    ]
    assert sorted(set(offenders)) == []


def test_report_does_not_know_statistics():
    offenders = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in sources("cxlib/report", "*.py")
        for target in targets(path)
        if target.startswith("cxlib.") and layer(target) in STATISTICS
    ]
    assert offenders == []


# The folder


def test_no_file_names_somebody_s_home():
    if not shutil.which("git"):
        pytest.skip("git is not installed")
    listing = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=False
    )
    if listing.returncode:
        pytest.skip(f"not a git checkout: {listing.stderr.decode().strip()}")
    files = [ROOT / os.fsdecode(name) for name in listing.stdout.split(b"\0") if name]
    files = [path for path in files if path.is_file()]
    assert ROOT / "pyproject.toml" in files
    home = re.compile(rb"(?<![\w.-])/(?:root|(?:home|Users)/[\w.-]+)/|[A-Za-z]:\\+Users\\+\w")
    found = {path.relative_to(ROOT).as_posix(): home.search(path.read_bytes()) for path in files}
    assert {name: match[0] for name, match in found.items() if match} == {}


def test_make_help_lists_every_target():
    make = shutil.which("make")
    assert make, "make is one of the two things that a fresh clone needs"
    environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    default, listed = (
        subprocess.run(
            [make, "--no-print-directory", *goal], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        ).stdout
        for goal in ([], ["help"])
    )
    assert default == listed
    wanted = ["report", "test", "soak", "bench", "lab", "notebooks", "messages", "lock", "format", "clean", "help"]
    assert re.findall(r"^make (\w+) +\S", listed, re.MULTILINE) == wanted
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)[1].split()
    assert sorted(set(phony) - {"FORCE"}) == sorted(wanted)
