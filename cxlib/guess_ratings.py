"""Which ratings are metrics, and which are drivers beside them: by wording, scale, and the company that they keep."""

import re
from collections import Counter

from cxlib.codebook import METRIC_SCALES
from cxlib.column_facts import Facts
from cxlib.guess_multi import parent
from cxlib.guesses import Guess
from cxlib.new_names import BEGUN
from cxlib.scale_guess import Scale
from cxlib.wording import ATTRIBUTES, MEASURES, QUANTITY, says, spoken

# What is measured: its metric, and how a question is called that measures it on another scale.
METRICS = {"recommend": ("nps", "recommendation"), "satisfied": ("csat", "satisfaction"), "easy": ("ces", "ease")}
_NOUNS = {"recommendation": "sẵn lòng giới thiệu", "satisfaction": "hài lòng", "ease": "dễ dàng"}  # in Vietnamese
_PREFIX = re.compile(r"([^\W\d_]+\d+)(?=[^\W\d]|[_\-. ])")
_RANKS = re.compile(r"\brank(s|ed|ing)?\b|xếp hạng|thứ tự ưu tiên")
_RATES = re.compile(r"\brat(e|ing)\b|\bon a scale\b|đánh giá|thang điểm")
MANY = 24  # ratings of one question beyond which they are a list of items
ALIKE = 3  # ratings of one scale, side by side, that need no word of rating


def may_rate(column: Facts) -> bool:
    """Whether a column of few whole numbers may be a rating at all: groups of age or income are coded like one."""
    if says(MEASURES["rating"], *column.texts) or _measure(column):
        return True
    return not any(says(pattern, *column.texts) for name, pattern in ATTRIBUTES.items() if name != "channel")


def ratings(found: list[tuple[Facts, Scale]]) -> list[Guess]:
    """Ratings as metrics (a measure each: the overall question, else the first alone), drivers, and candidates."""
    plain = {_group(column) for column, scale in found if (scale.low, scale.high) == (1, 5) and not scale.padded}
    padded = {_group(column) for column, scale in found if scale.padded}
    # 0 and 6 are no answers in a file where they stand beside a 1-5 scale that has neither.
    dented = {group for group in padded - {""} if _dented([c for c, s in found if s.padded and _group(c) == group])}
    known = bool(((plain & padded) - {""}) | dented)
    groups = Counter((_group(column), scale.low, scale.high) for column, scale in found)
    alike = {c.name: groups[_group(c), s.low, s.high] if _group(c) else 1 for c, s in found}
    # Where a scale stands in a long row once, two of a kind are ratings too.
    usual = {(low, high) for (group, low, high), n in groups.items() if group and n >= ALIKE}
    chosen = _chosen(found, alike)
    # Two visits or 5 hours are no ratings; a row of ratings may have one of the price and one of the hours.
    lone = [c for c, _ in found if alike[c.name] < ALIKE and not _measure(c)]
    counted = {c.name for c in lone if says(QUANTITY, *c.texts) and not says(_RATES, *c.texts)}
    return [
        _metric(column, scale, chosen[column.name])
        if column.name in chosen
        else _driver(column, scale, alike[column.name], known, (scale.low, scale.high) in usual)
        for column, scale in found
        if column.name not in counted
    ]


def _dented(columns: list[Facts]) -> bool:
    """Whether 0 and 6 stand out from ratings of 1 to 5: more than their neighbour where fewer are to be expected.

    Ratings of one question rise to one top. 0 given oftener than 1, and 1 less often than 2, is no end of a scale; nor
    is a 6 oftener than 5, and 5 less often than 4, in some item of a row.
    """

    def dent(end: str, inner: str, next_in: str) -> list[bool]:
        return [c.counts[end] > c.counts.get(inner, 0) < c.counts[next_in] for c in columns if end in c.counts.index]

    zeros, sixes = dent("0", "1", "2"), dent("6", "5", "4")
    return len(columns) >= ALIKE and sum(zeros) >= len(zeros) / 2 and sum(sixes) >= len(sixes) / 4


def _group(column: Facts) -> str:
    """What the ratings of one question have in common: block, number (Q7), the beginning of their names or wordings."""
    prefix = _PREFIX.match(column.name)
    words = column.texts[0].split()
    begun = " ".join(words[:BEGUN]) if len(words) > BEGUN else ""
    return column.variable.block or (prefix[1] if prefix else begun or parent(column))


def _measure(column: Facts) -> str:
    return next((kind for kind in METRICS if says(MEASURES[kind], *column.texts)), "")


