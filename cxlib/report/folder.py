"""Where a report stands: its folder's name, what it holds, whether it is as it was made, and how it is replaced."""

import json
import re
import unicodedata
from pathlib import Path

from cxlib.errors import CxError
from cxlib.places import ROOT, data_folder, sha256, study_file
from cxlib.report.plan import FORMATS, Plan
from cxlib.study_yml import read_codebook

NAME = 60  # letters of a folder's name
CRATE = "ro-crate-metadata.json"  # the provenance, where all clock times stand; written last
DATA = "data"  # the study's own files, where a report is made with them
DEVICES = "con|prn|aux|nul|com[0-9]|lpt[0-9]"
# What a report folder holds of itself.
OURS = {*FORMATS.values(), "results.json", "plan.json", CRATE, "figures", "notebooks", "certificate.html",
        "certificate.json"}  # fmt: skip


def folder_of(study: str, language: str, part: str = "") -> Path:
    """Where a report goes that nobody has named a folder for: reports/STUDY, with its language where that is another
    one, and the part of the study that it is about."""
    file = study_file(study)
    own = file.resolve().parent.name
    added = ["" if language == read_codebook(file).language else language, slug(part) if part else ""]
    return Path("reports") / "-".join(filter(None, (own, *added)))


def slug(words: str) -> str:
    """Words as the name of a folder: in letters that every file system takes, none that Windows keeps for a device."""
    plain = unicodedata.normalize("NFKD", words.replace("đ", "d").replace("Đ", "D")).encode("ascii", "ignore").decode()
    name = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:NAME].strip("-") or "value"
    return f"{name}-value" if re.fullmatch(DEVICES, name) else name


def unchanged(out: Path, plan: Plan, formats: tuple[str, ...], *, with_data: bool = False) -> bool:
    """Whether the report stands at `out` already: made by the same plan, in the same formats, no file touched."""
    try:
        about = json.loads((out / "plan.json").read_text(encoding="utf-8"))
        same = not plan.untraced and about["hash"] == plan.hash and about["formats"] == list(formats)
        same = same and about["with_data"] == with_data and (out / CRATE).is_file()
        return same and all(sha256(out / name) == digest for name, digest in about["files"].items())
    except (OSError, ValueError, KeyError, TypeError):
        return False


def fingerprints(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a report, by name."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256(path) for path in files}


def write_json(path: Path, data: dict) -> None:
    """Write plain data as JSON, a value a line; ValueError for NaN."""
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def check_target(out: Path, plan: Plan) -> None:
    """Raise a CxError where `out` is something that a report must not replace."""
    if out.exists() and (not out.is_dir() or (any(out.iterdir()) and not (out / "plan.json").is_file())):
        raise CxError(f"{out} is not a report (it holds no plan.json), so it is not replaced; choose another --out")
    file = study_file(plan.chapters[0].places["study"])
    holds = {
        "the study": file.parent,
        "the study's data": data_folder(file, plan.chapters[0].places["data"]),
        "this project": ROOT,
        "the current folder": Path.cwd(),
    }
    for what, folder in holds.items():
        if folder.resolve().is_relative_to(out.resolve()):
            raise CxError(f"{out} is or holds {what}, so no report is put in its place; choose another --out")


def make_folder(folder: Path) -> None:
    """Make a folder that reports are put into, where it is not there yet."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise CxError(f"{folder} is a file, so that no report can be put into it; choose another --out") from None


def ours(out: Path) -> set[str]:
    """What the report at `out` holds of itself; all else there is somebody's."""
    try:
        with_data = json.loads((out / "plan.json").read_text(encoding="utf-8"))["with_data"]
    except (OSError, ValueError, KeyError, TypeError):
        with_data = False
    return OURS | ({DATA} if with_data else set())
