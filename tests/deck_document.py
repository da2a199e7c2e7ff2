"""A small report with every kind of block, and with texts that want to be more than text."""

from cxlib.report.brand import Brand
from cxlib.report.document import Block, Chapter, Document, Section, prose, table

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="374.4pt" height="{tall}pt" viewBox="0 0 374.4 {tall}">'
    '<rect width="374.4" height="{tall}" fill="#1f5f8b"/></svg>'
)
HOSTILE = [
    "<script>alert(1)</script> & <b>bold</b>",
    '=HYPERLINK("http://x.example","click")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "a\x00b\x07c\x1fd\x0be",
    "\U0001f621 angry \U0001f9d1\u200d\U0001f4bb",
    "\u202eright to left\u202c \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "w" * 10_000,
    "{metric} **bold** #typst $x$ \\ud800",
]
FINDING = (
    "NPS rose by 10.02 points from 2026-H1 to 2026-H2 (95% interval +4.71 to +15.34). It is more than chance explains."
)


def look(**changed) -> Brand:
    """A client's look, without files."""
    plain = {"colour": "#1f5f8b", "dark": "#11344c", "tint": "#eff4f8", "logo": None, "logo_type": "", "slides": None}
    return Brand(**(plain | {"confidentiality": "Confidential", "adjusted": ""} | changed))


def number(name: str, label: str, value: str, interval: str, base: str) -> Block:
    """A number as a notebook publishes it."""
    printed = {"value": value, "interval": interval, "base": base, "note": ""}
    data = {"label": label, "value": 45.7733, "low": 40.1394, "high": 50.9695, "method": "Wilson", "printed": printed}
    return Block("number", name, data)


def finding(name: str, text: str) -> Block:
    return Block("finding", name, {"text": text})


def figure(name: str, caption: str, *, chart=None, tall: int = 200, data: str = "") -> Block:
    """A figure, with its chart as numbers where there is one."""
    fields = {"caption": caption, "alt": f"Alternative text of {caption}", "data": data, "svg": SVG.format(tall=tall)}
    return Block("figure", name, fields | ({"chart": chart} if chart else {}))


def panel(title: str, categories: list, series: dict, *, unit: str = "percent", **other) -> dict:
    """A panel of a native chart: series are (values, low, high)."""
    found = [{"name": n, "values": v, "low": low, "high": high} for n, (v, low, high) in series.items()]
    plain = {"signed": False, "total": None, "dashed": [], "parted": []}
    return {"title": title, "unit": unit, "categories": categories, "series": found} | plain | other


BARS = {
    "kind": "bars",
    "shared": False,
    "panels": [
        panel(
            "Answers (%)",
            ["a", "=1+1", "c"],
            {"all": ([40.0, 35.5, None], [36.0, 30.0, None], [44.0, 41.0, None])},
        )
    ],
}
LINES = {
    "kind": "lines",
    "shared": False,
    "panels": [
        panel("NPS (points)", ["w1", "w2", "w3"],
              {"us": ([10.0, None, 30.0], [], []), "they": ([5.0, 6.0, 7.0], [], [])},
              unit="points", dashed=[2], parted=[1])
    ],
}  # fmt: skip
DOTS = {
    "kind": "dots",
    "shared": True,
    "panels": [
        panel(f"Segment {i}", ["x", "y"], {f"Segment {i}": ([1.25 + i, 2.5], [1.0, 2.0], [2.0 + i, 3.0])}, unit="score",
              total={"name": "all 2.10", "value": 2.1})
        for i in range(8)
    ],
}  # fmt: skip
STACKED = {
    "kind": "stacked",
    "shared": False,
    "panels": [
        panel("Ratings (%)", [f"Item {i}" for i in range(14)], {str(a): ([20.0] * 14, [], []) for a in range(1, 6)})
    ],
}
POINTS = [
    {"name": f"Driver {i}", "group": "", "x": 3.0 + i / 10, "y": 1.0 + i % 4, "x_low": 2.9 + i / 10,
     "x_high": 3.1 + i / 10, "y_low": 0.5 + i % 4, "y_high": 1.5 + i % 4} for i in range(12)
]  # fmt: skip
RIVALS = [{"name": "", "group": "Rival", "x": 3.3, "y": 2.0}]
MAP = {
    "kind": "scatter",
    "panels": [
        {"title": "Map", "x": "Performance", "y": "Importance", "means": [3.5, 2.5],
         "corners": ["improve first", "keep up", "improve later", "more than enough"], "points": [*POINTS, *RIVALS]}
    ],
}  # fmt: skip