def _chosen(found: list[tuple[Facts, Scale]], alike: dict[str, int]) -> dict[str, str]:
    """The rating that measures each of recommendation, satisfaction and ease, by its column."""
    chosen: dict[str, str] = {}
    for kind, (metric, _) in METRICS.items():
        rivals = [(c, s) for c, s in found if _measure(c) == kind]
        if kind == "satisfied" and not rivals:
            rivals = [(c, s) for c, s in found if not _measure(c) and _overall(c) and (s.low, s.high) == (1, 5)]
            rivals = sorted(rivals, key=lambda r: r[1].padded)[:1]
        lone = [(c, s) for c, s in rivals if _overall(c) or alike[c.name] < ALIKE]
        lone.sort(key=lambda r: ((r[1].low, r[1].high) != METRIC_SCALES[metric], not _overall(r[0])))
        if lone:
            chosen[lone[0][0].name] = kind
    return chosen


def _overall(column: Facts) -> str:
    return says(MEASURES["overall"], *column.texts)


def _metric(column: Facts, scale: Scale, kind: str) -> Guess:
    metric, noun = METRICS[kind]
    usual = METRIC_SCALES[metric]
    words = says(MEASURES[kind], *column.texts)
    word = words or re.sub(r"^q \d+ (\w )?", "", _overall(column))
    reason = f'{scale.reason} and "{word}" in the wording'
    entries = _entries(column, scale)
    if (scale.low, scale.high) == usual:
        # A long question on satisfaction may ask of one part only; the whole has its words.
        part = kind == "satisfied" and not _overall(column) and len(spoken(column.texts[0]).split()) > 4
        sure = "medium" if scale.padded or not words or part else "high"
        entries = {"metric": metric} | entries
        look = "" if sure == "high" else f"whether it asks of the whole, as the study's {metric.upper()} does"
        return Guess((column.name,), "question", "metric", entries, reason, sure, scale.outside, look)
    name = f"{noun}_{scale.low}_{scale.high}"
    reason = f'"{words}" in the wording, but not on {metric.upper()}\'s scale {usual[0]}-{usual[1]}: {scale.reason}'
    look = f"it is reported as a mean of {scale.written}, since {metric.upper()} needs {usual[0]}-{usual[1]}"
    label = {
        lang: f"{word[0].upper()}{word[1:]} ({scale.written})" for lang, word in (("en", noun), ("vi", _NOUNS[noun]))
    }
    own = {name: {"scale": [scale.low, scale.high], "scores": "mean", "unit": "score", "label": label}}
    entries = {"metric": name} | entries
    return Guess((column.name,), "question", "metric", entries, reason, "medium", scale.outside, look, own)


def _driver(column: Facts, scale: Scale, alike: int, known: bool, usual: bool) -> Guess:
    rated = says(MEASURES["rating"], *column.texts) or says(MEASURES["satisfied"], *column.texts)
    rated = rated or says(MEASURES["easy"], *column.texts) or says(MEASURES["part"], *column.texts)
    entries = _entries(column, scale)
    if _RANKS.search(" ".join(map(spoken, column.texts))):
        return Guess((column.name,), "candidate", "driver", {}, "ranks, which are no ratings", "low")
    if alike > MANY:
        # A list of brands or dishes: its items are looked at one by one, and nothing is moved by all of them at once.
        nets = {"nets": {"Top two": [str(scale.high - 1), str(scale.high)]}}
        reason = f"{scale.reason}, one of {alike} alike, which are too many to be drivers"
        return Guess((column.name,), "question", "single", entries | nets, reason, "medium", scale.outside)
    if alike >= (2 if usual and (known or not scale.padded) else ALIKE):
        reason, sure = f"{scale.reason}, one of {alike} alike", "high" if column.variable.block or rated else "medium"
    elif rated and not says(MEASURES["recommend"], *column.texts):
        reason, sure = f'{scale.reason} and "{rated}" in the wording', "medium"
    else:
        what = (
            "no word of recommending, satisfaction or ease" if scale.high == 10 else "no wording that tells of a rating"
        )
        reason = f"{scale.reason}, but {what}"
        if says(MEASURES["recommend"], *column.texts):
            reason = f"{scale.reason}, a further question on recommending"
        return Guess((column.name,), "candidate", "driver", entries, reason, "low", scale.outside)
    if scale.padded and not known:
        ends = f"{min(0, *column.whole)}-{max(column.whole)}" if 0 in column.whole else f"1-{max(column.whole)}"
        look = f"whether {' and '.join(scale.outside)} are no answers, or the scale is {ends}"
        return Guess((column.name,), "candidate", "driver", entries, reason, "low", scale.outside, look)
    if scale.padded:
        reason += f"; {' and '.join(scale.outside)} do not fit it here"
    return Guess((column.name,), "question", "driver", entries, reason, sure, scale.outside)


def _entries(column: Facts, scale: Scale) -> dict:
    entries = {"scale": [scale.low, scale.high]}
    return entries | ({"missing": list(scale.outside)} if scale.outside else {})
