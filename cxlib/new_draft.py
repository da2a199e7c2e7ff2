"""A study that is being begun: what its export was guessed to hold, and what a person has decided of it.

Exports go in, decisions go in, and what study.yml says comes out (new_study); nothing here asks or writes. `cx new` at
a terminal and the form in a notebook are two faces of it.
"""

import re
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import get_args

from cxlib import new_names
from cxlib.answers import Answers
from cxlib.codebook import KEYS, METRIC_SCALES, ROLES, Codebook
from cxlib.column_facts import Facts, facts
from cxlib.columns import natural_order
from cxlib.errors import CxError, nearest
from cxlib.export_waves import Export, Together, together
from cxlib.exports import refuse_crosstab
from cxlib.guess import guess
from cxlib.guess_multi import separator
from cxlib.guesses import Guess
from cxlib.names import slug, unique
from cxlib.new_paths import reachable
from cxlib.private_cells import shown
from cxlib.readers import read_table
from cxlib.scale_guess import scale as scale_of
from cxlib.worded_scales import emphasis, in_order
from cxlib.wording import is_missing

APART = ("private", "left out")
SAMPLES = get_args(Codebook.model_fields["sample"].annotation)
# How a rating is scored where it is none of the usual metrics: its mean, or the share of some of its answers.
OWN = ("mean", "share")
# What a question keeps of its guess under another role.
_KEEPS = {
    "metric": ("scale", "missing", "labels"),
    "driver": ("scale", "missing", "labels"),
    "segment": ("missing", "labels", "attribute", "nets"),
    "single": ("missing", "labels", "attribute", "nets"),
    "multi": ("name", "text", "columns", "labels", "no", "missing", "separator", "attribute"),
    "number": ("missing", "attribute", "derive"),
    "comment": ("missing",),
}
_YES, _NO = ("yes", "true", "có", "y", "1"), ("no", "false", "không", "khong", "n", "0")
_VIETNAMESE = re.compile("[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")


@dataclass(frozen=True)
class Draft:
    """The files of a study, the guess of each question, and what stands above its tables.

    `facts` are the counts of every column; `told` names what of title, language and sample a person has decided.
    """

    whole: Together
    facts: dict[str, Facts]
    found: tuple[Guess, ...]
    title: str
    language: str
    sample: str = "opt_in"
    told: frozenset[str] = frozenset()

    @cached_property
    def tails(self) -> dict[str, str]:
        """By column, what tells its wording from others that begin alike."""
        return new_names.tails(self.whole.answers, self.found)

    @cached_property
    def names(self) -> dict[tuple[str, ...], str]:
        """The name of each question in study.yml, by its columns."""
        return new_names.names(self.whole.answers, self.found, self.tails)

    def of(self, column: str) -> Guess:
        """The guess of a question, by one of its columns; CxError where the export has no such column."""
        for made in self.found:
            if column in made.columns:
                return made
        raise CxError(f"the export has no column {column}{nearest(column, self.facts)}")


def begin(exports: list[Path]) -> Draft:
    """The draft of a study on these exports, everything in it guessed.

    Raises CxError where an export cannot be read or is no table of respondents, or several are no waves of one survey.
    """
    reachable(exports)
    files = [(path, read_table(path)) for path in exports]
    for path, answers in files:
        refuse_crosstab(answers, path)
        if not len(answers.frame):
            raise CxError(f"{path}: an export has a row for each respondent; it has a header and no rows")
    whole = together(files)
    found = guess(whole.answers, waves=whole.waves, rows=whole.rows)
    known = {column.name: column for column in facts(whole.answers, whole.rows)}
    return Draft(whole, known, tuple(found), title(whole.files), language(whole.answers))


def language(answers: Answers) -> str:
    """vi where a third of the wordings bear Vietnamese letters, else en."""
    texts = {v.text or v.name for v in answers.variables.values()} | {
        v.option for v in answers.variables.values() if v.option
    }
    marked = sum(bool(_VIETNAMESE.search(text)) for text in texts)
    return "vi" if marked > len(texts) / 3 else "en"


def title(files: list[Export]) -> str:
    """A title from the names of the files: what they have in common, as words."""
    stems = [file.path.stem for file in files]
    shared = "".join(takewhile(bool, map(_alike, zip(*stems, strict=False))))
    if len(shared) < 3:
        shared = re.sub(r"^[\W\d_]+", "", stems[-1]) or stems[-1]
    return " ".join(re.sub(r"[_\s-]+", " ", shared).split())[:120] or "New study"


def _alike(letters: tuple[str, ...]) -> str:
    return letters[0] if len(set(letters)) == 1 else ""


def about(draft: Draft, **said: str) -> Draft:
    """The draft with title, language or sample as a person says them; CxError for a sample that there is not."""
    if said.get("sample", "opt_in") not in SAMPLES:
        raise CxError(f"a sample is {', '.join(SAMPLES)}; found {said['sample']}{nearest(said['sample'], SAMPLES)}")
    if not said.get("title", "x").strip():
        raise CxError("a study has a title")
    return replace(draft, **said, told=draft.told | set(said))