def words(*texts: str) -> list[Block]:
    return [prose(text) for text in texts]


def chapter(hostile: list[str] | None = None) -> Chapter:
    """A chapter with all kinds of blocks; `hostile` texts stand wherever the client's own words may."""
    odd = hostile or ["plain words"]
    long = [[f"row {i}", *odd[:3], f"{i}.5%"] for i in range(50)]
    wide = [[f"cell {i} {j}" for j in range(18)] for i in range(3)]
    names = [one[:200] for one in odd]
    own = panel("Client's words (%)", names, {name: ([50.0] * len(names), [], []) for name in names[:3]})
    return Chapter(
        "survey_analysis",
        "What do customers say about us, and is it changing?",
        [
            Section("", blocks=words("What this chapter is about.")),
            Section(
                "Bottom line first",
                first=True,
                blocks=[
                    number("nps", "NPS", "45.8", "95% interval 40.1 to 51.0", "1,963 answers, effective base 654"),
                    number("csat", "CSAT", "79.6%", "95% interval 77.0 to 82.0%", "2,001 answers"),
                    finding("nps_change", FINDING),
                    *(
                        finding(f"more_{i}", f"Finding {i}: " + "a sentence that goes on and on. " * 8)
                        for i in range(12)
                    ),
                ],
            ),
            Section(
                "Data",
                blocks=[
                    *words("Who answered."),
                    table("bases", "Respondents by wave", ["Wave", "Base"], [["w1", "10"]]),
                ],
            ),
            Section(
                "Charts",
                blocks=[
                    finding("bars_1", "Most answer a (40.0%; 36.0 to 44.0%). The rest do not."),
                    figure("bars", "Answers", chart=BARS, data="long"),
                    figure("lines", "Lines over waves", chart=LINES),
                    figure("dots", "Segments", chart=DOTS),
                    figure("stacked", "Likert", chart=STACKED),
                    figure("map", "Map of drivers", chart=MAP),
                    figure("odd", "Client's names", chart={"kind": "bars", "shared": False, "panels": [own]}),
                    figure("tall", "A tall picture", tall=900),
                    figure("flat", "A flat picture", tall=150),
                    table(
                        "long", "A long table", ["Row", *(f"Column {i}" for i in range(len(odd[:3]))), "Share"], long
                    ),
                ],
            ),
            Section(
                "Long",
                blocks=[
                    finding("long", odd[-1]),
                    table("rows", "Many rows", ["Row", *"abc"[: len(odd[:3])], "S"], long),
                ],
            ),
            Section("Wide", blocks=[table("wide", "Many columns", [f"Characteristic {j}" for j in range(18)], wide)]),
            Section("Words", blocks=[finding(f"odd_{i}", text) for i, text in enumerate(odd)]),
            Section(
                "Method", blocks=words(*("A sentence on method that is rather long. " * 12 for _ in range(12)), *odd)
            ),
        ],
        {},
    )


def document(*, hostile: list[str] | None = None, language: str = "en", **changed) -> Document:
    """A report of one chapter and an appendix."""
    appendix = Chapter("method", "How this report was made", [Section("How to read", blocks=words("Read it."))], {})
    title = hostile[0] if hostile else "A report"
    client = hostile[-1] if hostile else "Client"
    return Document("demo", language, title, client, "Four waves", look(**changed), [chapter(hostile)], appendix)


__all__ = ["BARS", "DOTS", "FINDING", "HOSTILE", "LINES", "MAP", "STACKED", "document", "look"]
