"""The wording of a question from wave to wave, where the files themselves carry it (Qualtrics, SPSS and the like)."""

import re
import unicodedata
from difflib import SequenceMatcher
from itertools import pairwise

from cxlib.answers import Variable
from cxlib.columns import natural_order
from cxlib.engine import source
from cxlib.language import noted, tr
from cxlib.places import entry_files
from cxlib.readers import read_table
from cxlib.waves import wave_names

# The kinds of files whose variables bear the wording; in others it is the column's name over again.
WORDED = ("qualtrics", "qualtrics_legacy", "surveymonkey", "limesurvey", "google_forms", "spss")
CLOSE = 0.9  # two wordings more alike than this (share of matching letters) may be one, mended


def changed_wordings(study) -> list[dict]:
    """Questions whose wording or labels of codes differ between two waves' files in a row that asked it.

    Case, punctuation and blanks do not count. Each is a dictionary: name, before, after, kind (wording or labels),
    detail, severity (look for a wording nearly the same, else stop), p_adjusted (nan: nothing is tested). None for a
    study whose waves stand in one file, or whose files carry no wording.
    """
    seen = _variables(study)
    rows = []
    for question in study.book.tables["survey"].questions:
        held = [(wave, variables[question]) for wave, variables in seen.items() if question in variables]
        for (before, one), (after, two) in pairwise(held):
            rows += _changed(question, before, after, one, two)
    return rows


def _variables(study) -> dict[str, dict[str, Variable]]:
    """What each wave's file tells of each question, by wave; empty with a single file."""
    spec = study.book.tables["survey"]
    files = [(entry, path) for entry in spec.file for path in entry_files(study.file, study.folder, entry)]
    if len(files) < 2:
        return {}
    found = {}
    for (entry, path), wave in zip(files, wave_names("survey", spec, files), strict=True):
        if wave is None:
            return {}
        variables = {}
        if not source(entry, path).kind:  # Parquet and databases bear no wording
            answers = read_table(path, spec.encoding)
            variables = answers.variables if answers.kind in WORDED else {}
        sources = {name: spec.source(name, entry, wave) for name in spec.questions}
        found[wave] = {name: variables[source] for name, source in sources.items() if source in variables}
    order = list(found) if any(entry.wave for entry, _ in files) else natural_order(found)
    return {wave: found[wave] for wave in order}


def _changed(question: str, before: str, after: str, one: Variable, two: Variable) -> list[dict]:
    """What differs between two waves' variables of one question."""
    about, rows = {"name": question, "before": before, "after": after, "p_adjusted": float("nan")}, []
    words = _plain(one.text), _plain(two.text)
    if all(words) and words[0] != words[1]:
        near = SequenceMatcher(None, *words, autojunk=False).ratio() >= CLOSE
        detail = tr(
            "The wording was “{old}” in {before} and is “{new}” in {after}.",
            old=one.text,
            new=two.text,
            before=before,
            after=after,
        )
        rows.append(about | {"kind": noted("wording"), "detail": detail, "severity": "look" if near else "stop"})
    codes = [code for code in one.labels if code in two.labels and _plain(one.labels[code]) != _plain(two.labels[code])]
    if codes:
        told = [
            tr("{code} was “{old}” and is “{new}”", code=code, old=one.labels[code], new=two.labels[code])
            for code in codes[:3]
        ]
        given = {"changes": "; ".join(told), "wave": after}
        detail = (
            tr("The code {changes} in {wave} ({number} codes in all).", number=len(codes), **given)
            if len(codes) > 3
            else tr("The code {changes} in {wave}.", **given)
        )
        rows.append(about | {"kind": noted("labels"), "detail": detail, "severity": "stop"})
    return rows


def _plain(words: str) -> str:
    """A wording without what does not change it: case, punctuation, blanks."""
    return re.sub(r"[\W_]+", " ", unicodedata.normalize("NFC", words).casefold()).strip()
