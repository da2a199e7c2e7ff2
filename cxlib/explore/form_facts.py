"""What the study form shows of a question: who gave which answer, what was guessed, and all questions in one table."""

import html
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.column_facts import Facts
from cxlib.dictionary import HIDDEN
from cxlib.explore import parts
from cxlib.guesses import Guess
from cxlib.language import noted, tr
from cxlib.new_draft import Draft
from cxlib.new_text import entries
from cxlib.private_cells import shown
from cxlib.report import codebook_table
from cxlib.study_text import why

MOST = 15  # answers that are shown; more numbers than that are shown in bands
BANDS = 8
ROLES = codebook_table.ROLES | {
    "respondent": noted("key: respondent"),
    "customer": noted("key: customer"),
    "wave": noted("key: wave"),
    "weight": noted("key: weight"),
    "stratum": noted("key: stratum"),
    "cluster": noted("key: cluster"),
    "fpc": noted("key: size of the stratum's population"),
    "mode": noted("key: mode of interview"),
    "recontact": noted("key: consent to be contacted"),
    "when": noted("key: date of the interview"),
    "seconds": noted("key: seconds that it took"),
    "private": noted("private, never loaded"),
    "left out": noted("left out"),
}
OPEN = noted("not understood")


@dataclass(frozen=True)
class Bar:
    """An answer in a distribution: how many gave it, their share in percent, and whether it counts as an answer.

    The share is of those who answered; of blank cells and missing codes (`kind` blank, missing) of all rows.
    """

    answer: str
    n: int
    percent: float
    kind: str = "answer"


def role_of(made: Guess) -> str:
    """The role of a guess, as decide() takes it; "" where nobody could tell."""
    return "" if made.use == "candidate" else made.role if made.use in ("question", "key") else made.use


def title(draft: Draft, made: Guess) -> str:
    """What a question is called in the form: its name in study.yml, else its column."""
    return draft.names.get(made.columns) or made.columns[0] or tr("a column without a name")


def wording(draft: Draft, made: Guess) -> str:
    """How a question was asked, in full."""
    variable = draft.whole.answers.variables.get(made.columns[0])
    if variable is None:
        return made.columns[0]
    parts_of = (variable.text,) if len(made.columns) > 1 else (variable.text, variable.option)
    return " · ".join(" ".join(part.split()) for part in parts_of if part) or made.columns[0]


def distribution(draft: Draft, made: Guess) -> list[Bar]:
    """The answers to a question, in their order, then missing codes and blank cells.

    Nothing is told of what private columns, comments and identifiers hold, nor what one person alone wrote.
    """
    if len(made.columns) > 1:
        return _ticks(draft, made)
    column = draft.facts.get(made.columns[0])
    if column is None:
        return []
    none = {*made.entries.get("missing", ()), *column.no_answers}
    kept = column.counts[[c for c in column.counts.index if c not in none]]
    n = int(kept.sum())
    bars = [] if _hidden(column, made) else _answers(column, made, kept)
    bars = bars or ([Bar(tr("answers, which are not shown"), n, 100.0)] if n else [])
    off = [
        Bar(shown(c) or tr("a private code"), int(column.counts[c]), 0.0, "missing")
        for c in column.counts.index
        if c in none
    ]
    off += [Bar(tr("blank"), column.rows - column.n, 0.0, "blank")] if column.rows > column.n else []
    return bars + [Bar(b.answer, b.n, 100 * b.n / column.rows, b.kind) for b in off]


def _hidden(column: Facts, made: Guess) -> bool:
    own = column.distinct > 0.5 * column.n and not column.numeric
    return made.use == "private" or role_of(made) in HIDDEN or own


def _answers(column: Facts, made: Guess, kept: pd.Series) -> list[Bar]:
    """The answers as bars: in the order of their numbers or of the scale, else the most frequent first."""
    n, labels = int(kept.sum()), column.variable.labels | made.entries.get("labels", {})
    if len(kept) > MOST and all(c in column.numbers for c in kept.index):
        return _bands(kept, pd.Series(column.numbers)[kept.index])
    place = {word: float(code) for code, word in labels.items() if code.isdecimal()} | column.numbers
    rated = all(c in place for c in kept.index)
    order = sorted(kept.index, key=lambda c: place[c] if rated else -kept[c])
    told = [c for c in order[:MOST] if kept[c] > 1 or c in place]
    words = {c: f"{c} {labels[c]}" if c in labels else shown(c) or tr("a private answer") for c in told}
    bars = [Bar(words[c], int(kept[c]), 100 * kept[c] / n) for c in told]
    rest = n - sum(bar.n for bar in bars)
    return bars + ([Bar(tr("all other answers"), rest, 100 * rest / n)] if rest else [])


