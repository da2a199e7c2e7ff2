"""What a panel shows: numbers, tables, pictures and sentences as in the report, as HTML and as plain text."""

import base64
import html
import re
from dataclasses import dataclass

import pandas as pd

from cxlib import results, tables
from cxlib.estimate import Estimate


@dataclass(frozen=True)
class Part:
    """A piece of an answer: what is seen, and the same as plain text."""

    html: str
    plain: str


def number(estimate: Estimate, **how) -> Part:
    """An estimate, large, with interval, bases and method; `how` is what results.number() takes."""
    _, plain, page = results.number_shown(estimate, **how)
    return Part(page, plain)


def numbers(frame: pd.DataFrame, *, confidence: float, **how) -> list[Part]:
    """Every row of a frame of scores, as results.numbers() publishes them."""
    return [
        number(results.estimate_of(row, confidence), note=row["note"], base=row.get("base", ""), **how)
        for row in frame.to_dict("records")
    ]


def table(frame: pd.DataFrame, *, caption: str, **how) -> list[Part]:
    """A frame as a table, `how` as results.table() takes it; nothing where it is empty."""
    if frame.empty:
        return []
    made = tables.record(frame, caption=caption, **how)
    return [Part(f'<div class="cx-wide" tabindex="0">{tables.to_html(made)}</div>', results.table_text(made))]


def figure(drawing, *, alt: str) -> list[Part]:
    """A closed figure as a picture with its alternative text; nothing where there is none (None)."""
    if drawing is None:
        return []
    # An image of its own: the ids inside one SVG would be those of another in the same page.
    # Nothing that is seen stands between two tags.
    drawn = base64.b64encode(re.sub(r">\s+<", "><", results.svg(drawing)).encode()).decode()
    return [Part(f'<img src="data:image/svg+xml;base64,{drawn}" alt="{html.escape(alt)}">', alt)]


def sentences(findings: dict[str, str] | list[str]) -> list[Part]:
    """Computed sentences, a paragraph each; the empty ones are left out."""
    told = findings.values() if isinstance(findings, dict) else findings
    return [Part(f"<p>{html.escape(sentence)}</p>", sentence) for sentence in told if sentence]
