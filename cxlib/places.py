"""Where a study and its files are, and their fingerprints. Imports nothing slow."""

import glob
import hashlib
import os
import re
import tempfile
from contextlib import suppress
from itertools import islice
from pathlib import Path

from cxlib.codebook import Codebook, Wave
from cxlib.errors import CommandError, CxError, nearest

ROOT = Path(__file__).resolve().parent.parent
MOST_FILES = 10_000  # of one entry of study.yml


def find(path: str | Path, what: str = "study") -> Path:
    """The file or folder of that name, looked up from the caller's folder, then from the project root.

    Inside notebooks/ the folder above is tried as well. Raises CommandError where there is none.
    """
    path = Path(path)
    with suppress(RuntimeError):  # ~name where nobody has that name: a folder may
        path = path.expanduser()
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
    if not _is_text(str(path)):
        raise CommandError(f"the name of the study {str(path)!r} is no text in UTF-8; give the folder another one")
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


def recorded(path: Path) -> str:
    """Where a folder is, as a report records it: its place within the project, or else its own name alone.

    The folders above it tell of a machine, its user and other clients, and so stay out of what is handed on.
    """
    for whole in (Path(os.path.abspath(path)), path.resolve()):
        if whole.is_relative_to(ROOT):
            return whole.relative_to(ROOT).as_posix()
    return Path(os.path.abspath(path)).name or "study"


def recorded_study(file: Path) -> str:
    """Where a study is, as a report records it: its folder, and the name of its study.yml where that is another one."""
    folder = recorded(file.parent)
    return folder if file.name == "study.yml" else f"{folder}/{file.name}"


def unplaced(text: str, *folders: Path) -> str:
    """A text in which these folders, and those of the project and of passing files, are named as recorded() does."""
    known = {str(way(folder)) for folder in (*folders, ROOT, Path(tempfile.gettempdir()))
             for way in (os.path.abspath, Path.resolve)}  # fmt: skip
    for folder in sorted(known, key=len, reverse=True):
        text = text.replace(folder, recorded(Path(folder)))
    return text


def is_study(place: str, file: Path) -> bool:
    """Whether `place` means the study of this file: as a report records it, or by a path that leads there."""
    if place == recorded_study(file):
        return True
    try:
        return study_file(place).resolve() == file.resolve()
    except CommandError:
        return False


def entry_files(file: Path, folder: Path, entry: Wave, what: str = "data file") -> list[Path]:
    """The files an entry of study.yml names: one, or all that its pattern matches, in order; none for Spark's."""
    if entry.spark:
        return []
    path = folder / entry.file
    found = _matches(file, folder, entry.file) if glob.has_magic(entry.file) and not path.is_file() else [path]
    for one in found:
        if not one.is_file():
            _refuse(file, folder, entry.file, one, what)
        if not _is_text(one.name):
            raise CxError(f"{file}: the name of the {what} {one.name!r} is no text in UTF-8; give the file another one")
    return found


def _matches(file: Path, folder: Path, pattern: str) -> list[Path]:
    """The files that a pattern matches, in order; it looks in no other folder than the study's."""
    parts = Path(pattern).parts
    if Path(pattern).is_absolute() or ".." in parts or parts.count("**") > 1:
        rule = "such a pattern begins with no /, holds no .. and ** at most once"
        raise CxError(f"{file}: {pattern} is no pattern of files in {folder}: {rule}")
    found = list(islice(glob.iglob(pattern, root_dir=folder, recursive=True), MOST_FILES + 1))
    if not found:
        raise CxError(f"{file}: no file matches {pattern} in {folder}")
    if len(found) > MOST_FILES:
        raise CxError(f"{file}: more than {MOST_FILES:,} files match {pattern} in {folder}")
    return sorted(folder / name for name in found)


def _refuse(file: Path, folder: Path, named: str, path: Path, what: str) -> None:
    """CxError for what is no file, saying what it is."""
    if path.is_dir():
        raise CxError(f"{path}: is a folder; name the files in it")
    if path.exists():
        raise CxError(f"{file}: the {what} {named} is no file but a device, a pipe or a socket")
    if re.match(r"\w+://", named):
        raise CxError(f"{file}: the {what} {named} is an address; nothing is fetched: save the file in {folder}")
    there = [p.name for p in islice(path.parent.glob("*"), MOST_FILES)] if path.parent.is_dir() else []
    raise CxError(f"{file}: the {what} {named} is not in {folder}{nearest(path.name, there)}")


def _is_text(name: str) -> bool:
    """Whether a file's name is text in UTF-8, so that a record can hold it."""
    return not re.search("[\ud800-\udfff]", name)


def margin_files(file: Path, folder: Path, book: Codebook) -> dict[str, Path]:
    """The files that hold margins of the population, by the name that study.yml gives them."""
    return {m.file: entry_files(file, folder, Wave(file=m.file))[0] for m in book.margins if m.file is not None}


def brand_files(file: Path, book: Codebook) -> dict[str, Path]:
    """The files that give a report the client's look, by what they are (logo, slides); they stand beside study.yml."""
    named = {"logo": book.brand.logo, "slides": book.brand.slides}
    given = {what: Wave(file=name) for what, name in named.items() if name}
    return {what: entry_files(file, file.parent, entry, f"{what} file")[0] for what, entry in given.items()}


def study_files(file: Path, folder: Path, book: Codebook) -> dict[str, Path]:
    """study.yml and every file of the study (data, margins, logo, slides), by the name that a report gives it: its
    place in the study's folder or, from elsewhere, its own name.

    Tables of Spark are no files: untraced() names them.
    """
    found = {file.name: file}

    def add(path: Path, base: Path) -> None:
        inside = path.is_relative_to(base) and ".." not in path.relative_to(base).parts
        told = path.relative_to(base).as_posix() if inside else path.name
        name = plain = os.fsencode(told).decode(errors="replace")  # names on disk need not be text
        number = 1
        while found.get(name, path) != path:  # another file of that name, from another folder
            number += 1
            name = f"{number}-{plain}"
        found[name] = path

    for table in book.tables.values():
        for entry in table.file:
            for path in entry_files(file, folder, entry):
                add(path, folder)
                log = path.with_name(f"{path.name}.wal")  # what DuckDB has not yet written into the database itself
                if entry.table and log.is_file():
                    add(log, folder)
    for path in margin_files(file, folder, book).values():
        add(path, folder)
    for path in brand_files(file, book).values():
        add(path, file.parent)
    return dict(sorted(found.items()))


def fingerprints(file: Path, folder: Path, book: Codebook) -> dict[str, str]:
    """SHA-256 of each of study_files(), by name."""
    found = {}
    for name, path in study_files(file, folder, book).items():
        try:
            found[name] = sha256(path)
        except OSError as error:
            raise CxError(f"{path}: cannot be read: {error.strerror}") from None
    return found


def untraced(book: Codebook) -> list[str]:
    """Tables without a fingerprint, as they stand in Spark's catalog: what rests on them is never told unchanged."""
    return [name for name, table in book.tables.items() if any(entry.spark for entry in table.file)]


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
