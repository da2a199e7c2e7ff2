"""What the questions of a new study are called: a name for each, and the part of its wording that tells it apart."""

from itertools import takewhile

from cxlib.answers import Answers
from cxlib.codebook import KEYS
from cxlib.guesses import Guess
from cxlib.names import FILLING, slug, unique
from cxlib.wording import spoken, unmarked

# Names that the loaded survey has of its own.
_TAKEN = {*KEYS["survey"], "excluded", "weight_start", "weight_ratio", "margin", "age_band"}
ALIKE, BEGUN = 3, 5  # so many wordings that begin with so many words in common are one question of many parts


def tails(answers: Answers, found: tuple[Guess, ...]) -> dict[str, str]:
    """By column, what tells its wording from others that begin alike: "Algeria" of "Please rate … cuisine of Algeria:".

    Only where the file itself does not part a question from its options, and where every part is another one.
    """
    groups: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for made in found:
        variable = answers.variables.get(made.columns[0])
        if len(made.columns) == 1 and variable is not None and not variable.option:
            words = (variable.text or variable.name).split()
            groups.setdefault(tuple(words[:BEGUN]), {})[variable.name] = words
    told = {}
    for begun, members in groups.items():
        if len(begun) < BEGUN or len(members) < ALIKE:
            continue
        shared = len([*takewhile(lambda words: len(set(words)) == 1, zip(*members.values(), strict=False))])
        parts = {column: _part(words[shared:]) for column, words in members.items()}
        if all(parts.values()) and len({part.casefold() for part in parts.values()}) == len(parts):
            told |= parts
    return told


def _part(words: list[str]) -> str:
    """The words without what says nothing before them, and signs behind them."""
    while len(words) > 1 and unmarked(spoken(words[0])) in FILLING:
        words = words[1:]
    part = " ".join(words).strip(" :.?!-–—")
    return part[:1].upper() + part[1:]


def names(answers: Answers, found: tuple[Guess, ...], told: dict[str, str]) -> dict[tuple[str, ...], str]:
    """A name for each question and candidate, by its columns: its code where it has one, else words of its wording.

    `told` are the tails() of the wordings.
    """
    asked = [made for made in found if made.use in ("question", "candidate")]
    private = [name for made in found if made.use == "private" for name in made.columns]
    bases = []
    for made in asked:
        variable = answers.variables[made.columns[0]]
        several = len(made.columns) > 1
        base = made.entries["name"] if several else variable.name
        if " " in base.strip():
            base = base if several else told.get(variable.name) or variable.option or variable.text or base
        bases.append(slug(base) or "question")
    return dict(zip((made.columns for made in asked), unique(bases, {*_TAKEN, *private}), strict=True))
