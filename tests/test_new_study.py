"""cx new: from an export to a study that holds, with nothing overwritten and nothing half-written."""

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cxlib import Study, new_asking, new_draft, new_study, nps, study_text
from cxlib.errors import CxError
from cxlib.guesses import Guess
from cxlib.study_yml import read_codebook

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared/data"
# Headers as Vietnamese survey tools write them, names and phones among them; the comments quote a phone.
HEADERS = (
    "Dấu thời gian,Họ và tên,Số điện thoại,Giới tính,Tuổi,Bạn có sẵn lòng giới thiệu chúng tôi cho bạn bè không? (0-10)"
    ",Mức độ hài lòng chung,Thái độ nhân viên,Tốc độ phục vụ,Chất lượng sản phẩm,Góp ý"
)


def vietnamese(n: int = 80) -> str:
    """An export of n rows: ratings that run through their scales, 99 for no answer in every tenth."""
    lines = [HEADERS]
    for i in range(n):
        score = 99 if i % 10 == 9 else i % 11
        day = f"2026-03-{1 + i % 28:02d} 10:{i % 60:02d}:00"
        who = f"Nguyễn Văn {'ABCDEFGH'[i % 8]}{'abcdefghij'[i // 8]},09{i:08d},{'Nam' if i % 2 else 'Nữ'},{18 + i % 50}"
        comment = f"Nhân viên thứ {i} phục vụ rất chậm, gọi 0912 345 678"
        lines.append(f'{day},{who},{score},{1 + i % 5},{1 + (i * 2) % 5},{1 + (i * 3) % 5},{1 + i % 5},"{comment}"')
    return "\n".join(lines) + "\n"


def begun(tmp_path: Path, content: str | dict[str, str]) -> Path:
    """The study that is made from these exports, by file name."""
    files = content if isinstance(content, dict) else {"export.csv": content}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    new_study.create(tmp_path / "study", [tmp_path / name for name in files])
    return tmp_path / "study"


def spec(folder: Path):
    return read_codebook(folder / "study.yml").tables["survey"]


# -- from an export to a study -------------------------------------------------------------------------------------


def test_a_vietnamese_export_becomes_a_study_that_holds(tmp_path, cx):
    folder = begun(tmp_path, vietnamese())
    study = Study.load(folder)
    assert study.check() == []
    table = spec(folder)
    assert set(table.private) == {"Họ và tên", "Số điện thoại"}
    assert table.keys == {"when": "Dấu thời gian"}
    metrics = {q.metric: name for name, q in table.questions.items() if q.role == "metric"}
    assert list(metrics) == ["nps", "csat"]
    assert table.questions[metrics["nps"]].missing == ("99",)
    assert [q.label for q in table.questions.values() if q.role == "driver"] == [
        *("Thái độ nhân viên", "Tốc độ phục vụ", "Chất lượng sản phẩm")
    ]
    assert study.book.language == "vi"
    # By hand: of 80 rows every tenth is 99; the rest are i % 11, which is 9 or 10 where i is.
    scores = [i % 11 for i in range(80) if i % 10 != 9]
    expected = 100 * (sum(s >= 9 for s in scores) - sum(s <= 6 for s in scores)) / len(scores)
    found = nps(study.survey[metrics["nps"]])
    assert (found.n, found.value) == (72, pytest.approx(expected))


def test_every_guess_stands_with_its_reason_and_confidence(tmp_path):
    text = (begun(tmp_path, vietnamese()) / "study.yml").read_text()
    assert (
        '# guessed: 0-10 scale as stated and "giới thiệu" in the wording (high confidence); off the scale: 99 (8)'
        in text
    )
    assert '- "Họ và tên"  # guessed: ' in text
    assert "# look: 80 comments hold a mail address or phone number" in text
    guesses = re.findall(r"# guessed: (.*)", text)
    questions = len(read_codebook(tmp_path / "study/study.yml").tables["survey"].questions)
    assert sum(g.count("confidence)") for g in guesses) == len(guesses) - 1  # all but the sample's
    assert len(guesses) == 1 + 1 + 2 + questions  # the sample, the time, two private columns, and each question