def confirm(draft: Draft, column: str) -> Draft:
    """The draft in which the guess of this question counts as decided. What nobody could tell is not confirmed."""
    made = draft.of(column)
    if made.use == "candidate":
        raise CxError(f"nobody could tell what {column} is; choose its role")
    return _put(draft, made, replace(made, decided=True))


def decide(
    draft: Draft,
    column: str,
    role: str,
    *,
    metric: str = "",
    scale: tuple[int, int] | None = None,
    missing: tuple[str, ...] | None = None,
    good: tuple[str, ...] = (),
    label: str = "",
) -> Draft:
    """The draft in which the question of this column is what a person says it is.

    `role` is a role of questions, a key of the survey (weight, wave …), `private` or `left out`; `metric` is nps, csat,
    ces, ces_top3, `mean` (of the answers on `scale`) or `share` (of who gave one of the `good` answers), for the role
    metric; `missing` are answers that are none (as guessed, where it is None). A key that another column was guessed to
    be is taken from it. Raises CxError where the answers do not fit what is said.
    """
    made = draft.of(column)
    if role not in (*ROLES, *KEYS["survey"], *APART):
        known = (*ROLES, *KEYS["survey"], *APART)
        raise CxError(f"{role} is no role and no key{nearest(role, known)}; they are {', '.join(known)}")
    if len(made.columns) > 1 and role not in ("multi", *APART):
        raise CxError(f"{made.entries.get('name', column)} has {len(made.columns)} columns; it is multi, or left out")
    if role in KEYS["survey"]:
        again = made.columns[0] in draft.facts and draft.facts[column].counts.max() > 1
        entries = {"duplicates": "first"} if role == "respondent" and again else {}
        entries = made.entries if (made.use, made.role) == ("key", role) else entries
        return _put(_freed(draft, role, made), made, Guess(made.columns, "key", role, entries, decided=True))
    if role in APART:
        reason = made.reason if made.use == "left out" else "left out by decision"
        # The columns of one question stay one, should it be taken back.
        kept = made.entries if len(made.columns) > 1 else {}
        return _put(draft, made, Guess(made.columns, role, "", kept, reason, decided=True))
    entries = (
        dict(made.entries) if made.role == role else {k: made.entries[k] for k in _KEEPS[role] if k in made.entries}
    )
    if missing is not None:
        entries = {k: v for k, v in entries.items() if k != "missing"} | ({"missing": list(missing)} if missing else {})
    if label.strip():
        entries["label"] = label.strip()
    own = {}
    if role in ("metric", "driver"):
        entries, own = _rating(draft, made, entries, role, metric, scale, good)
    if role == "multi" and len(made.columns) == 1 and "separator" not in entries:
        entries["separator"] = separator(draft.facts[column]) or ";"
    if role == "number" and not draft.facts[column].numeric:
        held = draft.facts[column].words
        safe = shown(held[0])[:40] if held and made.use != "private" else ""  # nothing private is told, even here
        told = f"words{f', e.g. {safe}' if safe else ''}" if held else "no answers"
        raise CxError(f"{column} holds {told}; a number it is not")
    return _put(draft, made, Guess(made.columns, "question", role, entries, own=own, decided=True))


def _put(draft: Draft, old: Guess, new: Guess) -> Draft:
    return replace(draft, found=tuple(new if made is old else made for made in draft.found))


def _freed(draft: Draft, key: str, other: Guess) -> Draft:
    """The draft without the column that was guessed to be this key; CxError where a person has said so."""
    held = next((made for made in draft.found if made.use == "key" and made.role == key and made is not other), None)
    if held is None:
        return draft
    if held.decided:
        raise CxError(f"{key} is {held.columns[0]} already; give that column another role first")
    return _put(draft, held, Guess(held.columns, "left out", reason=f"another column is the {key}"))


def words(column: Facts, made: Guess, missing: list[str]) -> dict[str, str]:
    """The number of each answer in words, by code: as guessed, in the order of their strength, no before yes, or as
    they come; none for a column of numbers."""
    held = [c for c in column.counts.index if c not in missing and not is_missing(c)]
    if all(c in column.numbers for c in held):
        return {}
    known = made.entries.get("labels", {})
    if set(held) <= {*known, *known.values(), *column.numbers}:
        return {code: word for code, word in known.items() if word not in missing}
    positive, negative = yes_or_no(held)
    if len(positive) == len(negative) == 1:
        return {"0": negative[0], "1": positive[0]}
    order = in_order(held)
    listed = [c for c in column.variable.order if c in held]
    steps = order[0] + order[1] if order else listed if set(listed) == set(held) else natural_order(held)
    if positive:
        steps = [*sorted(negative, key=emphasis, reverse=True), *sorted(positive, key=emphasis)]
    return {str(number): word for number, word in enumerate(steps, 1)}