def _bands(kept: pd.Series, values: pd.Series) -> list[Bar]:
    """Many different numbers, in bands of equal width."""
    whole = bool((values % 1 == 0).all())
    edges = np.linspace(values.min(), values.max() + (1 if whole else 0), BANDS + 1)
    edges = np.unique(np.floor(edges)) if whole else edges
    counts, _ = np.histogram(values, bins=edges, weights=kept[values.index])
    ends = [(low, high - 1 if whole else high) for low, high in pairwise(edges)]
    return [
        Bar(
            tr(
                "{low} to {high}",
                low=text.number(low, digits=0 if whole else 2),
                high=text.number(high, digits=0 if whole else 2),
            ),
            int(n),
            100 * n / kept.sum(),
        )
        for (low, high), n in zip(ends, counts, strict=True)
    ]


def _ticks(draft: Draft, made: Guess) -> list[Bar]:
    """The options of a question in many columns: who ticked each, of whom ticked any."""
    labels, no = made.entries.get("labels", {}), set(made.entries.get("no", ()))
    frame = draft.whole.answers.frame
    columns = made.entries.get("columns") or {c: c for c in made.columns}
    said = {
        o: frame[c].map(lambda cell: pd.notna(cell) and str(cell).strip() not in ("", *no)) for o, c in columns.items()
    }
    anybody = pd.DataFrame(said).any(axis=1)
    n = int(anybody.sum())
    bars = [Bar(labels.get(o, o), int(ticks.sum()), 100 * ticks.sum() / max(n, 1)) for o, ticks in said.items()]
    blank = len(frame) - n
    return bars + ([Bar(tr("nothing ticked"), blank, 100 * blank / len(frame), "blank")] if blank else [])


def bars_html(bars: list[Bar]) -> str:
    """A distribution as a table with bars: blanks and missing codes apart, below a line."""
    body, before = "", "answer"
    for bar in bars:
        told = tr("{answer} (no answer)", answer=bar.answer) if bar.kind == "missing" else bar.answer
        apart = ' class="cx-apart"' if bar.kind != "answer" and before == "answer" else ""
        body += (
            f'<tr{apart}><th scope="row" class="txt">{html.escape(told)}</th><td class="num">{text.number(bar.n)}</td>'
            f'<td class="num">{text.number(bar.percent, "percent", digits=0)}</td>'
            f'<td class="cx-bar" aria-hidden="true"><div style="width:{bar.percent:.0f}%"></div></td></tr>'
        )
        before = bar.kind
    heads = (tr("Answer"), tr("Rows"), tr("Percent"))
    head = "".join(f'<th scope="col">{html.escape(each)}</th>' for each in heads)
    caption = html.escape(tr("Percent of those who answered; of blanks and missing codes, of all rows"))
    table = f'<table class="cx cx-bars"><caption>{caption}</caption><thead><tr>{head}<td></td></tr></thead>'
    return f"{table}<tbody>{body}</tbody></table>"


def guessed(made: Guess) -> str:
    """What was guessed of a question and why, or that it is decided, in a sentence."""
    role = role_of(made)
    named = tr(ROLES[role]) if role else tr(OPEN)
    if made.decided:
        return tr("Decided: {role}", role=named)
    told = tr("Guessed: {role}: {reason}", role=named, reason=why(made))
    return f"{told} · {tr('Look at: {what}', what=made.look)}" if made.look else told


def overview(draft: Draft) -> list[parts.Part]:
    """Every question of the export with its guess, as a table."""
    frame = pd.DataFrame([_row(draft, made) for made in draft.found])
    heads = {"name": tr("Question"), "label": tr("Label"), "role": tr("Role"), "why": tr("Why")}
    heads |= {"answers": (tr("Answers"), "base"), "blank": (tr("Blank"), "base")}
    return parts.table(frame, caption=tr("What the export seems to hold"), labels=heads)


def _row(draft: Draft, made: Guess) -> dict:
    """A question in the overview: its name and label, what it was taken for and why, and how many answered."""
    role, rows, name = role_of(made), len(draft.whole.answers.frame), title(draft, made)
    known = [c for c in made.columns if c in draft.facts]
    answers = sum(bar.n for bar in distribution(draft, made) if bar.kind == "answer")
    if len(made.columns) > 1:
        answers = rows - sum(bar.n for bar in distribution(draft, made) if bar.kind == "blank")
    return {
        "name": name,
        "label": entries(draft, made).get("label", "") if known and made.use == "question" else "",
        "role": (tr(ROLES[role]) if role else tr(OPEN)) + (f" ({made.entries['metric']})" if role == "metric" else ""),
        "why": "" if made.decided else why(made) if made.confidence else made.reason,
        "answers": answers,
        "blank": rows - answers,
    }