def test_the_summary_tells_what_to_look_at_and_what_to_type_next(tmp_path, cx):
    (tmp_path / "export.csv").write_text(vietnamese(), encoding="utf-8")
    status, out, err = cx("new", tmp_path / "study", "--from", tmp_path / "export.csv")
    lines = out.splitlines()
    assert (status, err) == (0, "")
    assert lines[0] == f"{tmp_path / 'study' / 'study.yml'}: 80 rows, 11 columns"
    assert any(line.startswith("private, never loaded: 2: Họ và tên, Số điện thoại") for line in lines)
    assert lines[-3:] == ["next:", f"  cx check {tmp_path / 'study'}", f"  cx report {tmp_path / 'study'}"]
    assert cx("check", tmp_path / "study")[0] == 0


def test_the_dictionary_stands_beside_and_tells_nobody(tmp_path):
    folder = begun(tmp_path, vietnamese())
    assert sorted(p.name for p in folder.iterdir()) == ["dictionary.html", "dictionary.xlsx", "study.yml"]
    page = (folder / "dictionary.html").read_text()
    assert "Mức độ hài lòng chung" in page
    assert "Nguyễn" not in page
    assert "0912" not in page


def test_headers_of_every_kind_are_quoted(tmp_path):
    """Round trip through YAML: quotes, colons, pictures, trailing blanks, signs that YAML reserves, 300 letters."""
    heads = [
        'He said "so": why?',
        "  blanks  ",
        "😀 mood #1",
        "yes",
        "null",
        "x: {a}",
        "- dash",
        "é" * 300,
        "tab\there",
    ]
    lines = [",".join('"' + h.replace('"', '""') + '"' for h in heads)]
    lines += [",".join("ab"[(i + j) % 2] for j in range(len(heads))) for i in range(40)]
    folder = begun(tmp_path, "\n".join(lines) + "\n")
    raw = yaml.safe_load((folder / "study.yml").read_text())["tables"]["survey"]["questions"]
    columns = [question.get("column", name) for name, question in raw.items()]
    assert Study.load(folder).check() == []
    assert [c for c in columns if c in ("yes", "null", "x: {a}", "- dash", "blanks", "é" * 300)] == [
        *("blanks", "yes", "null", "x: {a}", "- dash", "é" * 300)
    ]
    assert all(re.fullmatch(r"[^\W\d]\w{0,39}", name) for name in raw)


@pytest.mark.parametrize(
    "text",
    [
        '"',
        "\\",
        "a: b",
        "# no",
        "yes",
        "1",
        "1e3",
        "null",
        "\u2028",
        "\x85",
        "\ufeff",
        "\x7f",
        "😀",
        " x ",
        "",
        "é",
        "&a",
        "*b",
    ],
)
def test_a_text_comes_back_from_yaml_as_it_was(text):
    """Property: what is written is read as the same text, by any reader of YAML."""
    assert yaml.safe_load(f"{study_text.scalar(text)}: {study_text.flow([text])}") == {text: [text]}


def test_a_comment_never_breaks_its_line():
    made = Guess(("x",), "question", "single", {}, "a\nb\x00c\u2028d", "high", look="e\r\nf")
    lines = study_text.question("x", made, {})
    assert lines == ["      # guessed: a b?c d (high confidence)", "      # look: e f", "      x: {role: single}"]


# -- waves ---------------------------------------------------------------------------------------------------------

ONE = "id,*Recommend,overall,city\n" + "".join(f"{i},{i % 11},{1 + i % 5},{'ab'[i % 2]}\n" for i in range(40))
TWO = "id,recommend ,Overall,new,city\n" + "".join(
    f"{i},{i % 11},{1 + i % 5},{i % 2},{'ab'[i % 2]}\n" for i in range(40)
)


