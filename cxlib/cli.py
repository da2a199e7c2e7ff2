"""The cx command: check a study, report on it, list whom to call, keep its personas and place others in them."""

import os
import shutil
import signal
import sys
import traceback
from pathlib import Path

import click

from cxlib import disk
from cxlib.errors import INTERNAL, CommandError, CxError, aligned, nearest, plain


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cx-workbook", prog_name="cx")
def cli() -> None:
    """Customer-experience research: check a study's data, report on it, list whom to call."""


@cli.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--from",
    "exports",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="EXPORT",
    help="An export of a survey tool; repeated: one file a wave.",
)
@click.option("--yes", is_flag=True, help="Ask nothing; take every guess.")
def new(folder: Path, exports: tuple[Path, ...], yes: bool) -> None:
    """Begin a study from a client's exports.

    At a terminal it asks the few things that it cannot decide, with its guess as the answer that Enter takes. Writes
    DIR/study.yml, in which every guess is marked with its reason, and a data dictionary beside it (dictionary.html,
    dictionary.xlsx). Nothing is overwritten.
    """
    from cxlib import new_asking, new_study

    asked = None if yes or not _somebody_answers() else lambda draft: new_asking.decided(draft, _ask, click.echo)
    exports = [path.expanduser() for path in exports]
    for line in new_study.create(folder.expanduser(), exports, decide=asked, command=_as_called()):
        click.echo(line)


def _somebody_answers() -> bool:
    """Whether a person sits at the terminal; behind a notebook's `!cx` there is one who cannot answer."""
    return sys.stdin.isatty() and sys.stdout.isatty() and "JPY_PARENT_PID" not in os.environ


def _ask(question) -> str:
    """One question at the terminal: the lines above it, its choices, and a line to answer in."""
    click.echo()
    for line in question.lines:
        click.echo(line)
    width = max(map(len, question.choices))
    for answer, told in question.choices.items():
        click.echo(f"  {answer.rjust(width)}  {told}")
    return click.prompt(question.prompt, default=question.default)


def _as_called() -> str:
    """How cx was called, for the commands that follow: by its path where the shell does not know it by name."""
    return sys.argv[0] if Path(sys.argv[0]).name == "cx" and shutil.which("cx") is None else "cx"


@cli.command()
@click.argument("study")
@click.option("--data", default="", metavar="DIR", help="Folder of the study's data files, where it is another one.")
def check(study: str, data: str) -> None:
    """Check a study's tables, and what study.yml declares of them.

    Every break of the codebook's rules is listed as table, column, rows, rule and example; exit code 1 where there is
    one.
    """
    from cxlib.places import data_folder, study_file
    from cxlib.study import Study

    file = study_file(study)
    try:
        loaded = Study(file, data_folder(file, data))
        problems = loaded.check()
        if not problems:
            from cxlib import declarations

            problems = declarations.problems(loaded)
    except CxError as error:
        if len(error.problems) < 2:
            raise
        problems = error.problems
    if problems:
        rows = [(p.table, p.column, f"{p.rows:,}", p.rule, p.example) for p in problems]
        click.echo("\n".join(aligned([("table", "column", "rows", "rule", "example"), *rows])))
        raise CxError(f"{file}: {len(problems)} problem{'s' if len(problems) > 1 else ''} found")
    for name in loaded.book.tables:
        table = loaded.table(name)
        held = loaded.held.get(name)
        rows = f"{len(table):,} rows" if held is None else f"{held.rows:,} rows, of which {held.kept:,} were drawn"
        click.echo(f"{name}: {rows}, {table.shape[1]} columns")
    for note in loaded.notes:
        click.echo(f"note: {note}")
    click.echo(f"{study} is sound.")