def yes_or_no(answers: list[str]) -> tuple[list[str], list[str]]:
    """The answers that begin with yes, and those that begin with no; none where there are others, or but one kind."""
    begun = {c: c.casefold().replace(".", ",").split(",")[0].strip() for c in answers}
    yes, no = [c for c in answers if begun[c] in _YES], [c for c in answers if begun[c] in _NO]
    return (yes, no) if yes and no and len(yes) + len(no) == len(answers) else ([], [])


def _rating(draft: Draft, made: Guess, entries: dict, role: str, metric: str, scale, good) -> tuple[dict, dict]:
    """The entries of a metric or a driver, and the definition of a metric of the study's own."""
    column = draft.facts[made.columns[0]]
    known = [c for c in column.no_answers if c not in entries.get("missing", [])]
    missing = [*entries.get("missing", []), *known]
    labels = words(column, made, missing)
    if role == "metric" and metric not in (*METRIC_SCALES, *OWN):
        close = nearest(metric, (*METRIC_SCALES, *OWN))
        raise CxError(f"a metric is {', '.join((*METRIC_SCALES, *OWN))}; found {metric or 'none'}{close}")
    low, high = _scale(column, labels, missing, scale or tuple(entries.get("scale", ())), metric)
    code_of = {word: code for code, word in labels.items()}
    outside = [c for c in column.counts.index if c not in missing and not _on(code_of.get(c, c), column, low, high)]
    if outside:
        what = metric.upper() if metric in METRIC_SCALES else "this scale"
        n, example = int(column.counts[outside].sum()), outside[0][:40]
        raise CxError(
            f"answers to {column.name} lie in {low}-{high} on {what}; {n:,} do not, e.g. {example}; list them as "
            "missing, or choose another metric or scale"
        )
    kept = {k: v for k, v in entries.items() if k not in ("metric", "scale", "missing", "labels")}
    kept = {"scale": [low, high]} | ({"missing": missing} if missing else {}) | kept
    kept |= {"labels": labels} if labels else {}
    if role == "driver":
        return kept, {}
    if metric in METRIC_SCALES:
        return {"metric": metric} | kept, {}
    return _own(draft, made, kept, metric, [code_of.get(c, c) for c in good], {v: k for k, v in code_of.items()})


def _scale(column: Facts, labels: dict, missing: list[str], given: tuple, metric: str) -> tuple[int, int]:
    """The scale that was said, of the metric, guessed, or from the least to the most answer."""
    if metric in METRIC_SCALES:
        return METRIC_SCALES[metric]
    if given:
        return given
    found = scale_of(column)
    if found:
        return found.low, found.high
    whole = [int(c) for c in labels] or [v for v in column.whole if str(v) not in missing]
    if len(whole) < 2:
        raise CxError(f"{column.name} has no scale: a rating has two different answers or more, in whole numbers")
    return min(whole), max(whole)


def _on(code: str, column: Facts, low: int, high: int) -> bool:
    value = column.numbers.get(code, float(code) if code.isdecimal() else None)
    return value is not None and low <= value <= high and value % 1 == 0


def _own(draft: Draft, made: Guess, entries: dict, metric: str, good: list[str], labels: dict) -> tuple[dict, dict]:
    """A metric of the study's own: the mean of the answers, or the share of who gave the good ones."""
    column, (low, high) = draft.facts[made.columns[0]], entries["scale"]
    variable = column.variable
    said = entries.get("label") or variable.option or draft.tails.get(variable.name) or variable.text or variable.name
    wording = " ".join(said.split())
    taken = [*METRIC_SCALES, *(name for other in draft.found if other is not made for name in other.own)]
    (name,) = unique([f"{slug(wording)[:34] or 'question'}_{metric}"], taken)
    if metric == "mean":
        own = {"scale": [low, high], "scores": "mean", "unit": "score"}
        return {"metric": name} | entries, {name: own | {k: v for k, v in entries.items() if k == "label"}}
    stray = [c for c in good if not c.isdecimal() or not low <= int(c) <= high]
    if not good or stray or len(set(good)) > high - low:
        told = f"; found {stray[0]}" if stray else ""
        raise CxError(f"a share is of some answers to {column.name}, and not of all of them{told}")
    labels = variable.labels | labels
    told = _cut(" / ".join(labels.get(c, c) for c in good), 44)
    called = entries.get("label") or f"{_cut(wording, 44).rstrip(' ?:.')}: {told}"
    scores = {int(c): 100 for c in sorted(set(good), key=int)}
    own = {"scale": [low, high], "scores": scores, "unit": "percent", "label": called}
    return {"metric": name} | entries, {name: own}


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rsplit(" ", 1)[0] + "…"
