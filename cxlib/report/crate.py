"""Where a report comes from, for machines: the report's folder as a Process Run RO-Crate, ro-crate-metadata.json.

Each chapter is an action: a notebook (its source, by hash) applied to the study's files (by hash) and parameters, which
gave an executed notebook. One more action made the pages of them. All clock times of a report stand here; the study's
files are described and not contained, unless the report was made with them; of the machine nothing but its system.

Read about it: https://w3id.org/ro/wfrun/process/0.5 on https://w3id.org/ro/crate/1.1.
"""

import json
import mimetypes
import platform
from importlib import metadata
from pathlib import Path
from urllib.parse import quote

from rocrate.model.contextentity import ContextEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from cxlib.places import sha256
from cxlib.report.code_version import CodeVersion, code_version
from cxlib.report.folder import CRATE, DATA
from cxlib.report.plan import SUMMARY, Plan, Planned, chapters
from cxlib.report.stages import Report
from cxlib.report.times import together

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
# Terms that the context of RO-Crate 1.1 does not have, which readers find explained here.
TERMS = {"sha256": "http://schema.org/sha256"}
DONE = "http://schema.org/CompletedActionStatus"
KINDS = {
    ".ipynb": "application/x-ipynb+json", ".yml": "application/yaml", ".yaml": "application/yaml", ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet", ".sav": "application/x-spss-sav", ".svg": "image/svg+xml",
    ".html": "text/html", ".json": "application/json", ".pdf": "application/pdf",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip


def write(staging: Path, report: Report) -> None:
    """Write the crate of a finished report into its folder; every other file of it is there already."""
    crate = _Crate(staging, report)
    content = json.dumps(crate.made(), ensure_ascii=False, indent=1, sort_keys=True, allow_nan=False)
    (staging / CRATE).write_text(content + "\n", encoding="utf-8")


def _kind(name: str) -> str:
    """The media type of a file, by its name, whatever this machine's own list of them says."""
    ending = Path(name).suffix.lower()
    return KINDS.get(ending) or mimetypes.MimeTypes().guess_type(f"x{ending}")[0] or "application/octet-stream"


class _Crate:
    """The crate of a report while it is put together."""

    def __init__(self, staging: Path, report: Report):
        self.staging, self.report, self.plan = staging, report, report.plan
        self.crate = ROCrate(version="1.1")
        self.crate.metadata.extra_terms.update(TERMS)
        self.version = code_version()
        self.files = {path: self._file(path) for path in self._names()}
        self.inputs = [self._input(name, digest) for name, digest in self.plan.inputs.items()]
        self.software = self._software()

    def made(self) -> dict:
        """The whole crate as JSON-LD."""
        notebooks = [f"notebooks/{planned.notebook}" for planned in self.plan.chapters]
        actions = [self._chapter(planned) for planned in self.plan.chapters]
        pages = [name for name in self.files if name not in notebooks and not name.startswith(f"{DATA}/")]
        actions.append(self._pages(notebooks, pages))
        left_out = [self._value(f"left-out/{name}", name, why) for name, why in _left_out(self.plan).items()]
        self._root(actions, left_out)
        return self.crate.metadata.generate()

    def _names(self) -> list[str]:
        paths = sorted(path for path in self.staging.rglob("*") if path.is_file() and path.name != CRATE)
        return [path.relative_to(self.staging).as_posix() for path in paths]

    def _add(self, place: str, kind: str, **properties) -> Entity:
        """Something that the crate tells of and does not hold."""
        entity = ContextEntity(self.crate, place, {"@type": kind})
        for name, value in properties.items():
            entity[name] = value[0] if isinstance(value, list) and len(value) == 1 else value
        return self.crate.add(entity)

    def _value(self, place: str, name: str, value) -> Entity:
        return self._add(f"#{quote(place)}", "PropertyValue", name=name, value=value)

    def _file(self, name: str) -> Entity:
        """A file of the report."""
        path = self.staging / name
        about = {"name": name, "encodingFormat": _kind(name), "contentSize": str(path.stat().st_size)}
        return self.crate.add_file(dest_path=name, properties=about | {"sha256": sha256(path)})

    def _input(self, name: str, digest: str) -> Entity:
        """A file of the study: in the crate where the report was made with its data, else known by its hash alone."""
        inside = self.files.get(f"{DATA}/{name}")
        if inside is not None:
            return inside
        told = "A file of the study, which this crate does not contain."
        return self._add(f"#input/{quote(name)}", "CreativeWork", name=name, description=told,
                         encodingFormat=_kind(name), sha256=digest)  # fmt: skip

    def _software(self) -> Entity:
        """The workbook: its version, its libraries, and the system that it ran on."""
        needs = [
            self._add(f"#software/{quote(name)}", "SoftwareApplication", name=name, softwareVersion=version)
            for name, version in self.plan.environment.items()
        ]
        lock = self._add("#requirements.lock", "CreativeWork", name="requirements.lock", encodingFormat="text/plain",
                         description="The libraries that the workbook is made for, pinned and hashed.",
                         sha256=self.plan.lock)  # fmt: skip
        return self._add(
            "#cx-workbook", "SoftwareApplication", name="CX Workbook", softwareVersion=_told(self.version),
            description="Executes the notebooks of a study and makes a report of what they found.",
            operatingSystem=_system(), softwareRequirements=[*needs, lock], identifier=self._code(self.version),
        )  # fmt: skip

    def _code(self, version: CodeVersion) -> list[Entity]:
        """By what the code can be known: its hash, and where git keeps it, the commit and what differs from it."""
        known = {
            "SHA-256 of the package": self.plan.code, "git commit": version.commit, "git describe": version.described,
            "uncommitted changes": version.changed, "SHA-256 of the uncommitted changes": version.difference,
        }  # fmt: skip
        return [self._value(f"code/{name}", name, value) for name, value in known.items() if value is not None]

    def _source(self, planned: Planned) -> Entity:
        """A notebook as it was before it was executed."""
        return self._add(
            f"#notebook/{quote(planned.notebook)}", "SoftwareSourceCode", name=planned.notebook,
            description=f"The notebook of the chapter {planned.chapter}; the hash is of its cells, not of outputs.",
            programmingLanguage="Python", encodingFormat=_kind(planned.notebook), version=_told(self.version),
            sha256=planned.sha256, isPartOf=self.software,
        )  # fmt: skip

    def _chapter(self, planned: Planned) -> Entity:
        """A notebook that was executed."""
        given = [
            self._value(f"parameter/{planned.chapter}/{name}", name, value)
            for name, value in planned.parameters.items()
        ]
        result = self.files[f"notebooks/{planned.notebook}"]
        before = [self.files[f"notebooks/{one.notebook}"] for one in self.plan.chapters if one is not planned]
        earlier = planned.chapter in self.report.reused
        how = " It was executed for an earlier report, on the same data, code, libraries and parameters." * earlier
        times = self.report.times[planned.chapter]
        return self._add(
            f"#chapter/{planned.chapter}", "CreateAction", name=f"Chapter {planned.chapter}",
            description=f"The notebook {planned.notebook}, executed with parameters on the study's files.{how}",
            instrument=self._source(planned), result=result,
            object=[*self.inputs, *given, *(before if planned.chapter == SUMMARY else [])],
            startTime=times.began, endTime=times.ended, actionStatus=DONE,
        )  # fmt: skip

    def _pages(self, notebooks: list[str], pages: list[str]) -> Entity:
        """The report that was made of the executed notebooks."""
        chapters = {planned.chapter for planned in self.plan.chapters}
        times = together([times for name, times in self.report.times.items() if name not in chapters])
        return self._add(
            "#report", "CreateAction", name="Report",
            description="Pages, figures and tables, made of the executed notebooks alone.", instrument=self.software,
            object=[self.files[name] for name in notebooks], result=[self.files[name] for name in pages],
            startTime=times.began, endTime=times.ended, actionStatus=DONE,
        )  # fmt: skip

    def _root(self, actions: list[Entity], left_out: list[Entity]) -> None:
        """What the crate is about."""
        book, plan, root = self.report.book, self.plan, self.crate.root_dataset
        root["name"] = book.words(book.title)
        root["description"] = _description(self.report)
        root["identifier"] = f"{plan.study}:{plan.hash}"
        root["inLanguage"] = plan.language
        root["datePublished"] = max(times.ended for times in self.report.times.values())
        root["license"] = self._add("#rights", "CreativeWork", name="Rights", description=_rights(self.report))
        root["conformsTo"] = self._add(PROFILE, "CreativeWork", name="Process Run Crate", version="0.5")
        root["mentions"] = [*actions, *left_out]


def _description(report: Report) -> str:
    """What the report is and what it has not, in sentences."""
    plan = report.plan
    told = [f"A report on the study {plan.study}{f', on its part {plan.part}' if plan.part else ''}."]
    told += [f"Left out: {name}: {why}." for name, why in _left_out(plan).items()]
    if plan.untraced:
        told.append(f"Tables without a fingerprint, as they stand in a Spark catalog: {', '.join(plan.untraced)}.")
    if report.with_data:
        told.append(f"The folder {DATA} holds the study's own files, with personal data.")
    return " ".join(told)


def _left_out(plan: Plan) -> dict[str, str]:
    """Why chapters that there are do not stand in the report."""
    made = {planned.chapter for planned in plan.chapters}
    return {name: plan.left_out.get(name, "not asked for") for name in chapters() if name not in made}


def _rights(report: Report) -> str:
    """Who may do what with the report; a study that says nothing grants nothing."""
    book = report.book
    own = f"This report was made for {book.client}." if book.client else ""
    line = book.words(book.brand.confidentiality)
    return " ".join(filter(None, (own, line, "No licence to use or to pass on this report is granted here.")))


def _told(version: CodeVersion) -> str:
    """The version of the code in a word: 0.1.0+1234abc, and .changed where it is not what was committed."""
    commit = version.described and f"+{version.described}{'.changed' * bool(version.changed)}"
    return f"{metadata.version('cx-workbook')}{commit or ''}"


def _system() -> str:
    """The operating system and its release; nothing that names the machine."""
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        name = ""
    return ", ".join(filter(None, (name, f"{platform.system()} {platform.release()}", platform.machine())))
