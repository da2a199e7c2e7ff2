"""The short form that places a customer, as one page to print: questions, answers, points, and a box for each sum."""

from pathlib import Path

from cxlib import text
from cxlib.errors import CxError
from cxlib.report.templating import environment

WORDS = {
    "en": {
        "heading": "Which persona is this customer?",
        "how": "Tick the answers, and write their points into the columns. Whoever has the highest sum is the persona.",
        "one": "one answer",
        "many": "any number of answers",
        "start": "To begin with",
        "sum": "Sum",
        "accuracy": "{share} of customers who were held out are placed as by all questions ({low}; {n} people).",
    },
    "vi": {
        "heading": "Khách hàng này thuộc chân dung nào?",
        "how": "Đánh dấu câu trả lời, ghi điểm vào từng cột. Cột có tổng điểm cao nhất là chân dung của khách hàng.",
        "one": "một câu trả lời",
        "many": "nhiều câu trả lời",
        "start": "Điểm ban đầu",
        "sum": "Tổng",
        "accuracy": "{share} khách hàng kiểm chứng được xếp đúng như khi dùng mọi câu hỏi ({low}; {n} người).",
    },
}


def write(path: Path, form: dict, *, language: str = "en") -> None:
    """Write the form (placement.as_printed) as one self-contained HTML page, A4 when printed."""
    words, found = WORDS[language], form["accuracy"]
    told = words["accuracy"].format(
        share=text.number(found["estimate"], "percent"),
        low=text.interval(found["low"], found["high"], "percent"),
        n=text.number(found["n"]),
    )
    page = environment().get_template("form.html.j2").render(form=form, words=words, told=told, language=language)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise CxError(f"{path}: cannot be written: {error.strerror}") from None