@cli.command()
@click.argument("study")
@click.option("--data", default="", metavar="DIR", help="Folder of the study's data files, where it is another one.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the report [reports/STUDY].")
@click.option("--only", multiple=True, metavar="CHAPTER", help="Run this chapter only; may be repeated.")
@click.option("--lang", default="", metavar="LANGUAGE", help="en or vi; not the study's own: into STUDY-LANGUAGE.")
@click.option("-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the notebooks.")
@click.option("--format", "formats", default="html,pdf,pptx,xlsx", show_default=True, help="What to write.")
@click.option("--each", default="", metavar="COLUMN", help="A report for each value of a column: a branch, a city.")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Chapters at once [as many as processors].")
@click.option("--cluster", default="", metavar="ADDRESS", help="Execute on a dask cluster, e.g. tcp://host:8786.")
@click.option("--no-cache", is_flag=True, help="Execute every chapter, also where nothing has changed.")
@click.option("--with-data", is_flag=True, help="Put the study's files into the report: it hands over personal data.")
@click.option("--memory", default="", envvar="CX_MEMORY", show_envvar=True, metavar="SIZE",
              help="What a chapter may take, e.g. 8GB [80% of what the machine has].")  # fmt: skip
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), default=60, show_default=True,
              envvar="CX_MINUTES", show_envvar=True, metavar="N", help="How long a chapter may take.")  # fmt: skip
def report(
    study: str, data: str, out: Path | None, only: tuple[str, ...], lang: str, parameters: tuple[str, ...],
    formats: str, each: str, workers: int | None, cluster: str, no_cache: bool, with_data: bool,
    memory: str, minutes: float,
) -> None:  # fmt: skip
    """Report on a study.

    Executes the chapters whose tables the study holds, and writes index.html, report.pdf, report.pptx, tables.xlsx,
    results.json, figures and the executed notebooks. A report that fails leaves the last one as it was. Chapters that
    were executed before on the same data, code and parameters are reused. With --each, a folder with a report for each
    value of the column, and a page over all of them. A report holds no data of the study but what its pages show; with
    --with-data the folder data in it holds all files of the study as they are, names and phone numbers included, for
    whoever must be able to make the report again.
    """
    from cxlib.report.limits import limits
    from cxlib.report.plan import FORMATS, make_plan

    wanted = _formats(formats, FORMATS)
    _check_language(lang)
    given = {"data": data, "lang": lang, "only": only, "parameters": _given(parameters)}
    may_take = limits(memory, minutes)
    how = {"workers": workers or 0, "cluster": cluster, "keep": not no_cache, "limits": may_take}
    if with_data and (each or "part" in given["parameters"]):
        raise CommandError("--with-data puts the whole study into a report, and this one is about a part of it")
    if each:
        from cxlib.report import each as for_each

        for_each.report(study, each, out, formats=wanted, tell=click.echo, **given, **how)
        return
    plan, book = make_plan(study, **given)
    for name, why in plan.left_out.items():
        click.echo(f"left out: {name}: {why}", err=True)
    from cxlib.report.folder import folder_of
    from cxlib.report.run import Report, make

    made = Report(plan, book, out or folder_of(study, plan.language, plan.part), wanted, with_data)
    make([made], **how)
    if made.error is not None:
        raise made.error
    click.echo(made.told())
    if made.checked:
        click.echo(f"disclosure check: {made.checked}")


@cli.command()
@click.argument("report_dir", metavar="REPORT_DIR", type=click.Path(path_type=Path))
@click.option("--study", default="", metavar="DIR", help="The report's study, where it lies elsewhere than recorded.")
@click.option("--data", default="", metavar="DIR", help="Folder of the study's data files, where it is another one.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the certificate [the report's].")
@click.option("--workers", type=click.IntRange(min=1), metavar="N", help="Chapters at once [as many as processors].")
def verify(report_dir: Path, study: str, data: str, out: Path | None, workers: int | None) -> None:
    """Make a report again and compare.

    REPORT_DIR is the folder of a report, or its index.html alone. Checks that no file was changed, that data,
    parameters, code and libraries are those that were recorded, executes every chapter again, and compares every cell
    and file. Writes certificate.html and certificate.json beside the report. Exit code 1 where something differs, with
    the first difference and its cause.
    """
    from cxlib.report import certificate
    from cxlib.report import verify as check

    folder = out or (report_dir if report_dir.is_dir() else report_dir.parent)
    if report_dir.exists():
        certificate.check_writable(folder)
    result = check.verify(report_dir, study=study, data=data, workers=workers or 0)
    written = certificate.write(result, folder, certificate.stem_of(report_dir))
    if result.verdict == check.OTHER:
        raise CxError(f"{report_dir} is not the same: {check.first_difference(result)}; the certificate: {written}")
    click.echo(f"{report_dir}: {result.verdict}; {len(result.cells)} cells compared; the certificate: {written}")