def test_several_files_are_waves_whose_columns_are_found_by_their_names(tmp_path):
    folder = begun(tmp_path, {"s 2026.csv": TWO, "s 2025.csv": ONE})
    raw = yaml.safe_load((folder / "study.yml").read_text())["tables"]["survey"]["file"]
    assert raw == [
        {
            "file": "../s 2025.csv",
            "wave": "2025",
            "columns": {"recommend": "*Recommend", "Overall": "overall", "new": None},
        },
        {"file": "../s 2026.csv", "wave": "2026"},
    ]
    study = Study.load(folder)
    assert study.check() == []
    assert study.survey["wave"].value_counts().to_dict() == {"2025": 40, "2026": 40}
    assert spec(folder).keys["respondent"] == "id"


def test_names_that_one_file_tells_apart_stay_apart_and_doubled_ones_count_as_absent(tmp_path):
    rows = "".join(f"{i},{i % 11},{'ab'[i % 2]},{'xy'[i % 2]},{'mn'[i % 2]}\n" for i in range(40))
    folder = begun(
        tmp_path, {"2025.csv": "id,recommend,Q1,city,city\n" + rows, "2026.csv": "id,recommend,Q1,q1,city\n" + rows}
    )
    assert Study.load(folder).check() == []
    assert {question.column or name for name, question in spec(folder).questions.items()} == {
        *("recommend", "Q1", "q1", "city")
    }
    raw = yaml.safe_load((folder / "study.yml").read_text())["tables"]["survey"]["file"]
    assert set(raw[0]["columns"].values()) == {None}
    assert len(raw[0]["columns"]) == 2


def test_files_of_another_kind_are_refused_not_guessed(tmp_path):
    with pytest.raises(CxError) as caught:
        begun(tmp_path, {"survey.csv": ONE, "bills.csv": "bill,amount,day\n1,2,3\n2,3,4\n"})
    assert str(caught.value) == (
        "bills.csv and survey.csv are no waves of one survey: they share 0 of 3 columns, and survey.csv has no bill; "
        "begin a study with the survey alone, and write the other tables into its study.yml (data/README.md)"
    )
    assert not (tmp_path / "study").exists()


# -- nothing overwritten, nothing half-written ---------------------------------------------------------------------


@pytest.mark.parametrize("there", ["study.yml", "dictionary.html", "dictionary.xlsx"])
def test_what_is_there_is_not_replaced(tmp_path, there, cx):
    (tmp_path / "e.csv").write_text(ONE)
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / there).write_text("mine")
    status, out, err = cx("new", tmp_path / "study", "--from", tmp_path / "e.csv")
    assert (status, out) == (1, "")
    assert err == f"cx: {tmp_path / 'study' / there}: is there already and is not replaced; choose another folder\n"
    assert [p.name for p in (tmp_path / "study").iterdir()] == [there]
    assert (tmp_path / "study" / there).read_text() == "mine"


def test_a_folder_with_the_clients_files_takes_the_study(tmp_path):
    (tmp_path / "e.csv").write_text(ONE)
    new_study.create(tmp_path, [tmp_path / "e.csv"])
    assert spec(tmp_path).file[0].file == "e.csv"
    assert Study.load(tmp_path).check() == []


