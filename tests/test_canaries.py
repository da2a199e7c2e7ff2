"""200 canaries: private details planted wherever a study has room for one, and searched for in all that is written.

Planted are names, phones, mail addresses, papers and cards in private and undeclared columns of every table, in
comments, and in cells that break rules. Oracle: what was planted, looked for byte by byte with other tools than the
project's own (pypdf, zipfile, zlib).
"""

import html
import io
import itertools
import os
import re
import subprocess
import sys
import unicodedata
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pypdf
import pytest

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = ("--only", "data_quality", "--only", "survey_analysis")
FAMILY, MIDDLE = ("Quách", "Nghiêm", "Thạch", "Khổng", "Doãn"), ("Thị", "Văn", "Đình", "Ngọc")
GIVEN = ("Khuyên", "Bưởi", "Quyết", "Thoa", "Nhạn", "Chiến", "Xoan", "Tuyết", "Hoè", "Diệp", "Lượm", "Thuỵ")
NAMES = (f"{a} {b} {c}" for c, b, a in itertools.product(GIVEN, MIDDLE, FAMILY))
ENGLISH = (f"{a} {b}" for b, a in itertools.product(("Harkness", "Ollerton", "Whitby"), ("Gwen", "Barnaby", "Tabitha")))

COMMENTS = [  # {p} a phone, {m} a mail address, {i} an identity number, {c} a card, {n} and {e} a name
    "Giao hàng chậm quá, gọi tôi số {p} nhé",
    "Nhân viên thân thiện, mail cho tôi: {m}",
    "Thanh toán lỗi, CCCD của tôi {i} bị từ chối",
    "Thẻ {c} bị trừ tiền hai lần, thanh toán lỗi",
    "tôi là {n}, giao hàng chậm quá",
    "My name is {e} and the delivery was late",
    "The delivery was late, call me on {p} or write to {m}",
    "anh {n} giao hàng chậm nhưng thân thiện",
]


class Canaries:
    """Makes details of persons that are found nowhere else, and keeps what they are known by."""

    def __init__(self):
        self.rng, self.known, self.count = np.random.default_rng(12), [], 0

    def _next(self) -> int:
        self.count += 1
        return self.count

    def phone(self) -> str:
        digits = f"0{self.rng.choice([3, 5, 7, 8, 9])}{7131000 + 137 * self._next():08d}"
        self.known.append(digits[1:])
        forms = ("{}{}{}", "{} {} {}", "{}.{}.{}", "{}-{}-{}", "+84 {}{}{}", "0084{}{}{}", "({}) {} {}")
        form = forms[self.count % len(forms)]
        first = digits[1:4] if "84" in form else digits[:4]
        return form.format(first, digits[4:7], digits[7:])

    def mail(self) -> str:
        name = f"canary{self._next()}.{self.rng.integers(1000, 9999)}"
        self.known.append(name)
        return name + "@" + self.rng.choice(["mail.example", "gmail.com", "cty.com.vn"])

    def paper(self) -> str:
        self.known.append(f"0{int(self.rng.integers(10, 96)):02d}1{19_000_000 + 7_919 * self._next():08d}")
        return self.known[-1]

    def card(self) -> str:
        body = f"4{self.rng.integers(10**13, 10**14)}"
        doubled = [int(d) * (2 - place % 2) for place, d in enumerate(reversed(body))]
        digits = body + str(-sum(sum(divmod(d, 10)) for d in doubled) % 10)
        self.known.append(digits)
        self._next()
        return " ".join(digits[i : i + 4] for i in range(0, 16, 4))

    def name(self) -> str:
        self._next()
        self.known.append(next(NAMES))
        return self.known[-1]

    def english(self) -> str:
        self._next()
        self.known.append(next(ENGLISH))
        return self.known[-1]

    def comment(self, form: str) -> str:
        made = {"p": self.phone, "m": self.mail, "i": self.paper, "c": self.card, "n": self.name, "e": self.english}
        return form.format(**{letter: make() for letter, make in made.items() if f"{{{letter}}}" in form})


STUDY = """study: nest
title: {en: "A nest", vi: "Một cái tổ"}
sample: opt_in
minimum_base: 5
tables:
  survey:
    file: survey.csv
    respondent: id
    customer: customer
    wave: wave
    recontact: again
    private: [name, phone, mail, paper]
    questions:
      recommend: {role: metric, metric: nps}
      overall: {role: metric, metric: csat}
      staff: {role: driver, scale: [1, 5]}
      branch: {role: segment}
      why: {role: comment}
  customers:
    {file: customers.csv, customer: id, recontact: again, private: [name, phone], questions: {city: {role: segment}}}
  complaints: {file: complaints.csv, complaint: id, complainer: who, when: day, private: [contact]}
"""
BROKEN = """study: broken
title: Broken
sample: opt_in
tables:
  survey:
    file: survey.csv
    respondent: id
    wave: wave
    weight: weight
    when: day
    private: [name]
    questions:
      recommend: {role: metric, metric: nps}
      overall: {role: metric, metric: csat}
      sex: {role: segment, labels: {1: m, 2: f}}
      channels: {role: multi, labels: {a: A, b: B}}
      spend: {role: number}
"""


