"""Where a report comes from: a crate in its folder that is valid and true, and that keeps silent about the machine."""

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote, unquote

import pytest
import rocrate
from test_runs import Executed, cold  # noqa: F401  cold is a fixture

from cxlib.errors import CxError
from cxlib.places import fingerprints, is_study, recorded, study_files, unplaced
from cxlib.report import code_version
from cxlib.report.cache import Cache
from cxlib.report.code_version import CodeVersion
from cxlib.report.data_copy import copy_study
from cxlib.report.plan import make_plan
from cxlib.report.run import run_all
from cxlib.report.stages import Report
from cxlib.report.times import Times, timed, together
from cxlib.study_yml import read_codebook

ROOT = Path(__file__).resolve().parent.parent
CONTEXT = "https://w3id.org/ro/crate/1.1/context"
NAME = "Khảo sát 'mẫu'"
USER, HOST = "canary-user", socket.gethostname()
STUDY = """
study: khao-sat
title: Khảo sát mẫu
client: Sao & Mai <Retail>
sample: opt_in
tables:
  survey:
    file: trả lời.csv
    respondent: id
    private: [phone]
    questions:
      recommend: {role: metric, metric: nps}
"""
# What the profiles recommend and a report cannot or will not have: a home page for every library, who ran it (no user
# is named), author and publisher (study.yml does not say); and one check asks schema.org's own classes to be ours.
NOT_MET = {"process-run-crate-0.5_3.2", "process-run-crate-0.5_8.6", "ro-crate-1.1_22.2", "ro-crate-1.1_22.3",
           "process-run-crate-0.5_5.1"}  # fmt: skip