@pytest.mark.parametrize("fails", ["write_xlsx", "write_html"])
def test_nothing_stays_of_a_study_that_fails(tmp_path, monkeypatch, fails):
    def full(*args, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(new_study.dictionary, fails, full)
    with pytest.raises(CxError, match="cannot be written: No space left on device"):
        begun(tmp_path, ONE)
    assert sorted(os.listdir(tmp_path)) == ["export.csv"]


def test_nothing_stays_where_the_last_move_fails(tmp_path, monkeypatch):
    moved, replace = [], os.replace

    def failing(source, target):
        moved.append(target)
        if Path(target).name == "study.yml":
            raise OSError(5, "Input/output error")
        replace(source, target)

    monkeypatch.setattr(new_study.os, "replace", failing)
    (tmp_path / "e.csv").write_text(ONE)
    with pytest.raises(CxError, match="Input/output error"):
        new_study.create(tmp_path, [tmp_path / "e.csv"])
    assert os.listdir(tmp_path) == ["e.csv"]
    assert len(moved) >= 3


def test_exports_that_are_none_are_refused(tmp_path, cx):
    status, out, err = cx("new", tmp_path / "s", "--from", tmp_path / "no.csv")
    assert (status, out, err) == (1, "", f"cx: {tmp_path / 'no.csv'}: no such file\n")
    assert cx("new", tmp_path / "s")[0] == 2
    (tmp_path / "file").write_text("x")
    (tmp_path / "e.csv").write_text(ONE)
    assert cx("new", tmp_path / "file", "--from", tmp_path / "e.csv")[2].endswith("is a file; a study is a folder\n")


@pytest.mark.parametrize("content", ["a,b\n1,2\n", "a,a,b\n1,2,3\n4,5,6\n"])
def test_the_smallest_exports_become_studies_that_load(tmp_path, content):
    read_codebook(begun(tmp_path, content) / "study.yml")


# -- real exports --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "file",
    [
        *(
            "sfo/2018_SFO_Customer_Survey_20250817.csv",
            "surveymonkey/StarWars.csv",
            "dask/2021-user-survey-results.csv",
        ),
        *("limesurvey/RSE_2017_uk_public_data.csv", "qualtrics/QT_Sample_Survey_legacy.csv", "spss/survey.sav"),
        "segmentation/marketing_campaign.csv",
    ],
)
def test_a_study_of_a_real_export_holds(tmp_path, file):
    if not (SHARED / file).is_file():
        pytest.skip(f"the real survey {file} is not beside this project")
    new_study.create(tmp_path / "study", [SHARED / file])
    assert Study.load(tmp_path / "study").check() == []


def test_the_nps_of_the_airport_is_that_of_its_readme(tmp_path):
    """Oracle: the data's README: NPS 2018 31.0 of 2,650 answers, 39.8 of 2,746 in 2017; weighted 35.11 and 40.40."""
    files = [SHARED / f"sfo/{year}_SFO_Customer_Survey_20250817.csv" for year in (2018, 2017)]
    if not all(file.is_file() for file in files):
        pytest.skip("the airport survey is not beside this project")
    new_study.create(tmp_path / "study", files)
    study = Study.load(tmp_path / "study")
    assert study.check() == []
    for year, n, plain, weighted in (("2018", 2650, 31.0, 35.11), ("2017", 2746, 39.8, 40.40)):
        wave = study.survey[study.survey["wave"] == year]
        assert nps(wave["NETPRO"]).n == n
        assert nps(wave["NETPRO"]).value == pytest.approx(plain, abs=0.05)
        assert nps(wave["NETPRO"], weights=wave["weight"]).value == pytest.approx(weighted, abs=0.005)


def test_a_finished_table_is_refused(tmp_path):
    file = SHARED / "surveymonkey/NFL_fandom_data-surveymonkey.csv"
    if not file.is_file():
        pytest.skip("the finished table is not beside this project")
    with pytest.raises(CxError, match="a finished table, not respondents"):
        new_study.create(tmp_path / "study", [file])
    assert os.listdir(tmp_path) == []


def test_the_demo_is_found_again(tmp_path):
    """Oracle: data/demo/study.yml, written by hand: metrics, keys, private columns, missing codes."""
    new_study.create(tmp_path / "study", [ROOT / "data/demo/survey.csv"])
    found, known = spec(tmp_path / "study"), read_codebook(ROOT / "data/demo/study.yml").tables["survey"]
    assert set(found.private) == set(known.private)
    assert {k: v for k, v in known.keys.items() if k != "stratum"} == found.keys  # its stratum is called city
    assert found.duplicates == known.duplicates
    for name, question in known.questions.items():
        if question.role in ("metric", "driver"):
            same = found.questions[name]
            scale = question.scale
            assert (same.role, same.metric, same.scale, same.missing) == (
                *(question.role, question.metric, scale, question.missing),
            )
    assert Study.load(tmp_path / "study").check() == []


