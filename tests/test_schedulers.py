"""The page for schedulers: what can be run here is run, the rest is held against what is documented of the scheduler.

papermill and cx run as the page writes them, in a folder with the notebooks and a small study. Airflow, Snakemake and
cron are not installed: the DAG is executed with stand-ins for Airflow's classes, whose operator has the signature that
its provider documents; cron's line and the Snakefile are taken apart, and their commands run.
"""

import re
import subprocess
import sys
import types
from datetime import datetime
from pathlib import Path

import pytest
import yaml
from doc_pages import ROOT, fault, fences, section

from cxlib.published import notebook_parameters
from cxlib.report.document import read_chapter

PAGE = ROOT / "notebooks/guide/schedulers.md"
# A survey tool's export is not needed to see that a command works: one chapter runs on complaints alone.
STUDY = """study: acme
title: Acme
sample: census
tables:
  complaints: {file: complaints.csv, complaint: id, complainer: who, when: day, channel: how}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """A folder that looks like the project's to a command: its notebooks, its .venv, and data/acme."""
    folder = tmp_path_factory.mktemp("cx-workbook")
    (folder / "notebooks").symlink_to(ROOT / "notebooks")
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "data/acme").mkdir(parents=True)
    (folder / "reports").mkdir()
    rows = [f"{i},{i % 40},2026-{1 + i % 6:02d}-10,{('shop', 'phone')[i % 2]}" for i in range(60)]
    (folder / "data/acme/complaints.csv").write_text("id,who,day,how\n" + "\n".join(rows) + "\n")
    (folder / "data/acme/study.yml").write_text(STUDY)
    return folder


def block(heading: str, language: str) -> str:
    """The first block of this language under a heading."""
    texts = [fence.text for fence in fences(PAGE, language) if fence.text.rstrip() in section(PAGE, heading)]
    return texts[0]


def run(command: str, folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, timeout=300)


def test_papermill_runs_a_chapter(project):
    """The page's command, on the chapter that this study has."""
    command = block("papermill", "sh").replace("02_survey_analysis", "01_complaint_iceberg")
    command = command.replace("-p wave 2026-H1", "-p channels shop")
    done = run(command, project)
    assert done.returncode == 0, done.stderr
    chapter = read_chapter(project / "out.ipynb")
    assert chapter.name == "complaint_iceberg"
    assert list(chapter.blocks("table"))


def test_the_notebooks_that_papermill_is_given_know_what_they_are_given():
    told = [line for fence in fences(PAGE, "sh") for line in fence.text.splitlines() if "papermill" in line]
    assert len(told) == 4
    assert [why for line in told if (why := fault(line.removeprefix(".venv/bin/")))] == []


def cron_line() -> tuple[list[str], str]:
    """The five fields of the page's line, and its command."""
    (line,) = [line for line in block("cron", "cron").splitlines() if not line.startswith("#")]
    *fields, command = line.split(maxsplit=5)
    return fields, command


def test_cron_s_fields_are_a_monday_morning():
    fields, command = cron_line()
    ranges = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]
    for field, (low, high) in zip(fields, ranges, strict=True):
        assert field == "*" or low <= int(field) <= high, field
    assert fields == ["15", "6", "*", "*", "1"]
    assert "%" not in command, "cron makes a line break of it"


@pytest.fixture(scope="module")
def by_cron(project) -> tuple[str, list[str]]:
    """The command of cx that cron's line ran, with nothing but cron's environment, and the lines of its log.

    One format and one chapter are enough to see that it works.
    """
    command = cron_line()[1].replace("/srv/cx-workbook", str(project))
    command = command.replace("--out reports/acme", "--out reports/acme --format html")
    quick = command.replace("--format html", "--format html --only complaint_iceberg")
    done = subprocess.run(
        ["/bin/sh", "-c", quick], env={"HOME": str(project), "PATH": "/usr/bin:/bin"}, cwd="/", timeout=300
    )
    log = (project / "reports/acme.log").read_text(encoding="utf-8")
    assert done.returncode == 0, log
    return command.partition("&& ")[2].partition(" >>")[0], log.splitlines()


def test_cron_s_command_writes_the_report_and_two_lines_of_log(project, by_cron):
    made, checked = by_cron[1]
    assert made == "reports/acme: 1 chapter in index.html"
    assert checked.startswith("disclosure check: no private columns; ")
    assert (project / "reports/acme/index.html").is_file()


def snakefile() -> dict[str, str]:
    """The commands of the page's Snakefile, by rule."""
    return dict(re.findall(r'^rule (\w+):.*?shell:\s*"([^"\n]+)"', block("Snakemake", "snakemake"), re.M | re.S))


