"""Where a study and its files are, and their fingerprints. Imports nothing slow."""

import glob
import hashlib
from pathlib import Path

from cxlib.codebook import Codebook, Wave
from cxlib.errors import CommandError, CxError, nearest

ROOT = Path(__file__).resolve().parent.parent


def find(path: str | Path, what: str = "study") -> Path:
    """The file or folder of that name, looked up from the caller's folder, then from the project root.

    Inside notebooks/ the folder above is tried as well. Raises CommandError where there is none.
    """
    path = Path(path).expanduser()
    bases = [Path.cwd(), *([Path.cwd().parent] if Path.cwd().name == "notebooks" else []), ROOT]
    for base in bases:
        try:
            if (base / path).exists():
                return base / path
        except OSError:
            break  # a name that no file system takes
    raise CommandError(f"there is no {what} at {path} (looked from the current folder and from the project root)")


def study_file(path: str | Path) -> Path:
    """The study.yml that `path` names: the file itself, or the one in that folder."""
    found = find(path)
    file = found / "study.yml" if found.is_dir() else found
    if not file.is_file() or file.suffix not in (".yml", ".yaml"):
        made = f"; `cx new FOLDER --from {path}` makes one of an export" if file.is_file() else ""
        raise CommandError(f"{path} is no study: a study is a folder with a study.yml, or such a file{made}")
    return file


def data_folder(file: Path, data: str | Path | None) -> Path:
    """Where the study's data files are looked up: `data`, or else beside study.yml."""
    folder = find(data, "data folder") if data else file.parent
    if not folder.is_dir():
        raise CommandError(f"--data names the folder of the study's files; {data} is not a folder")
    return folder


def entry_files(file: Path, folder: Path, entry: Wave, what: str = "data file") -> list[Path]:
    """The files an entry of study.yml names: one, or all that its pattern matches, in order; none for Spark's."""
    if entry.spark:
        return []
    path = folder / entry.file
    if not path.is_file() and glob.has_magic(entry.file):
        found = sorted(folder / name for name in glob.glob(entry.file, root_dir=folder, recursive=True))
        if not found:
            raise CxError(f"{file}: no file matches {entry.file} in {folder}")
        return found
    if not path.is_file():
        there = [p.name for p in path.parent.glob("*")] if path.parent.is_dir() else []
        raise CxError(f"{file}: the {what} {entry.file} is not in {folder}{nearest(path.name, there)}")
    return [path]


def margin_files(file: Path, folder: Path, book: Codebook) -> dict[str, Path]:
    """The files that hold margins of the population, by the name that study.yml gives them."""
    return {m.file: entry_files(file, folder, Wave(file=m.file))[0] for m in book.margins if m.file is not None}


def brand_files(file: Path, book: Codebook) -> dict[str, Path]:
    """The files that give a report the client's look, by what they are (logo, slides); they stand beside study.yml."""
    named = {"logo": book.brand.logo, "slides": book.brand.slides}
    given = {what: Wave(file=name) for what, name in named.items() if name}
    return {what: entry_files(file, file.parent, entry, f"{what} file")[0] for what, entry in given.items()}


def fingerprints(file: Path, folder: Path, book: Codebook) -> dict[str, str]:
    """SHA-256 of study.yml and of every file of the study (data, margins, logo, slides), by name.

    Tables of Spark are no files: untraced() names them.
    """
    found = {file.name: file}
    for table in book.tables.values():
        for entry in table.file:
            for path in entry_files(file, folder, entry):
                name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
                found[name] = path
                log = path.with_name(f"{path.name}.wal")  # what DuckDB has not yet written into the database itself
                if entry.table and log.is_file():
                    found[f"{name}.wal"] = log
    found |= margin_files(file, folder, book)
    found |= {path.name: path for path in brand_files(file, book).values()}
    return {name: sha256(path) for name, path in sorted(found.items())}


def untraced(book: Codebook) -> list[str]:
    """Tables without a fingerprint, as they stand in Spark's catalog: what rests on them is never told unchanged."""
    return [name for name, table in book.tables.items() if any(entry.spark for entry in table.file)]


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