# -- who somebody is stays out of what is written ------------------------------------------------------------------

_STAFF = ("Hoàng Văn Bình", "Trần Thị Lan", "Lê Minh Châu", "Phạm Thu Hà", "Bùi Văn Dũng", "Vũ Thị Mai")


def _told(folder: Path) -> str:
    return "".join((folder / name).read_text(encoding="utf-8") for name in ("study.yml", "dictionary.html"))


def test_no_phone_mail_card_or_name_is_printed_whatever_the_column(tmp_path):
    """Oracle: the private values are written into the export here, and sought in all that comes out of it."""
    told = ["my card 4111 1111 1111 1111 was charged", "ask Nguyễn Văn Tuấn", "call 0912 345 678", "fine"]
    lines = ["recommend,mixed,assistant,went wrong,mostly"]
    for i in range(60):
        mixed = ("0912345678", "a.b@c.vn", "không có")[i % 3]
        mostly = "khach@gmail.com" if i % 3 == 0 else "none"
        lines.append(f"{i % 11},{mixed},{_STAFF[i % 6]},{told[i % 4]},{mostly}")
    folder = begun(tmp_path, "\n".join(lines) + "\n")
    assert set(spec(folder).private) == {"mixed", "assistant", "mostly"}
    done = _told(folder) + "\n".join(new_study.create(tmp_path / "again", [tmp_path / "export.csv"]))
    for value in ("0912345678", "a.b@c.vn", "khach@gmail.com", "4111", "Tuấn", "0912 345", *_STAFF):
        assert value not in done, value
    assert "my card [number] was charged 25%" in done


def test_a_phone_that_slipped_into_a_rating_is_no_code(tmp_path):
    rows = "".join(f"{i % 11}\n" for i in range(40)) + "912345678\n"
    assert "912345678" not in _told(begun(tmp_path, "recommend (0-10)\n" + rows))


def test_masked_words_are_of_the_wordings_language(tmp_path):
    rows = "".join(f"{('gọi tôi theo số 0912 345 678 nhé', 'tốt', 'chậm')[i % 3]},{i % 11}\n" for i in range(60))
    told = (begun(tmp_path, "Điều gì chưa được,Giới thiệu\n" + rows) / "dictionary.html").read_text()
    assert "[điện thoại]" in told
    assert "[phone]" not in told


# -- what cannot be done is said -----------------------------------------------------------------------------------


def test_without_a_metric_no_report_is_promised(tmp_path):
    (tmp_path / "a.csv").write_text("id,city\n" + "".join(f"{i},{'AB'[i % 2]}\n" for i in range(20)))
    lines = new_study.create(tmp_path / "study", [tmp_path / "a.csv"])
    assert not any("cx report" in line for line in lines)
    assert "  recommend: {role: metric, metric: nps}" in lines
    assert lines[-1] == f"  cx check {tmp_path / 'study'}"


def test_an_export_without_rows_is_refused_and_leaves_nothing(tmp_path):
    with pytest.raises(CxError, match=r"a\.csv: an export has a row for each respondent; it has a header and no rows"):
        begun(tmp_path, {"a.csv": "id,recommend\n"})
    assert not (tmp_path / "study").exists()


def test_paths_that_no_file_can_have_are_told_in_one_message(tmp_path):
    """Oracle: a name may have 255 letters; a link to itself leads nowhere."""
    (tmp_path / "a.csv").write_text("recommend\n1\n2\n")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    long = tmp_path / ("x" * 300)
    for folder, export in ((long, "a.csv"), (loop, "a.csv"), (loop / "deep", "a.csv"), (tmp_path / "s", "y" * 300)):
        with pytest.raises(CxError, match=r"no such path can be used: (File name too long|Too many levels)"):
            new_study.create(folder, [tmp_path / export])