def write(folder: Path, canaries: Canaries) -> None:
    """A sound study, one that breaks rules, an export without a study, and a sound one whose report gives away."""
    rng, n = canaries.rng, 120
    survey = pd.DataFrame({"id": [f"R{i}" for i in range(n)], "customer": [f"C{i % 60}" for i in range(n)]})
    survey["wave"], survey["again"] = np.where(np.arange(n) < 60, "2025", "2026"), 1
    for column, make in (("name", "name"), ("phone", "phone"), ("mail", "mail"), ("paper", "paper")):
        survey[column] = [getattr(canaries, make)() if i < 20 else None for i in range(n)]
    survey["fullname"] = survey["name"]  # declared nowhere
    survey["recommend"], survey["overall"] = rng.integers(0, 11, n), rng.integers(1, 6, n)
    survey["staff"], survey["branch"] = rng.integers(1, 6, n), rng.choice(["North", "South"], n)
    plain = [form for form in COMMENTS if "{e}" not in form]
    survey["why"] = [canaries.comment(COMMENTS[i % 8] if i < 40 else plain[i % 7]) for i in range(n)]
    customers = pd.DataFrame({"id": [f"C{i}" for i in range(60)], "again": 1, "city": rng.choice(["hn", "hcm"], 60)})
    customers["name"] = [canaries.name() if i < 12 else None for i in range(60)]
    customers["phone"] = [canaries.phone() if i < 12 else None for i in range(60)]
    complaints = pd.DataFrame({"id": [f"K{i}" for i in range(12)], "who": [f"C{i}" for i in range(12)]})
    complaints["day"], complaints["contact"] = "2026-01-05", [canaries.mail() for _ in range(12)]
    complaints["text"] = [canaries.comment("Không hài lòng, gọi {p}") for _ in range(12)]  # declared nowhere
    (folder / "nest").mkdir()
    (folder / "nest/study.yml").write_text(STUDY, encoding="utf-8")
    for name, table in (("survey", survey), ("customers", customers), ("complaints", complaints)):
        table.to_csv(folder / f"nest/{name}.csv", index=False)
    survey.drop(columns="fullname").to_csv(folder / "export.csv", index=False)

    broken = pd.DataFrame({"id": range(40), "wave": "2026", "weight": 1, "day": "2026-01-31", "name": "x"}).astype(
        object
    )
    usual = {"recommend": 9, "overall": 4, "sex": 1, "channels": "a;b", "spend": 100}
    broken = broken.assign(**usual).astype(object)
    details = (canaries.phone, canaries.mail, canaries.name, canaries.paper, canaries.english, canaries.card)
    for row, column in enumerate(["weight", "day", "recommend", "overall", "sex", "channels", "spend"]):
        broken.loc[3 * row, column] = details[row % 6]()
    twice = canaries.phone()
    broken.loc[[30, 31], "id"] = twice
    (folder / "broken").mkdir()
    (folder / "broken/study.yml").write_text(BROKEN, encoding="utf-8")
    broken.to_csv(folder / "broken/survey.csv", index=False)

    (folder / "open").mkdir()
    private = "[name, phone, mail, paper]"
    text = STUDY.replace("study: nest", "study: open").replace(f"private: {private}", "private: [name, phone, paper]")
    (folder / "open/study.yml").write_text(text.replace("why:", "mail: {role: segment}\n      why:"), encoding="utf-8")
    survey["mail"] = np.where(np.arange(n) % 2, canaries.mail(), canaries.mail())
    for name, table in (("survey", survey), ("customers", customers), ("complaints", complaints)):
        table.to_csv(folder / f"open/{name}.csv", index=False)