def test_snakemake_s_command_is_the_one_that_makes_its_output(project, by_cron):
    """Wildcards are put in as Snakemake does: Python's format, with the matched names as attributes."""
    text = block("Snakemake", "snakemake")
    (command,) = snakefile().values()
    wildcards = types.SimpleNamespace(study="acme")
    made = command.format(wildcards=wildcards)
    assert fault(made.removeprefix(".venv/bin/")) == ""
    (output,) = re.findall(r'output:\s*"([^"]+)"', text)
    (source,) = re.findall(r'rule report:\s*input:\s*"([^"]+)"', text)
    assert (project / source.format(study="acme")).is_file()
    out = re.search(r"--out (\S+)", made)[1]
    assert output.format(study="acme") == f"{out}/index.html"
    assert f'"{output}"' in text.partition("rule report")[0], "what `rule all` asks for is what the rule makes"
    assert made == by_cron[0], "which has been run"
    assert (project / output.format(study="acme")).is_file()


def test_the_commands_of_cx_stop_at_a_study_that_is_not_sound(project, tmp_path):
    """The page's `check && report`: exit code 1 with the problem, and no report."""
    (tmp_path / "data/acme").mkdir(parents=True)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    (tmp_path / "data/acme/complaints.csv").write_text("id,who,day,how\n1,2,yesterday,shop\n")
    (tmp_path / "data/acme/study.yml").write_text(STUDY)
    command = block("cx report", "sh")
    assert [part.split()[1] for part in command.split(" && ")] == ["check", "report"]
    assert [why for part in command.split(" && ") if (why := fault(part.strip().removeprefix(".venv/bin/")))] == []
    done = run(command, tmp_path)
    assert done.returncode == 1
    assert "yesterday in row 1 of complaints.csv" in done.stdout
    assert not (tmp_path / "reports").exists()


# -- Airflow --------------------------------------------------------------------------------------------------------


@pytest.fixture
def airflow(monkeypatch) -> list:
    """Stand-ins for Airflow's modules; what the DAG makes.

    PapermillOperator takes what the provider documents (apache-airflow-providers-papermill, operators.papermill) and
    task_id of every operator, nothing else.
    """
    made = []

    class PapermillOperator:
        def __init__(
            self,
            *,
            task_id,
            input_nb=None,
            output_nb=None,
            parameters=None,
            kernel_name=None,
            language_name=None,
            kernel_conn_id=None,
            log_output=False,
            nbconvert=False,
            nbconvert_args=None,
        ):
            made.append({name: value for name, value in locals().items() if name != "self" and value})

    class DAG:
        def __init__(self, dag_id, *, schedule=None, start_date=None, catchup=False):
            made.append({"dag_id": dag_id, "schedule": schedule, "start_date": start_date, "catchup": catchup})

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

    modules = {name: types.ModuleType(name) for name in ("airflow", "airflow.providers", "airflow.providers.papermill")}
    modules["airflow"].DAG = DAG
    for name in ("airflow.providers.papermill.operators", "airflow.providers.papermill.operators.papermill"):
        modules[name] = types.ModuleType(name)
    modules["airflow.providers.papermill.operators.papermill"].PapermillOperator = PapermillOperator
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)
    return made


def test_the_dag_is_one_that_airflow_s_operator_takes(airflow):
    exec(compile(block("Airflow", "python"), "dag.py", "exec"), {})
    dag, task = airflow
    assert dag["schedule"].split() == cron_line()[0]
    assert dag["start_date"] <= datetime(2026, 11, 1)
    notebook = ROOT / Path(task["input_nb"]).relative_to("/srv/cx-workbook")
    assert notebook.is_file()
    defaults = notebook_parameters(notebook)
    assert {name: type(value) for name, value in task["parameters"].items()} == {"study": str, "confidence": float}
    assert set(task["parameters"]) <= set(defaults)
    assert "{{ ds }}" in task["output_nb"], "braces are doubled twice in an f-string"
    assert task["kernel_name"] == "python3"


def test_the_stand_in_refuses_what_the_operator_does_not_take(airflow):
    text = block("Airflow", "python").replace("input_nb", "input_notebook")
    with pytest.raises(TypeError, match="input_notebook"):
        exec(compile(text, "dag.py", "exec"), {})


# -- GitHub Actions ---------------------------------------------------------------------------------------------------


def test_the_workflow_runs_make(project):
    flow = yaml.safe_load(block("GitHub Actions", "yaml"))
    assert flow[True]["schedule"] == [{"cron": " ".join(cron_line()[0])}], "YAML reads the key `on` as true"
    (steps,) = [job["steps"] for job in flow["jobs"].values()]
    (command,) = [step["run"] for step in steps if "run" in step]
    assert fault(command) == ""
    assert fault("cx report data/demo " + re.search(r'ARGS="([^"]*)"', command)[1]) == ""
    (kept,) = [step["with"]["path"] for step in steps if "upload-artifact" in step.get("uses", "")]
    assert kept == "reports/" + re.search(r"STUDY=data/(\w+)", command)[1]
