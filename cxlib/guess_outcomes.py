"""What a report could be about where no question is a known metric: proposals, for a person to take one."""

from collections import Counter
from dataclasses import dataclass

from cxlib.column_facts import Facts
from cxlib.guess_questions import GROUPED
from cxlib.guesses import Guess
from cxlib.new_draft import Draft, words, yes_or_no
from cxlib.wording import MEASURES, is_missing, says

FEWEST = 30  # answers under which a report prints no number
MOST_ANSWERS = 12
_KNOWN = {"recommend": ("nps", (0, 10)), "satisfied": ("csat", (1, 5)), "easy": ("ces", (1, 7))}


@dataclass(frozen=True)
class Outcome:
    """A question as a metric, as new_draft.decide() takes it: its answers `n`, and its rank (0 is the likeliest)."""

    column: str
    metric: str
    good: tuple[str, ...]
    n: int
    rank: int


def outcomes(draft: Draft) -> list[Outcome]:
    """The questions that could be a metric, the likeliest first: ratings, words on a scale, yes or no, others.

    Who somebody is (gender, age, region) is nothing that a report could move, and is not proposed. What few were asked
    stands behind what all were asked, and of a battery all but the first two behind questions of their own.
    """
    made = [found for one in draft.found if (found := outcome(draft, one))]
    order = {one.columns[0]: place for place, one in enumerate(draft.found)}
    most, alike, ranks = max((one.n for one in made), default=0), Counter(), {}
    for one in made:
        answers = frozenset(draft.facts[one.column].counts.index)
        alike[answers] += len(answers) > 2  # yes and no are answers to anything
        ranks[one.column] = one.rank + 4 * (one.n < most / 2) + 2 * (alike[answers] > 2)
    return sorted(made, key=lambda one: (ranks[one.column], order[one.column]))


def outcome(draft: Draft, made: Guess) -> Outcome | None:
    """A question as the metric that it could be; None where it can be none, or too few answered."""
    if made.use not in ("question", "candidate") or len(made.columns) > 1 or made.role in ("multi", "comment"):
        return None
    column = draft.facts[made.columns[0]]
    answers = [c for c in column.counts.index if not is_missing(c) and c not in made.entries.get("missing", [])]
    n = int(column.counts[answers].sum())
    if n < FEWEST or not 2 <= len(answers) <= MOST_ANSWERS or made.entries.get("attribute") in GROUPED:
        return None
    if "scale" in made.entries:
        metric, good, rank = _rating(column, made)
        return Outcome(column.name, metric, good, n, rank)
    if column.numeric and not set(answers) <= {"0", "1"}:
        return None
    good, rank = _share(column, made, answers)
    return Outcome(column.name, "share", good, n, rank)


def _rating(column: Facts, made: Guess) -> tuple[str, tuple[str, ...], int]:
    """A rating: the metric that its wording names, the two best of up to five answers, else the mean."""
    low, high = made.entries["scale"]
    rank = 1 if made.use == "candidate" else 2
    for kind, (metric, scale) in _KNOWN.items():
        if says(MEASURES[kind], *column.texts) and (low, high) == scale:
            return metric, (), rank - 1
    if high - low in (3, 4):
        labels = made.entries.get("labels", {})
        return "share", tuple(labels.get(str(c), str(c)) for c in (high - 1, high)), rank
    return "mean", (), rank


def _share(column: Facts, made: Guess, answers: list[str]) -> tuple[tuple[str, ...], int]:
    """The answers that count, yes, the best words, or the commonest, and how likely such a question is meant."""
    yes, _ = yes_or_no(answers)
    if yes:
        return tuple(yes), 3
    labels = words(column, made, made.entries.get("missing", []))
    if made.entries.get("labels"):
        best = made.entries.get("nets", {}).get("Top two", list(labels)[-1:])
        return tuple(labels[c] for c in best if c in labels), 2
    return (str(column.counts[answers].idxmax()),), 5
