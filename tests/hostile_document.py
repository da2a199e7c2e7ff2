"""A small document of every kind of block, in which all text is what a client's data should never hold."""

from cxlib.report.brand import HOUSE, WHITE, Brand, mixed
from cxlib.report.document import Block, Chapter, Document, Section, prose
from cxlib.report.markdown import Run

TEXTS = {
    "html": "<b>bold</b> & <img src=x onerror=alert(1)>",
    "script": "</script><script>alert('x')</script>",
    "attribute": "\" onmouseover='alert(1)' x=\"",
    "typst": '#set page(width: 1pt) #import "x" $x^2$ @ref <label> = Heading `raw` \\ #panic()',
    "markdown": "**bold** _it_ [link](javascript:alert(1)) # head - item",
    "formula": "=1+cmd|' /C calc'!A0",
    "template": "{{ 7 * 7 }} {% raw %} {0} %s",
    "vietnamese": "Đặng Thị Hường: nhân viên rất niềm nở, phục vụ chu đáo",
    "japanese": "とても良い 很好",
    "emoji": "😡👍🏽 thumbs 👨‍👩‍👧",
    "right_to_left": "‮abc ‏مرحبا שלום",
    "control": "nul\x00 bell\x07 tab\t. line\n. feed\x0c.",
    "surrogate": "half \ud83d of a sign",
    "long": "x" * 10_000,
    "entity": "&lt;script&gt; &#x41; %3Cb%3E",
}
WORST = " | ".join(text for name, text in TEXTS.items() if name != "long")
SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="100pt" height="50pt" viewBox="0 0 100 50">\n'
    '<!-- it\'s "quoted" --><text id="t">%41 &amp; &lt;b&gt; it\'s</text>\n'
    f'<rect width="90.12345" height="40" style="fill: {HOUSE}"/></svg>'
)


def look(colour: str = HOUSE, *, line: str = WORST, logo: bytes | None = None, kind: str = "") -> Brand:
    """A brand of this colour."""
    return Brand(colour, mixed(colour, "#000000", 0.45), mixed(colour, WHITE, 0.93), logo, kind, None, line, "")


def number(name: str, label: str) -> Block:
    printed = {"value": "12.3%", "interval": "95% interval 10.1 to 14.5%", "base": label, "note": label}
    return Block(
        "number",
        name,
        {"label": label, "value": 12.3, "low": 10.1, "high": 14.5, "least": 0, "most": 100, "printed": printed},
    )


def table(name: str, heads: list[str], rows: list[list[str]], *, numeric=(), **more) -> Block:
    """A table of the record; `more` are groups and titles of its printed form."""
    printed = {"heads": heads, "numeric": [i in numeric for i in range(len(heads))], "rows": rows} | more
    data = {"caption": f"Table {WORST}", "columns": heads, "rows": rows, "note": WORST, "printed": printed}
    return Block("table", name, data)


def figure(name: str, data: str) -> Block:
    return Block("figure", name, {"caption": WORST, "alt": WORST, "data": data, "svg": SVG})


def hostile(*, language: str = "en", brand: Brand | None = None) -> Document:
    """The document."""
    worst, long = list(TEXTS.values()), TEXTS["long"]
    findings = [Block("finding", name, {"text": text}) for name, text in TEXTS.items()]
    runs = [Run(WORST, True, True), Run(WORST, code=True), Run("here", link="javascript:alert(1)"),
            Run("there", link="https://example.org/?a=1&b=\"2\"")]  # fmt: skip
    heads = [f"{number} {text}" for number, text in enumerate(worst)]
    sections = [
        Section("", blocks=[prose(WORST), Block("heading", "", {"level": 6, "runs": runs[:1]})]),
        Section(WORST, True, [number("one", WORST), number("two", long), *findings, figure("a", "wide")]),
        Section(long, blocks=[
            figure("b", "wide"), Block("text", "", {"runs": runs}), table("wide", heads, [worst, worst]),
            Block("heading", "", {"level": 1, "runs": [Run(long)]}),
            Block("heading", "", {"level": 5, "runs": runs[:1]}),
            Block("list", "", {"ordered": True, "items": [runs, [Run(long)]]}),
            table("grouped", ["Answer", "A", "B", "C"], [[WORST, "", "", ""], [long, "1.0%", "2.0%", "3.0%"]],
                  numeric=(1, 2, 3), groups=[["", 1], [WORST, 2], ["z", 1]], titles=[0]),
        ]),
    ]  # fmt: skip
    appendix = Chapter(
        "method", "Method", [Section("Rows", blocks=[table("t", ["", "n"], [["", "1"]], numeric=(1,))])], {}
    )
    return Document(
        study="hostile",
        language=language,
        title=WORST,
        client=WORST,
        fieldwork=WORST,
        brand=brand or look(),
        chapters=[Chapter("worst", WORST, sections, {})],
        appendix=appendix,
    )
