"""cx report --lang vi from its front door: every format in Vietnamese, the same numbers, no English left."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pptx
import pypdf
import pytest
import yaml

from cxlib import messages
from cxlib.places import ROOT
from cxlib.published import read_chapters
from cxlib.report import document

CX = Path(sys.executable).with_name("cx")
WORDS = re.compile(r"[^\W\d_]+")
# Customers' own words, and what is reckoned from them.
VERBATIM = ("themes", "theme_scores", "key_terms", "terms", "comments")


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    """The demo report in Vietnamese, made by the command."""
    out = tmp_path_factory.mktemp("reports") / "demo-vi"
    done = subprocess.run(
        [CX, "report", "data/demo", "--lang", "vi", "--out", out], cwd=ROOT, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    return out


def test_numbers_are_those_of_the_english_report(report):
    """The oracle is the committed notebooks, which nbval holds to the code."""
    kept = ("value", "low", "high", "n")
    english, found = read_chapters(ROOT / "notebooks"), read_chapters(report / "notebooks")
    assert list(found) == list(english)
    for name, chapter in english.items():
        for number, data in chapter.numbers.items():
            other = found[name].numbers[number]
            assert [other[key] for key in kept] == [data[key] for key in kept]
        for table, frame in chapter.tables.items():
            if table not in VERBATIM:
                pd.testing.assert_frame_equal(
                    found[name].tables[table].select_dtypes("number"), frame.select_dtypes("number"), obj=table
                )
    assert json.loads((report / "results.json").read_text(encoding="utf-8"))["lang"] == "vi"


def texts(data, place: str):
    """Every text of published data with where it stands; records and drawings aside."""
    if isinstance(data, str):
        yield place, data
    elif isinstance(data, dict):
        for key, value in data.items():
            record = key in ("rows", "columns", "kinds", "units") and "printed" in data
            if key not in ("svg", "chart", "data", "name", "unit", "values") and not record:
                yield from texts(value, place)
    elif isinstance(data, (list, tuple)):
        for value in data:
            yield from texts(value, place)


def english_words() -> set[str]:
    """Words of the English messages that no translation holds, and that are no word of the demo's own data."""
    english, vietnamese = set(), set()
    for message in messages.messages():
        for one in message if isinstance(message, tuple) else (message,):
            english |= {word.lower() for word in WORDS.findall(re.sub(r"\{\w+\}", "", one))}
    for message in messages.catalogue("vi"):
        for one in message.string if isinstance(message.string, tuple) else (message.string,):
            vietnamese |= {word.lower() for word in WORDS.findall(re.sub(r"\{\w+\}", "", one))}
    return {word for word in english - vietnamese - own_words() if len(word) > 1}


def own_words() -> set[str]:
    """Names and labels of the demo study as a Vietnamese report prints them, and the codes of its tables."""
    study = yaml.safe_load((ROOT / "data" / "demo" / "study.yml").read_text(encoding="utf-8"))
    found: set[str] = set()

    def walk(value, named=False):
        """Texts in Vietnamese, and the keys of blocks whose keys are names or codes of the study's own."""
        if isinstance(value, dict):
            for key, inner in value.items():
                found.update(WORDS.findall(str(key)) if named else ())
                if key in ("vi", "name"):
                    found.update(WORDS.findall(str(inner)))
                walk(inner, key in ("questions", "labels", "nets", "derive", "names"))
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(study)
    for path in sorted((ROOT / "data" / "demo").glob("*.csv")):
        frame = pd.read_csv(path, dtype=str).drop(columns=["comment", "name", "email"], errors="ignore")
        for column in frame:
            if frame[column].nunique() < 200:
                found.update(word for value in frame[column].dropna().unique() for word in WORDS.findall(value))
    return {word.lower() for word in found}


def test_no_english_words_remain(report):
    suspects, left = english_words(), []
    assert {"respondents", "interval", "answers"} <= suspects
    for path in sorted((report / "notebooks").glob("*.ipynb")):
        chapter = document.read_chapter(path)
        for section in chapter.sections:
            for place, text in [("title", chapter.title), ("section", section.title)]:
                left += [(path.name, place, w) for w in WORDS.findall(text) if w.lower() in suspects]
            for block in section.blocks:
                verbatim = block.name.startswith(VERBATIM) or block.data.get("data") in VERBATIM
                for place, text in texts(block.data, f"{block.kind} {block.name}"):
                    if not verbatim:
                        left += [(path.name, place, w, text[:80]) for w in WORDS.findall(text) if w.lower() in suspects]
    assert not left, f"{len(left)} English words remain, e.g. {left[:8]}"


def test_every_format_speaks_vietnamese(report):
    page = (report / "index.html").read_text(encoding="utf-8")
    assert '<html lang="vi">' in page
    reader = pypdf.PdfReader(report / "report.pdf")
    assert reader.trailer["/Root"]["/Lang"].startswith("vi")
    pdf = " ".join(reader.pages[number].extract_text() for number in range(8))
    slides = pptx.Presentation(str(report / "report.pptx"))
    spoken = " ".join(s.text_frame.text for slide in slides.slides for s in slide.shapes if s.has_text_frame)
    book = openpyxl.load_workbook(io.BytesIO((report / "tables.xlsx").read_bytes()), read_only=True)
    title = "Sao Mai Retail: trải nghiệm khách hàng 2025-2026"
    assert book["Mục lục"]["A1"].value == title
    seen = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    for text in (seen, pdf.replace("\n", " "), spoken):
        assert title in text
        assert "45,8" in text  # NPS, with a Vietnamese comma
        assert "40,1 đến 51,0" in text
        for english in ("Contents", "Bottom line", "effective base", "interval"):
            assert english not in re.sub(r"<[^>]*>", "", text[text.find("<body") :]), english
