"""The short form that places a customer, as one page to print: questions, answers, points, and a box for each sum."""

from pathlib import Path

from cxlib import text
from cxlib.errors import CxError
from cxlib.language import spoken, tr
from cxlib.report.templating import environment


def write(path: Path, form: dict) -> None:
    """Write the form (placement.as_printed) as one HTML page of its own, in the language that is spoken; for A4."""
    found = form["accuracy"]
    told = tr(
        "{share} of customers who were held out are placed as by all questions ({interval}; {n} people).",
        share=text.number(found["estimate"], "percent"),
        interval=text.interval(found["low"], found["high"], "percent"),
        n=text.number(found["n"]),
    )
    page = environment().get_template("form.html.j2").render(form=form, told=told, language=spoken(), tr=tr)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise CxError(f"{path}: cannot be written: {error.strerror}") from None
