"""The appendix on method: what must be told of a survey, filled from the study and the run.

The checklist follows the disclosure elements of AAPOR's Transparency Initiative (American Association for Public
Opinion Research, Code of Professional Ethics and Practices, 2021, section III).
"""

from cxlib import text
from cxlib.codebook import Codebook
from cxlib.language import noted, tr
from cxlib.report.brand import Brand
from cxlib.report.codebook_table import codebook
from cxlib.report.document import Block, Chapter, Section, prose, table
from cxlib.report.plan import LIBRARIES

SAMPLES = {
    "probability": noted("a probability sample: every customer had a known chance to be asked"),
    "census": noted("a census: everybody was asked"),
    "quota": noted("a quota sample: groups were filled to given numbers, not drawn at random"),
    "panel": noted("a panel of volunteers: whoever belongs to it chose to"),
    "opt_in": noted("a sample of people who chose to answer"),
}


def appendix(plan, book: Codebook, chapters: list[Chapter], look: Brand, left_out: dict[str, str]) -> Chapter:
    """The appendix of a report on this plan, from its codebook, its executed chapters and the client's look.

    `left_out` says why, by the titles of the chapters that could not run.
    """
    by_name = {chapter.name: chapter for chapter in chapters}
    sections = [
        Section(tr("How to read the numbers"), blocks=_reading(book)),
        Section(tr("How the survey was made"), blocks=[_disclosure(book, by_name)]),
        Section(tr("Definitions"), blocks=_copied(by_name, "survey_analysis", "metrics")),
        Section(tr("Estimates, tests and corrections"), blocks=_estimates(chapters)),
        Section(tr("Left out"), blocks=_left_out(left_out)),
        Section(tr("Codebook"), blocks=[codebook(book)]),
        Section(tr("What the numbers rest on"), blocks=_provenance(plan, look)),
    ]
    return Chapter("method", tr("How this report was made"), [s for s in sections if s.blocks], {})


def _reading(book: Codebook) -> list[Block]:
    random = book.sample in ("probability", "census")
    return [
        prose(
            tr(
                "Every number was computed by a notebook that stands beside this report in the folder notebooks; "
                "sentences that state a result are computed as well. The same numbers stand as data in results.json."
            )
        ),
        prose(
            tr(
                "An interval tells where the number would lie if the survey were drawn anew: of many such intervals "
                "95 in 100 hold the true number, unless another confidence is printed."
            )
            if random
            else tr(
                "The sample was not drawn at random, so no interval here is a margin of error: intervals are "
                "model-based, and tell how far the numbers of like samples would spread if their people were alike."
            )
        ),
        prose(
            tr(
                "Numbers on fewer than {least} answers are withheld (**); those on fewer than {small} bear a mark (*). "
                "The effective base is the size of a simple random sample that would tell as much.",
                least=book.minimum_base,
                small=text.SMALL_BASE,
            )
        ),
    ]


def _disclosure(book: Codebook, chapters: dict[str, Chapter]) -> Block:
    """The checklist: each item, and what the study states or the run found."""
    told = book.disclosure
    unsaid = tr("not stated")
    population = book.words(told.population)
    if book.population:
        size = tr("{number} customers", number=text.number(book.population))
        population = f"{population} ({size})" if population else size
    rows = [
        (tr("Sponsor"), book.words(book.sponsor) or book.client),
        (tr("Conducted by"), book.words(told.conducted_by)),
        (tr("Population"), population),
        (tr("Sampling frame"), book.words(told.frame)),
        (tr("Sample"), tr(SAMPLES[book.sample])),
        (tr("Recruitment"), book.words(told.recruitment)),
        (tr("Incentives"), book.words(told.incentives)),
        (tr("Dates and mode"), book.words(book.fieldwork)),
        (tr("Languages of the questionnaire"), book.words(told.translations)),
        (tr("Wording of the questions"), tr("in the tab book of the workbook, with who was asked")),
        (tr("Respondents"), _findings(chapters, "survey_analysis", "sample", "looked_at")),
        (tr("Precision"), _precision(book, chapters)),
        (tr("Response"), _finding(chapters, "data_quality", "response_rate", "no_response_rate")),
        (tr("Weighting"), _weighting(book, chapters)),
        (tr("Checks of respondents"), _finding(chapters, "data_quality", "checks")),
        (tr("Respondents left out"), _finding(chapters, "data_quality", "left_out")),
        (tr("Contact"), book.words(told.contact)),
    ]
    caption = tr("What is to be told of a survey (items of AAPOR's Transparency Initiative)")
    return table("disclosure", caption, [tr("Item"), tr("This study")], [[item, said or unsaid] for item, said in rows])