TWICE = """
import sys
from pathlib import Path

from cxlib.report.plan import make_plan
from cxlib.report.run import Report, make

reports = [Report(*make_plan(study, only=["data_quality", "summary"]), Path(out))
           for study, out in zip(sys.argv[1::2], sys.argv[2::2])]
make(reports, keep=False)
assert [report.error for report in reports] == [None, None], reports
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A report made twice: at other times, of the study in another folder of that name, into another folder."""
    home = tmp_path_factory.mktemp(USER)
    study = home / "clients" / NAME
    study.mkdir(parents=True)
    (study / "study.yml").write_text(STUDY, encoding="utf-8")
    rows = [f"{number},09{number:08d},{number * 7 % 11}" for number in range(200)]
    (study / "trả lời.csv").write_text("\n".join(["id,phone,recommend", *rows]) + "\n", encoding="utf-8")
    other = home / "moved" / "here" / NAME
    shutil.copytree(study, other)
    one, two = home / "reports" / "one", home / "other reports" / "hai"
    environment = os.environ | {"HOME": str(home), "USER": USER, "LOGNAME": USER}
    places = (study, one, f"{other.parent}/../here/{NAME}/study.yml", two)
    done = subprocess.run(
        [sys.executable, "-c", TWICE, *map(str, places)], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return SimpleNamespace(home=home, study=study, one=one, two=two)


@pytest.fixture
def issues(monkeypatch, tmp_path):
    """issues(folder, severity): what roc-validator finds in a crate, by check. Nothing is asked of the network."""
    from rocrate_validator import models, services
    from rocrate_validator.utils.http import HttpRequester

    known = (Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld").read_text(encoding="utf-8")

    def fetched(_, address: str, **__):
        assert address == CONTEXT
        kind = {"Content-Type": "application/ld+json"}
        return SimpleNamespace(status_code=200, headers=kind, text=known, json=lambda: json.loads(known))

    def refused(*_):
        raise AssertionError("the validator asked the network")

    def look(folder: Path, severity: str) -> dict[str, str]:
        settings = services.ValidationSettings(
            rocrate_uri=str(folder), profile_identifier="process-run-crate", offline=True,
            requirement_severity=models.Severity[severity], cache_path=tmp_path / "asked",
        )  # fmt: skip
        return {issue.check.identifier: issue.message for issue in services.validate(settings).get_issues()}

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(HttpRequester, "get", fetched, raising=False)
    return look


def crate(folder: Path) -> dict[str, dict]:
    """The entities of a crate by their ids."""
    read = json.loads((folder / "ro-crate-metadata.json").read_text(encoding="utf-8"))
    return {one["@id"]: one for one in read["@graph"]}


def refer(entity: dict, name: str) -> list[str]:
    """The ids that a property of an entity names."""
    found = entity[name]
    return [one["@id"] for one in (found if isinstance(found, list) else [found])]


def files(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class TestReport:
    def test_it_passes_the_validator_with_what_is_recommended_but_for_the_known(self, made, issues):
        assert set(issues(made.one, "RECOMMENDED")) == NOT_MET

    def test_every_file_is_described_with_its_hash_size_and_kind(self, made):
        entities = crate(made.one)
        found = files(made.one)
        del found["ro-crate-metadata.json"]
        assert refer(entities["./"], "hasPart") == sorted(map(quote, found))
        for name, content in found.items():
            about = entities[quote(name)]
            assert (about["sha256"], about["contentSize"]) == (sha256(content), str(len(content))), name
        kinds = {name: entities[name]["encodingFormat"] for name in ("index.html", "report.pdf", "results.json")}
        assert kinds == {"index.html": "text/html", "report.pdf": "application/pdf", "results.json": "application/json"}

    def test_the_files_of_the_study_are_known_by_hash_and_stay_out(self, made):
        entities = crate(made.one)
        chapter = entities["#chapter/data_quality"]
        given = {entities[one]["name"]: entities[one] for one in refer(chapter, "object") if one.startswith("#input/")}
        assert {name: about["sha256"] for name, about in given.items()} == {
            name: sha256((made.study / name).read_bytes()) for name in ("study.yml", "trả lời.csv")
        }
        assert {about["@type"] for about in given.values()} == {"CreativeWork"}  # not a File of this crate
        assert not (made.one / "data").exists()

    def test_a_chapter_is_an_action_with_notebook_parameters_times_and_result(self, made):
        entities = crate(made.one)
        action = entities["#chapter/data_quality"]
        assert action["@type"] == "CreateAction"
        plan = json.loads((made.one / "plan.json").read_text(encoding="utf-8"))
        planned = plan["chapters"][0]
        assert entities[refer(action, "instrument")[0]]["sha256"] == planned["sha256"]
        given = {one["name"]: one["value"] for one in entities.values()
                 if one["@id"].startswith("#parameter/data_quality/")}  # fmt: skip
        assert given == planned["parameters"] | {"study": NAME}
        assert refer(action, "result") == ["notebooks/00_data_quality.ipynb"]
        assert action["actionStatus"].endswith("CompletedActionStatus")
        summary, pages = entities["#chapter/summary"], entities["#report"]
        assert "notebooks/00_data_quality.ipynb" in refer(summary, "object")
        assert {"index.html", "report.pdf", "report.pptx", "tables.xlsx"} <= set(refer(pages, "result"))
        order = [one[when] for one in (action, summary, pages) for when in ("startTime", "endTime")]
        assert order == sorted(order)
        assert entities["./"]["datePublished"] == order[-1]
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", time) for time in order)

    def test_code_lock_libraries_and_system_are_told(self, made):
        entities = crate(made.one)
        plan = json.loads((made.one / "plan.json").read_text(encoding="utf-8"))
        software = entities["#cx-workbook"]
        known = {entities[one]["name"]: entities[one]["value"] for one in refer(software, "identifier")}
        assert known["SHA-256 of the package"] == plan["code"]
        needed = [entities[one] for one in refer(software, "softwareRequirements")]
        versions = {one["name"]: one.get("softwareVersion") for one in needed}
        assert versions == plan["environment"] | {"requirements.lock": None}
        assert entities["#requirements.lock"]["sha256"] == sha256((ROOT / "requirements.lock").read_bytes())
        assert os.uname().sysname in software["operatingSystem"]

    def test_what_is_left_out_is_told_with_its_reason(self, made):
        entities = crate(made.one)
        assert entities["#left-out/journey_map"]["value"] == "not asked for"
        assert "Left out: journey_map: not asked for." in entities["./"]["description"]
        assert "#left-out/journey_map" in refer(entities["./"], "mentions")

    def test_no_file_tells_of_user_machine_or_folders(self, made):
        """Looked for in every file, in what is packed in it, and in the properties and the text of the PDF."""
        told = [str(made.home), made.home.name, USER, str(ROOT), str(Path.home()), "/tmp/", HOST]
        known = [re.escape(word) for word in told if len(word) > 4]  # shorter words stand in any text
        secret = re.compile("|".join(known).encode())
        for name, content in files(made.one).items():
            for piece, inside in unpacked(name, content).items():
                assert not secret.search(inside), piece

    def test_two_runs_differ_in_nothing_but_clock_times(self, made):
        one, two = files(made.one), files(made.two)
        provenance = [json.loads(found.pop("ro-crate-metadata.json")) for found in (one, two)]
        assert one == two
        assert provenance[0] != provenance[1]
        assert timeless(provenance[0]) == timeless(provenance[1])

    def test_the_summary_knows_the_study_by_its_recorded_name(self, made):
        notebook = json.loads((made.one / "notebooks" / "06_summary.ipynb").read_text(encoding="utf-8"))
        assert notebook["metadata"]["papermill"]["parameters"]["study"] == NAME
        injected = next(cell for cell in notebook["cells"] if cell["id"] == "injected-parameters")
        assert f"study = {NAME!r}" in "".join(injected["source"]).splitlines()


def unpacked(name: str, content: bytes) -> dict[str, bytes]:
    """A file, and what is packed in it: Office files with the workbooks in them, and the streams of a PDF."""
    found = {name: content}
    if name.endswith((".pptx", ".xlsx")):
        import io

        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for one in archive.namelist():
                found |= unpacked(f"{name}/{one}", archive.read(one))
        found[name] = b" ".join(map(str.encode, archive.namelist()))  # packed bytes may say anything
    if name.endswith(".pdf"):
        import pypdfium2

        document = pypdfium2.PdfDocument(content)
        text = [page.get_textpage().get_text_range() for page in document]
        found = {name: repr((document.get_metadata_dict(), text)).encode()}
    return found


def timeless(provenance: dict) -> dict:
    """A crate without its clock times."""
    times = {"startTime", "endTime", "datePublished"}
    graph = [{key: value for key, value in one.items() if key not in times} for one in provenance["@graph"]]
    return provenance | {"@graph": graph}


def a_report(study, out: Path, **how) -> Report:
    return Report(*make_plan(str(study), only=["data_quality", "summary"]), out, ("xlsx",), **how)


@pytest.mark.usefixtures("cold")
class TestOtherReports:
    def test_chapters_of_an_earlier_report_keep_their_times_and_say_so(self, made, tmp_path):
        cache, times = Cache(tmp_path / "cache"), []
        for out in (tmp_path / "one", tmp_path / "two"):
            run_all([a_report(made.study, out)], cache=cache, execute=Executed())
            chapter = crate(out)["#chapter/data_quality"]
            times.append((chapter["startTime"], chapter["endTime"]))
        assert times[0] == times[1]
        assert chapter["description"].endswith(
            "It was executed for an earlier report, on the same data, code, libraries and parameters."
        )
        assert chapter["endTime"] < crate(tmp_path / "one")["#report"]["endTime"] < crate(out)["#report"]["startTime"]

    def test_a_chapter_from_the_cache_is_recorded_on_the_study_as_it_is_named_now(self, made, tmp_path):
        cache, other = Cache(tmp_path / "cache"), tmp_path / "renamed"
        shutil.copytree(made.study, other)
        run_all([a_report(made.study, tmp_path / "one")], cache=cache, execute=Executed())
        again = a_report(other, tmp_path / "two")
        run_all([again], cache=cache, execute=Executed())
        assert again.reused == ["data_quality", "summary"]
        recorded_as = [
            json.loads((tmp_path / out / "notebooks" / "00_data_quality.ipynb").read_text(encoding="utf-8"))["metadata"]
            for out in ("one", "two")
        ]
        assert [one["papermill"]["parameters"]["study"] for one in recorded_as] == [NAME, "renamed"]

    def test_with_data_the_study_is_part_of_the_crate(self, made, tmp_path, issues):
        out, cache = tmp_path / "one", Cache(tmp_path / "cache")
        run_all([a_report(made.study, out)], cache=cache, execute=Executed())
        run_all([a_report(made.study, out, with_data=True)], cache=cache, execute=Executed())  # its chapters are kept
        entities = crate(out)
        for name in ("study.yml", "trả lời.csv"):
            content = (made.study / name).read_bytes()
            assert (out / "data" / name).read_bytes() == content
            assert entities[quote(f"data/{name}")]["sha256"] == sha256(content)
        assert {unquote(one) for one in refer(entities["#chapter/data_quality"], "object")} >= {"data/trả lời.csv"}
        assert quote("data/trả lời.csv") not in refer(entities["#report"], "result")
        assert "with personal data" in entities["./"]["description"]
        assert (out / "data").stat().st_mode & 0o077 == 0
        assert issues(out, "REQUIRED") == {}
        plan = json.loads((out / "plan.json").read_text(encoding="utf-8"))
        assert make_plan(str(out / "data"), only=["data_quality", "summary"])[0].hash == plan["hash"]
        run_all([a_report(made.study, out)], cache=cache, execute=Executed())
        assert not (out / "data").exists()  # the next report without the data leaves none behind

    def test_data_that_change_while_the_report_is_made_are_not_handed_on(self, made, tmp_path):
        other = tmp_path / "study"
        shutil.copytree(made.study, other)
        plan = a_report(other, tmp_path / "one").plan
        (other / "trả lời.csv").write_text("id,phone,recommend\n1,0911,9\n", encoding="utf-8")
        with pytest.raises(CxError, match=r"--with-data: .*trả lời.csv was changed while the report on it was made"):
            copy_study(plan, tmp_path / "data")

    @pytest.mark.parametrize("about", [["--each", "branch"], ["-p", "part=branch: A"]])
    def test_a_report_on_a_part_is_not_made_with_the_data_of_all(self, made, about):
        command = [sys.executable, "-c", "from cxlib.cli import main; main()", "report", str(made.study), "--with-data"]
        done = subprocess.run([*command, *about], cwd=ROOT, capture_output=True, text=True)
        assert (done.returncode, done.stderr) == (
            2, "cx: --with-data puts the whole study into a report, and this one is about a part of it\n"
        )  # fmt: skip

    def test_a_report_whose_provenance_is_gone_is_made_again(self, made, tmp_path):
        cache = Cache(tmp_path / "cache")
        run_all([a_report(made.study, tmp_path / "one")], cache=cache, execute=Executed())
        (tmp_path / "one" / "ro-crate-metadata.json").unlink()
        again = a_report(made.study, tmp_path / "one")
        run_all([again], cache=cache, execute=Executed())
        assert not again.unchanged
        assert (tmp_path / "one" / "ro-crate-metadata.json").is_file()


class TestPlaces:
    def test_a_place_within_the_project_is_told_from_there_any_other_by_its_name(self, tmp_path, monkeypatch):
        assert recorded(ROOT / "data" / "demo") == recorded(ROOT / "tests" / ".." / "data" / "demo") == "data/demo"
        monkeypatch.chdir(ROOT / "data")
        assert recorded(Path("demo")) == "data/demo"
        assert recorded(tmp_path / "acme") == "acme"
        (tmp_path / "link").symlink_to(ROOT / "data")
        assert recorded(tmp_path / "link" / "demo") == "data/demo"

    def test_the_same_study_elsewhere_gives_the_same_plan_and_the_same_keys(self, made, tmp_path):
        other = tmp_path / "elsewhere"
        shutil.copytree(made.study, other)
        plans = [make_plan(str(made.study))[0], make_plan(str(other / "study.yml"))[0],
                 make_plan(str(other), data=str(made.study))[0]]  # fmt: skip
        assert len({plan.hash for plan in plans}) == 1
        assert len({tuple(map(plan.key, plan.chapters)) for plan in plans}) == 1
        told = [plan.chapters[0].parameters for plan in plans]
        assert [(one["study"], one["data"]) for one in told] == [(NAME, ""), ("elsewhere", ""), ("elsewhere", NAME)]

    def test_a_study_is_known_by_record_or_by_path(self, made, tmp_path):
        file = made.study / "study.yml"
        assert [is_study(place, file) for place in (NAME, str(made.study), str(file), "data/demo", "nowhere")] == [
            True, True, True, False, False
        ]  # fmt: skip

    def test_files_from_elsewhere_are_named_without_their_folders(self, tmp_path):
        study, away, far = tmp_path / "study", tmp_path / "a", tmp_path / "b"
        for folder in (study, away, far):
            folder.mkdir()
            (folder / "s.csv").write_text(f"id,nps,city\n{folder.name},9,x\n")
        (study / "margins.csv").write_text("city,count\nx,1\n")
        margins = tmp_path / "m.csv"
        shutil.copy(study / "margins.csv", margins)
        named = ["s.csv", str(away / "s.csv"), "../b/s.csv"]
        table = ", ".join(f"{{file: {name}, wave: {number}}}" for number, name in enumerate(named))
        (study / "study.yml").write_text(
            f"study: s\ntitle: S\nsample: opt_in\ntables:\n  survey:\n    file: [{table}]\n    respondent: id\n"
            "    questions:\n      nps: {role: metric, metric: nps}\n      city: {role: segment}\n"
        )
        book = read_codebook(study / "study.yml", "")
        found = study_files(study / "study.yml", study, book)
        assert sorted(found) == ["2-s.csv", "3-s.csv", "s.csv", "study.yml"]
        assert len(set(fingerprints(study / "study.yml", study, book).values())) == 4

    def test_an_error_on_a_page_names_no_folder(self, tmp_path):
        study = tmp_path / "acme"
        text = f"{study}/study.yml: the data file s.csv is not in {study}; see {ROOT / 'data' / 'README.md'}"
        assert unplaced(text, study) == "acme/study.yml: the data file s.csv is not in acme; see ./data/README.md"


class TestCodeVersion:
    @pytest.fixture
    def git(self, tmp_path, monkeypatch):
        """git(…): a git command in a project of its own, which then stands in the place of this one."""
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        monkeypatch.setattr(code_version, "ROOT", tmp_path)
        (tmp_path / "cxlib").mkdir()
        (tmp_path / "cxlib" / "a.py").write_text("a = 1\n")

        def run(*arguments: str) -> str:
            command = ["git", "-C", str(tmp_path), *identity, *arguments]
            return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

        if shutil.which("git") is None:
            pytest.skip("git is not installed (Debian: git)")
        return run

    def committed(self, git) -> None:
        git("init", "--quiet")
        git("add", ".")
        git("commit", "--quiet", "-m", "one")

    def test_a_clean_clone_is_its_commit(self, git):
        self.committed(git)
        git("tag", "v1")
        assert code_version.code_version() == CodeVersion(git("rev-parse", "HEAD"), "v1", False, None)

    def test_changes_and_new_files_of_the_code_are_told_apart_by_a_hash(self, git, tmp_path):
        self.committed(git)
        seen = []
        for name, text in (("a.py", "a = 2\n"), ("b.py", "b = 1\n"), ("b.py", "b = 2\n"), ("Tiếng Việt.py", "")):
            (tmp_path / "cxlib" / name).write_text(text)
            found = code_version.code_version()
            assert found.changed
            seen.append(found.difference)
        assert len(set(seen)) == 4
        assert code_version.code_version().difference == seen[-1]

    def test_a_change_of_something_else_is_none_of_the_code(self, git, tmp_path):
        self.committed(git)
        (tmp_path / "clients.csv").write_text("name\n")
        assert code_version.code_version().changed is False

    def test_without_a_commit_or_git_or_in_another_projects_folder_nothing_is_known(self, git, tmp_path, monkeypatch):
        git("init", "--quiet")
        assert code_version.code_version() == CodeVersion()  # no commit yet
        self.committed(git)
        monkeypatch.setattr(code_version, "ROOT", tmp_path / "cxlib")  # an archive unpacked in somebody's repository
        assert code_version.code_version() == CodeVersion()
        monkeypatch.setattr(code_version, "ROOT", tmp_path)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert code_version.code_version() == CodeVersion()


def test_a_clock_that_is_set_back_does_not_end_a_chapter_before_it_began(monkeypatch):
    from cxlib.report import times as module

    clocks = iter(["2026-03-01T12:00:00+00:00", "2026-03-01T11:00:00+00:00"])
    real = module.datetime
    monkeypatch.setattr(module, "datetime", SimpleNamespace(now=lambda _: real.fromisoformat(next(clocks))))
    monkeypatch.setattr(module.time, "monotonic", iter([10.0, 12.5]).__next__)
    found = {}
    with timed(found, "a"):
        pass
    assert found == {"a": Times("2026-03-01T12:00:00.000+00:00", "2026-03-01T12:00:02.500+00:00")}
    assert together([Times("1", "5"), Times("0", "4")]) == Times("0", "5")