def _formats(given: str, known: dict[str, str]) -> tuple[str, ...]:
    """The formats of a list with commas, in the order in which they are known."""
    names = [name.strip() for name in given.split(",") if name.strip()]
    for name in names or [given]:
        if name not in known:
            raise CommandError(f"--format takes {', '.join(known)}, separated by commas; found {name!r}")
    return tuple(name for name in known if name in names)


def _check_language(lang: str) -> None:
    from cxlib.language import languages

    if lang and lang not in languages():
        raise CommandError(f"--lang takes {' or '.join(languages())}; found {lang!r}{nearest(lang, languages())}")


def _given(parameters: tuple[str, ...]) -> dict[str, str]:
    """Parameters by name, from NAME=VALUE."""
    given = {}
    for text in parameters:
        name, sign, value = text.partition("=")
        if not sign or not name.isidentifier():
            raise CommandError(f"-p takes NAME=VALUE, e.g. -p confidence=0.9; found {text!r}")
        given[name] = value
    return given


@cli.command()
@click.argument("study")
@click.option("--data", default="", metavar="DIR", help="Folder of the study's data files, where it is another one.")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The private CSV to write.")
def cases(study: str, data: str, out: Path) -> None:
    """List whom to call.

    Customers who agreed to be called, by the chance that they are unhappy and silent times their value, with names and
    phone numbers, as a private CSV; nothing of it ever stands in a report. Who is unhappy and who complained is what
    study.yml says under `iceberg:`.
    """
    from cxlib import private
    from cxlib.cases import cases as find_cases
    from cxlib.cases import declared
    from cxlib.study import Study

    loaded = Study.load(study, data=data)
    private.place(out)  # before the work, not after it
    found = find_cases(loaded, **declared(loaded))
    written = private.write(loaded, found, out)
    for note in found.notes:
        click.echo(note)
    click.echo(
        f"private: {written} holds names and confidential answers; only you can read it, keep it out of any report"
    )


@cli.command()
@click.argument("study")
@click.option("--data", default="", metavar="DIR", help="Folder of the study's data files, where it is another one.")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The personas, as JSON.")
@click.option("--form", type=click.Path(path_type=Path), metavar="FILE", help="The short form, as HTML for one page.")
@click.option("-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the persona chapter.")
def personas(study: str, data: str, out: Path, form: Path | None, parameters: tuple[str, ...]) -> None:
    """Keep a study's personas.

    Forms them as the persona chapter does, and writes how (no data of anybody), for `cx assign`; with --form also the
    few questions that place a customer, with their points, to print and to fill in.
    """
    from cxlib import people, placement
    from cxlib.language import speak
    from cxlib.report import form as form_page
    from cxlib.report.plan import chapter_parameters
    from cxlib.study import Study

    for path in filter(None, (out, form)):
        if path.exists() or not path.parent.is_dir():
            why = "is there already and is not replaced" if path.exists() else f"there is no folder {path.parent}"
            raise CxError(f"{path}: {why}")
    if form is not None and form.resolve() == out.resolve():
        raise CommandError(f"{out} cannot hold both the personas and the form; name two files")
    chosen, loaded = chapter_parameters("persona_profiling", _given(parameters)), Study.load(study, data=data)
    speak(loaded.book.language)
    case = people.people(loaded, **{name: chosen[name] for name in ("variables", "waves", "confidence")})
    found = people.formed(case, k=chosen["k"], seed=chosen["seed"])
    if found.k == 1:
        raise CxError(f"{study}: there are no personas to keep: {found.verdict}")
    short = placement.short_form(case.frame, found, seed=chosen["seed"], confidence=case.confidence, **case.design)
    if form:
        form_page.write(form, placement.as_printed(short, case))
    found.save(out)
    click.echo(f"{out}: {found.k} personas, formed from {', '.join(case.questions)}")
    if form:
        click.echo(f"{form}: {len(short.questions)} questions")