# -- what is asked -------------------------------------------------------------------------------------------------

EASY = "id,recommend,stars,city\n" + "".join(f"{i},{1 + i % 10},{1 + i % 5},{'AB'[i % 2]}\n" for i in range(60))
YES_NO = "id,like,tea,city\n" + "".join(
    f"{i},{'Yes' if i % 3 else 'No'},{'XYZ'[i % 3]},{'AB'[i % 2]}\n" for i in range(60)
)


def asked(tmp_path: Path, content: str, *answers: str):
    """The draft after these answers (Enter where they end), the questions that were asked, and what was told."""
    (tmp_path / "e.csv").write_text(content, encoding="utf-8")
    questions, told, left = [], [], list(answers)

    def ask(question):
        questions.append(question)
        return left.pop(0) if left else ""

    return new_asking.decided(new_draft.begin([tmp_path / "e.csv"]), ask, told.append), questions, told


def test_a_sure_metric_is_not_asked_for(tmp_path):
    _, questions, _ = asked(tmp_path, vietnamese())
    assert [question.prompt for question in questions] == ["Language", "Sample"]
    assert [question.default for question in questions] == ["vi", "opt_in"]


def test_an_unsure_metric_is_confirmed_by_enter_and_then_no_guess(tmp_path):
    draft, questions, _ = asked(tmp_path, EASY)
    assert questions[0].lines[0].startswith("recommendation_1_10 seems to be asked by the first of these")
    assert draft.of("recommend").decided
    assert draft.told == {"language", "sample"}


def test_a_scale_on_which_nobody_answered_0_can_be_said_to_be_the_nps(tmp_path):
    draft, _, _ = asked(tmp_path, EASY, "nps", "en", "panel")
    assert draft.of("recommend").entries["metric"] == "nps"
    assert draft.sample == "panel"


def test_none_leaves_a_driver_and_asks_for_another_outcome(tmp_path):
    draft, questions, _ = asked(tmp_path, EASY, "none", "none")
    assert draft.of("recommend").role == "driver"
    assert "What should the report be about?" in questions[1].lines[0]
    assert not [made for made in draft.found if made.role == "metric"]


def test_without_a_metric_a_yes_or_no_question_is_the_first_proposal(tmp_path):
    draft, questions, _ = asked(tmp_path, YES_NO)
    assert questions[0].choices["1"] == "like: No / Yes (60 answers)"
    assert list(questions[1].choices.values()) == ["No (20, 33%)", "Yes (40, 67%)"]
    made = draft.of("like")
    assert made.entries["labels"] == {"0": "No", "1": "Yes"}
    assert made.own == {"like_share": {"scale": [0, 1], "scores": {1: 100}, "unit": "percent", "label": "like: Yes"}}


def test_any_other_question_can_be_named_and_several_answers_count(tmp_path):
    draft, _, told = asked(tmp_path, YES_NO, "te", "tea", "1,4", "1, 3")
    assert told == ["te is none of the answers; did you mean tea?", "4 is none of the answers"]
    assert draft.of("tea").own["tea_share"]["scores"] == {1: 100, 3: 100}


def test_an_answer_that_is_no_language_is_asked_for_again(tmp_path):
    draft, questions, told = asked(tmp_path, vietnamese(), "vn", "vi", "CENSUS")
    assert told == ["vn is none of the answers; did you mean vi?"]
    assert (draft.language, draft.sample) == ("vi", "census")
    assert len(questions) == 3