COMMANDS = {
    "check": (["check", "nest"], 0),
    "broken": (["check", "broken"], 1),
    "failing": (["report", "broken", *CHAPTERS[:2], "--out", "out/broken", "--no-cache"], 1),
    "new": (["new", "made", "--from", "export.csv", "--yes"], 0),
    "en": (["report", "nest", *CHAPTERS, "--out", "out/en", "--lang", "en"], 0),
    "vi": (["report", "nest", *CHAPTERS, "--out", "out/vi", "--lang", "vi", "--format", "html,xlsx"], 0),
    "each": (
        ["report", "nest", "--only", "data_quality", "--each", "branch", "--out", "out/each", "--format", "html"],
        0,
    ),
    "refused": (["report", "open", "--only", "survey_analysis", "--out", "out/en", "--format", "html"], 1),
    "named": (
        ["report", "open", "--only", "data_quality", "--each", "mail", "--out", "out/mail", "--format", "html"],
        1,
    ),
}


@pytest.fixture(scope="module")
def nest(tmp_path_factory):
    """A folder in which all commands were run: its canaries, what each command said, and the cache entries it left."""
    folder, canaries = tmp_path_factory.mktemp("nest"), Canaries()
    write(folder, canaries)
    cache = ROOT / "reports/.cache"
    before = {path.name for path in cache.glob("*")} if cache.is_dir() else set()
    said = {}
    for name, (arguments, _) in COMMANDS.items():
        command = [sys.executable, "-c", "from cxlib.cli import main; main()", *arguments]
        done = subprocess.run(command, cwd=folder, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True)
        said[name] = done.returncode, done.stdout + done.stderr
    left = [path.read_bytes() for path in cache.glob("[0-9a-f]*") if path.name not in before] if cache.is_dir() else []
    return folder, canaries, said, left


def read(name: str, content: bytes):
    """The contents of a file, and of all files within it."""
    yield name, content
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for part in archive.namelist():
                yield from read(f"{name}/{part}", archive.read(part))
    elif content.startswith(b"%PDF"):
        pages = pypdf.PdfReader(io.BytesIO(content)).pages
        yield f"{name} as text", "\n".join(page.extract_text() for page in pages).encode()


def canaries_in(content: bytes, known: list[str]) -> list[str]:
    """The canaries that stand in some bytes, whatever stands between their digits, and in whatever composition."""
    text = html.unescape(content.decode("utf-8", "replace"))
    text = unicodedata.normalize("NFC", re.sub(r"\\u([0-9a-f]{4})", lambda m: chr(int(m[1], 16)), text))
    plain, digits = (
        " ".join(re.sub(r"<[^<>]*>", "", text).split()).casefold(),
        re.sub(r"(?<=\d)[\s.\-()]+(?=\d)", "", text),
    )
    return [one for one in known if one.casefold() in plain or (one.isdigit() and one in digits)]


def test_there_are_200_canaries(nest):
    _, canaries, _, _ = nest
    assert len(set(canaries.known)) == len(canaries.known) >= 200


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_ends_as_it_ought_to_and_says_no_canary(nest, name):
    _, canaries, said, _ = nest
    code, told = said[name]
    assert code == COMMANDS[name][1], told.decode()
    assert canaries_in(told, canaries.known) == []
    assert b"Traceback" not in told


def test_no_canary_stands_in_any_byte_that_was_written(nest):
    folder, canaries, _, left = nest
    files = [path for path in [*(folder / "out").rglob("*"), *(folder / "made").rglob("*")] if path.is_file()]
    assert {path.suffix for path in files} >= {".html", ".pdf", ".pptx", ".xlsx", ".ipynb", ".json", ".svg", ".yml"}
    found = {}
    for path in files:
        for name, content in read(path.relative_to(folder).as_posix(), path.read_bytes()):
            if there := canaries_in(content, canaries.known):
                found[name] = there
    assert found == {}
    assert left, "the cache holds the chapters that were executed"
    for entry in left:
        assert canaries_in(zlib.decompress(entry.partition(b"\n")[2]), canaries.known) == []


def test_the_oracle_itself_finds_canaries(nest):
    folder, canaries, _, _ = nest
    found = canaries_in((folder / "nest/survey.csv").read_bytes(), canaries.known)
    assert len(found) > 150, len(canaries.known)


def test_masked_comments_are_published(nest):
    """Not that nothing is shown at all."""
    page = (nest[0] / "out/vi/index.html").read_text(encoding="utf-8")
    assert "[điện thoại]" in page
    assert "[tên]" in page or "[số]" in page or "[thư điện tử]" in page


def test_a_report_that_would_give_somebody_away_is_refused_and_the_old_one_stays(nest):
    folder, _, said, _ = nest
    assert "would give away private data" in said["refused"][1].decode()
    assert "a mail address, e.g. cana…" in said["refused"][1].decode()
    assert (folder / "out/en/report.pdf").is_file()
    assert "no reports are made by mail" in said["named"][1].decode()
    assert not (folder / "out/mail").exists()
