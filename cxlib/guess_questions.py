"""What one column asks when it is neither a key nor a rating: a segment, one answer of several, a number, a comment."""

import re

from cxlib.column_facts import Facts
from cxlib.guess_keys import DATE, ISO
from cxlib.guess_multi import separator
from cxlib.guesses import FEW, Guess
from cxlib.private_cells import shown
from cxlib.worded_scales import in_order
from cxlib.wording import AGE, ATTRIBUTES, COMMENT, MEASURES, QUANTITY, is_missing, of_the_customer, says

FEWEST = 8  # of fewer different numbers, each may be a code
ANSWERS = 25  # more different answers are no groups, until a person groups them
GROUPED = ("demographic", "geographic", "firmographic")
_COUNT = re.compile(r"\b(number|size|count|how many|num|people|số người|số con)\b")


def question(column: Facts) -> Guess:
    """The role that fits the column best; a candidate where nobody can tell."""
    if column.dated or column.share(ISO) > 0.9 or column.share(DATE) > 0.9:
        return _left(column, "dates; a study's one date is its `when:`")
    for guessed in (_worded_scale, _several, _number, _grouped, _written):
        made = guessed(column)
        if made is not None:
            return made
    return _candidate(column)


def attribute(column: Facts) -> tuple[str, str]:
    """What the wording tells of a customer (demographic, geographic …), and the words that do."""
    for name, pattern in ATTRIBUTES.items():
        words = says(pattern, *(filter(of_the_customer, column.texts) if name in GROUPED else column.texts))
        if words:
            return name, words
    return "", ""


def _left(column: Facts, reason: str) -> Guess:
    return Guess((column.name,), "left out", reason=reason)


def _worded_scale(column: Facts) -> Guess | None:
    """Answers such as "Very satisfied": one answer of several, in the order of the scale."""
    if column.numeric or column.distinct > 12:
        return None
    measured = next((m for m in ("recommend", "satisfied", "easy") if says(MEASURES[m], *column.texts)), "")
    order = in_order(column.counts.index)
    if order is None:
        return None
    scale, beside = order
    none = [answer for answer in beside if is_missing(answer)]
    labels = {str(i): a for i, a in enumerate([*scale, *(a for a in beside if a not in none)], 1)}
    entries = {"labels": labels} | ({"missing": none} if none else {})
    if len(scale) in (4, 5):
        entries["nets"] = {"Top two": [str(len(scale) - 1), str(len(scale))]}
    look = "as a metric it needs one of your own, with a score for each answer (data/README.md)" if measured else ""
    return Guess(
        (column.name,),
        "question",
        "single",
        entries,
        f"{len(scale)} answers that are words on a scale, ordered from low to high",
        "medium",
        look=look,
    )


def _several(column: Facts) -> Guess | None:
    # Sentences of a text field have commas in them.
    sign = None if column.variable.kind == "text" else separator(column)
    if sign is None:
        return None
    entries = {"separator": sign}
    name, _ = attribute(column)
    entries |= {"attribute": name} if name in ("channel", "behavioural") else {}
    return Guess(
        (column.name,),
        "question",
        "multi",
        entries,
        f"answers parted by {sign.strip() or 'line ends'!r} that repeat",
        "high" if sign == ";" else "medium",
    )


def _number(column: Facts) -> Guess | None:
    if not column.numeric or column.distinct < FEWEST or (column.variable.labels and len(column.variable.labels) > 3):
        return None
    entries = {"missing": column.no_answers} if column.no_answers else {}
    outside = {c: int(column.counts[c]) for c in column.no_answers}
    words = says(QUANTITY, *column.texts)
    if column.decimal is None:
        example = next(c for c in column.counts.index if "," in c or "." in c)
        look = f'{example} may be thousands or decimals; write `decimal: ","` or `decimal: "."`'
        return Guess(
            (column.name,), "candidate", "number", entries, "numbers that can be read two ways", "low", look=look
        )
    name, _ = attribute(column)
    entries = ({"attribute": name} if name else {}) | entries
    values = [v for c, v in column.numbers.items() if c not in column.no_answers]
    if says(AGE, *column.texts) and min(values) >= 10 and max(values) <= 110:
        entries["derive"] = {"age_band": [18, 25, 35, 45, 55]}
        return Guess(
            (column.name,),
            "question",
            "number",
            entries,
            "numbers of 10 to 110 and age in the wording",
            "high",
            outside,
        )
    coded = column.distinct <= 12 and attribute(column)[0] == "demographic" and max(values) < 20
    if coded and not says(_COUNT, *column.texts):
        return None
    if words or any(v % 1 for v in values):
        reason = f'numbers and "{words}" in the wording' if words else "numbers with decimals"
        return Guess((column.name,), "question", "number", entries, reason, "medium" if words else "low", outside)
    return None