def _finding(chapters: dict[str, Chapter], chapter: str, *names: str) -> str:
    """The first of these findings that a chapter published."""
    found = {b.name: b.data["text"] for b in chapters[chapter].blocks("finding")} if chapter in chapters else {}
    return next((found[name] for name in names if name in found), "")


def _findings(chapters: dict[str, Chapter], chapter: str, *names: str) -> str:
    """All of these findings that a chapter published."""
    return " ".join(filter(None, (_finding(chapters, chapter, name) for name in names)))


def _precision(book: Codebook, chapters: dict[str, Chapter]) -> str:
    """The interval of the first metric: a margin of error where the sample was drawn at random, and not otherwise."""
    numbers = chapters["survey_analysis"].blocks("number") if "survey_analysis" in chapters else []
    known = [b.data for b in numbers if b.data["value"] is not None and b.data["low"] is not None]
    if not known:
        return ""
    first = known[0]
    half = text.size((first["high"] - first["low"]) / 2, first["unit"])
    confidence = f"{first['confidence']:.0%}"
    if book.sample != "probability":
        return tr(
            "{metric}: half the length of its {confidence} interval is {half}; this is no margin of error, since the "
            "sample is not a probability sample.",
            metric=first["label"],
            confidence=confidence,
            half=half,
        )
    return tr(
        "{metric}: margin of error {half} at {confidence} confidence, design effect included. It holds sampling error "
        "alone, not that of wording, coverage and nonresponse.",
        metric=first["label"],
        confidence=confidence,
        half=half,
    )


def _weighting(book: Codebook, chapters: dict[str, Chapter]) -> str:
    """How the answers were weighted, and how far the sample then lies from the population."""
    survey = book.tables.get("survey")
    given = survey is not None and "weight" in survey.keys
    raked = _finding(chapters, "data_quality", "raked")
    if raked:
        kind = tr("Raked to the margins of the population that study.yml declares.")
    elif given:
        kind = tr("Weights as they came with the data.")
    else:
        return tr("None: every respondent counts once.")
    unusual = _finding(chapters, "survey_analysis", "unweighted")
    rest = (raked, _finding(chapters, "data_quality", "who_weighted"), unusual)
    return " ".join(part for part in (kind, *rest) if part)


def _copied(chapters: dict[str, Chapter], chapter: str, name: str) -> list[Block]:
    """A chapter's table, once more."""
    found = chapters[chapter].blocks("table") if chapter in chapters else []
    return [block for block in found if block.name == name]


def _estimates(chapters: list[Chapter]) -> list[Block]:
    """How each number at the head of a chapter was estimated; what the verdicts mean."""
    rows = [[b.data["label"], b.data["method"]] for chapter in chapters for b in chapter.blocks("number")]
    rows = [row for number, row in enumerate(rows) if row not in rows[:number]]
    verdicts = _finding({chapter.name: chapter for chapter in chapters}, "survey_analysis", "verdicts")
    blocks = [prose(verdicts)] if verdicts else []
    if rows:
        caption = tr("How the numbers at the head of the chapters are estimated")
        blocks.append(table("methods", caption, [tr("Number"), tr("Method")], rows))
    return [*blocks, prose(tr("The methods of all other numbers, with their sources and limits, end each chapter."))]


def _left_out(chapters: dict[str, str]) -> list[Block]:
    rows = [[title, why] for title, why in chapters.items()]
    return [table("left_out", tr("Chapters left out"), [tr("Chapter"), tr("Why")], rows)] if rows else []


def _provenance(plan, look: Brand) -> list[Block]:
    """Files, code and libraries, so that the report can be made again and compared."""
    files = [*plan.inputs.items(), (tr("code"), plan.code), (tr("libraries"), plan.lock), (tr("plan"), plan.hash)]
    versions = [[name, version] for name, version in plan.environment.items() if name in ("Python", *LIBRARIES)]
    blocks = [
        table("inputs", tr("Files, code and plan"), [tr("File"), "SHA-256"], [[n, d[:16]] for n, d in files]),
        prose(
            tr(
                "The first 16 digits of each SHA-256. The plan's covers all of them, the notebooks and their "
                "parameters; plan.json holds it in full."
            )
        ),
        table("software", tr("Software"), [tr("Library"), tr("Version")], versions),
    ]
    return [*blocks, prose(look.adjusted)] if look.adjusted else blocks
