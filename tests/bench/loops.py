"""Reports of branches as the command makes them, and what they are held against: a plain loop of papermill.

Each is called in a process of its own, so that the start of Python, imports and the server of kernels count. Nothing is
kept from run to run.
"""

import os
from pathlib import Path

STUDY = "data/demo"
COLUMN = "shop"
COMPLAINTS = ("survey_analysis", "complaint_iceberg")
# Papermill as it comes; kernels only do not warn of their ports on the terminal.
PLAIN = {"progress_bar": False, "extra_arguments": ["--IPKernelApp.log_level=50"]}

os.environ.setdefault("JUPYTER_PREFER_ENV_PATH", "1")  # the kernel python3 is this environment's, as in a report


def branches(many: int) -> list[str]:
    """The first shops of the demo study."""
    from cxlib import Study, parts

    return [value for value, _, _ in parts.values(Study.load(STUDY), COLUMN)[:many]]


def reports(many: int, chapters: list[str], folder: str, workers: int) -> None:
    """A report for each of the first shops, as `cx report data/demo --each shop --format html --no-cache` makes it."""
    from cxlib.places import study_file
    from cxlib.report.plan import make_plan, of_part
    from cxlib.report.run import Report, make, prepare
    from cxlib.study_yml import read_codebook

    prepare(workers)
    values = branches(many)
    plan, _ = make_plan(STUDY, part=f"{COLUMN}: {values[0]}", only=chapters)
    whole = read_codebook(study_file(STUDY))
    made = [
        Report(*of_part(plan, whole, f"{COLUMN}: {value}"), Path(folder) / value, formats=("html",)) for value in values
    ]
    make(made, workers=workers, keep=False)
    for report in made:
        if report.error is not None:  # what is not made is made in no time
            raise report.error


def plain(values: list[str], chapters: list[str], folder: str) -> None:
    """The same notebooks with the same parameters by papermill, with its default kernel, one after another."""
    import papermill

    from cxlib.report.plan import NOTEBOOKS, make_plan

    for value in values:
        out = Path(folder) / value
        out.mkdir(parents=True)
        plan, _ = make_plan(STUDY, part=f"{COLUMN}: {value}", only=chapters)
        for planned in plan.chapters:
            given = planned.parameters | ({"chapters": str(out)} if "chapters" in planned.parameters else {})
            papermill.execute_notebook(NOTEBOOKS / planned.notebook, out / planned.notebook, given, **PLAIN)


def with_nbconvert(folder: str) -> None:
    """The chapters of the demo by papermill, with its default kernel, and then to HTML by nbconvert, one by one."""
    import papermill
    from nbconvert import HTMLExporter

    from cxlib.report.plan import NOTEBOOKS, make_plan

    plan, _ = make_plan(STUDY)
    for planned in plan.chapters:
        given = planned.parameters | ({"chapters": folder} if "chapters" in planned.parameters else {})
        out = Path(folder) / planned.notebook
        papermill.execute_notebook(NOTEBOOKS / planned.notebook, out, given, **PLAIN)
        page, _ = HTMLExporter().from_filename(str(out))
        out.with_suffix(".html").write_text(page, encoding="utf-8")