def _grouped(column: Facts) -> Guess | None:
    """Few different answers: a segment where the wording tells who somebody is, else one answer of several."""
    labelled = len([c for c in column.counts.index if c in column.variable.labels])
    known = labelled >= 0.5 * column.distinct
    few = column.distinct <= ANSWERS and column.distinct <= max(4, column.n / 3)
    if not few or (column.distinct < 2 and not column.variable.labels):
        return None
    name, words = attribute(column)
    yes_no = set(column.counts.index) <= {"0", "1"}
    if column.numeric and not known and not yes_no:
        if name not in GROUPED:
            return None
        entries = {"attribute": name}
        look = f"what its {column.distinct} codes stand for: {_codes(column)}; write `labels:` and `missing:`"
        reason = f'{column.distinct} codes and "{words}" in the wording'
        return Guess((column.name,), "question", "segment", entries, reason, "medium", look=look)
    if column.length > 60 and not known:
        return None
    entries = {"attribute": name} if name else {}
    missing = [c for c in column.counts.index if c in column.variable.missing]
    entries |= {"missing": missing} if missing else {}
    if name in GROUPED:
        reason = f'{column.distinct} answers and "{words}" in the wording'
        return Guess((column.name,), "question", "segment", entries, reason, "high")
    reason = f"{column.distinct} different answers" + (", labelled by the file" if known else "")
    worded = column.variable.text not in ("", column.name)
    look = "what 0 and 1 stand for" if yes_no and not known and not worded else ""
    return Guess((column.name,), "question", "single", entries, reason, "medium" if look else "high", look=look)


def _written(column: Facts) -> Guess | None:
    if column.numeric:
        return None
    words = says(COMMENT, *column.texts)
    phrases = sum(int(n) for c, n in column.counts.items() if len(c.split()) >= 4) / column.n
    own = column.distinct > 0.5 * column.n
    if own and (phrases > 0.5 or (words and (phrases > 0.1 or column.length > 12))):
        reason = f'"{words}" in the wording and answers of their own' if words else "long answers, each of its own"
        return Guess((column.name,), "question", "comment", {}, reason, "high" if phrases > 0.3 else "medium")
    if words or column.variable.kind == "text":
        why = f'"{words}" in the wording' if words else "a text field"
        return Guess((column.name,), "question", "comment", {}, f"text, and {why}", "medium" if words else "low")
    return None


def _candidate(column: Facts) -> Guess:
    """A column that nobody can tell yet, with what would have to be known."""
    if column.distinct == column.n == column.rows >= FEW and (column.numeric or column.length < 40):
        return _left(column, "an answer of its own in each row, as numbers of records have")
    if column.numeric and column.distinct > ANSWERS:
        role, what = "number", f"{column.distinct:,} different numbers, without a wording that tells of what"
    elif column.numeric:
        role, what = "single", f"{_many(column.distinct, 'code')} without labels: {_codes(column)}"
    else:
        role, what = (
            "single",
            f"{_many(column.distinct, 'answer')}{_examples(column)}; group them with `derive:`",
        )
    return Guess((column.name,), "candidate", role, {}, what, "low", look=_told_by_each(column))


def _told_by_each(column: Facts) -> str:
    """A word on texts that nearly everybody has of his own: no rule knows them, and they may tell who he is."""
    if column.numeric or column.n < FEW or column.distinct <= 0.5 * column.n or column.length < 6:
        return ""
    return f"{column.distinct:,} of {column.n:,} answers differ; if they tell who somebody is, list it as `private:`"


def _examples(column: Facts) -> str:
    told = _codes(column, 3)
    return f", e.g. {told}" if told else ""


def _many(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count:,} different {what}s"


def _codes(column: Facts, most: int = 12) -> str:
    # What few people wrote may tell who they are; numbers may not, unless they are phones.
    told = [c for c in column.counts.index if c in column.numbers or column.counts[c] >= FEW]
    order = sorted(told, key=lambda c: (column.numbers.get(c, float("inf")), -column.counts[c]))
    seen = [(c, safe) for c in order[: 4 * most] if (safe := " ".join(shown(c).split()))]
    listed = ", ".join(f"{safe[:40]} ({column.counts[c]:,})" for c, safe in seen[:most])
    return listed + (" …" if listed and len(order) > most else "")