@cli.command()
@click.argument("study")
@click.option("--data", default="", metavar="DIR", help="Folder of the study's data files, where it is another one.")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The private CSV to write.")
@click.option("-p", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter of the persona chapter.")
def leads(study: str, data: str, out: Path, parameters: tuple[str, ...]) -> None:
    """List whom to win.

    Prospects by how much they are like the study's ideal customers, the client's rules applied, with what earned their
    points and the persona they likely belong to, as a private CSV; a report only tells how many they are.
    """
    from cxlib import leads as lead_list
    from cxlib import people, private
    from cxlib.language import speak
    from cxlib.report.plan import chapter_parameters
    from cxlib.study import Study

    private.place(out, "whom to win is")  # before the work, not after it
    chosen, loaded = chapter_parameters("persona_profiling", _given(parameters)), Study.load(study, data=data)
    speak(loaded.book.language)
    case = people.people(loaded, **{name: chosen[name] for name in ("variables", "waves", "confidence")})
    made = people.formed(case, k=chosen["k"], seed=chosen["seed"])
    found = lead_list.leads(loaded, seed=chosen["seed"], confidence=chosen["confidence"])
    for line in lead_list.write(loaded, found, made, out):
        click.echo(line)


@cli.command()
@click.argument("study")
@click.argument("new", type=click.Path(path_type=Path))
@click.option(
    "--personas",
    "kept",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What `cx personas` wrote.",
)
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The private CSV to write.")
def assign(study: str, new: Path, kept: Path, out: Path) -> None:
    """Say to which persona each row of another file belongs.

    NEW bears the columns and codes of the table that the personas were formed from; columns that it lacks count as not
    answered. Writes its rows with persona, persona_name and persona_probability.
    """
    from cxlib import newcomers
    from cxlib.segmentation import Segmentation
    from cxlib.study import Study

    for line in newcomers.assign(Study.load(study), Segmentation.load(kept), new, out):
        click.echo(line)


@cli.command()
@click.argument("study")
@click.option("--data", "folder", default="", metavar="DIR", help="Folder of the data files, where it is another one.")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The private file to write: .sav, .parquet, .csv or .xlsx.",
)
def data(study: str, folder: str, out: Path) -> None:
    """Hand over a study's clean answers.

    Every respondent of the survey under the codebook's names: codes with their labels, missing values, weights, who is
    left out and why, flags, derived variables, and personas where study.yml says what they are formed from. Private
    columns are never written; comments are, as they stand but for blanks at their ends, so that the file is for you
    alone.
    """
    from cxlib import data_out
    from cxlib.language import speak
    from cxlib.report.plan import chapter_parameters
    from cxlib.study import Study

    data_out.place(out)  # before the work, not after it
    loaded = Study.load(study, data=folder)
    speak(loaded.book.language)
    for note in data_out.write(loaded, out, personas=chapter_parameters("persona_profiling", {})):
        click.echo(note)
    click.echo(f"private: {out} holds every answer and comment; only you can read it, keep it out of any report")


@cli.command()
@click.argument("name")
def chapter(name: str) -> None:
    """Begin a chapter of your own.

    Copies the template to notebooks/ under the next number. It runs, passes the notebook tests and is part of the
    report before a word of it is changed. Nothing is overwritten.
    """
    from cxlib.new_chapter import create
    from cxlib.places import ROOT

    click.echo(f"{create(name).relative_to(ROOT)}: put your question into its first cell, then its code below")
    click.echo(f"cx report data/demo --only {name} --format html shows it as a report")


def _without_details(told: str) -> str:
    """What is told of an error, which may quote the data, without mail addresses and numbers of persons."""
    from cxlib.details import without_details

    return without_details(told)


def main() -> None:
    """Run the command; a fault that the user can mend is one line and an exit code, all else a traceback and 70."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a letter shows a ? instead.
        stream.reconfigure(errors="replace")
    # A scheduler's stop is an end like others, and so is a closed terminal: what was begun is cleaned away.
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:  # nohup has it ignored
            signal.signal(number, lambda number, frame: sys.exit(128 + number))
    try:
        cli(standalone_mode=False)
    except CxError as error:
        click.echo(f"cx: {_without_details(str(error))}", err=True)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.message = plain(error.message)
        error.show()
        sys.exit(2)
    except click.Abort:
        click.echo("cx: interrupted; nothing was changed", err=True)
        sys.exit(1)
    except Exception as error:
        told = disk.fault(error, Path.cwd() / "here") if isinstance(error, OSError) else None
        if told is not None:
            click.echo(f"cx: {told}", err=True)
            sys.exit(1)
        click.echo(_without_details(traceback.format_exc().rstrip()), err=True)
        click.echo("cx: this is a fault of cx itself, not of your data or your command", err=True)
        sys.exit(INTERNAL)