def typed(arguments: list[str], answers: list[str]) -> tuple[str, int]:
    """What cx prints at a terminal (a pseudo-terminal of its own) on which these lines are typed; its exit code."""
    parent, child = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k != "JPY_PARENT_PID"}
    command = [sys.executable, "-c", "import sys; from cxlib.cli import main; sys.argv[0] = 'cx'; main()", *arguments]
    with subprocess.Popen(command, stdin=child, stdout=child, stderr=child, env=environment, cwd=ROOT) as process:
        os.close(child)
        os.write(parent, "".join(f"{answer}\n" for answer in answers).encode())
        printed = b""
        while True:
            try:
                part = os.read(parent, 4096)
            except OSError:  # Linux says so when the other side is closed
                break
            if not part:
                break
            printed += part
    os.close(parent)
    return printed.decode().replace("\r\n", "\n"), process.returncode


@pytest.mark.skipif(os.name != "posix", reason="there are no pseudo-terminals")
def test_at_a_terminal_it_asks_and_enter_takes_the_guess(tmp_path):
    (tmp_path / "e.csv").write_text(YES_NO, encoding="utf-8")
    printed, status = typed(["new", str(tmp_path / "s"), "--from", str(tmp_path / "e.csv")], ["", "", "", "panel"])
    assert status == 0, printed
    assert "Which answers count (numbers, with commas) [2]: " in printed
    text = (tmp_path / "s/study.yml").read_text()
    assert "sample: panel\n" in text
    assert spec(tmp_path / "s").questions["like"].metric == "like_share"
    (tmp_path / "t").mkdir()
    printed, status = typed(["new", str(tmp_path / "t/s"), "--yes", "--from", str(tmp_path / "e.csv")], [])
    assert (status, "Sample [" in printed) == (0, False)


def test_a_terminal_that_is_closed_in_the_middle_changes_nothing(tmp_path):
    (tmp_path / "e.csv").write_text(YES_NO, encoding="utf-8")
    printed, status = typed(["new", str(tmp_path / "s"), "--from", str(tmp_path / "e.csv")], ["", "\x04"])
    assert (status, (tmp_path / "s").exists()) == (1, False)
    assert "interrupted; nothing was changed" in printed


# -- from a file without a metric as far as it can ------------------------------------------------------------------


def test_without_a_metric_the_lines_that_would_make_one_are_told(tmp_path):
    """The lines are what study.yml takes: put in the place of the question's own they make a metric."""
    (tmp_path / "e.csv").write_text(YES_NO, encoding="utf-8")
    lines = new_study.create(tmp_path / "s", [tmp_path / "e.csv"])
    own, told = lines[lines.index("metrics:") + 1], next(line for line in lines if line.startswith("      like:"))
    file = tmp_path / "s/study.yml"
    text = re.sub(r"(?m)^ *(# guessed.*\n *)?like: .*\n", "", file.read_text(), count=1)
    text = text.replace("tables:\n", f"metrics:\n{own}\ntables:\n").replace("questions:\n", f"questions:\n{told}\n")
    file.write_text(text)
    assert Study.load(tmp_path / "s").survey["like"].mean() == pytest.approx(40 / 60)


def test_the_title_is_the_folders_where_the_file_tells_nothing(tmp_path):
    (tmp_path / "export.csv").write_text(ONE)
    new_study.create(tmp_path / "acme_riders", [tmp_path / "export.csv"])
    assert read_codebook(tmp_path / "acme_riders/study.yml").title == "Acme riders"


def test_wordings_that_begin_alike_are_named_by_what_tells_them_apart(tmp_path):
    heads = [f"Please rate how much you like the food of {country}:" for country in ("Algeria", "Brazil", "Chile")]
    rows = [",".join(str(1 + (i + n) % 5) for n in range(3)) for i in range(40)]
    folder = begun(tmp_path, "\n".join([",".join(heads), *rows]) + "\n")
    found = spec(folder).questions
    assert {name: question.label for name, question in found.items()} == {
        "Algeria": "Algeria", "Brazil": "Brazil", "Chile": "Chile",
    }  # fmt: skip
    assert found["Brazil"].text == heads[1]
