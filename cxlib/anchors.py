"""Published complaint rates: what share of unhappy customers complained, who said so, and what is not known about it.

They differ 33-fold, because each means something else by unhappy, by severity, by channel and by time window. They are
shown beside one another, and none of them is ever taken silently.
"""

from dataclasses import dataclass

from cxlib.language import noted
from cxlib.shown import Shown


@dataclass(frozen=True, repr=False)
class Anchor(Shown):
    """One published rate: share of unhappy customers who complained to the company, and where it comes from.

    `base` says what is known of the number of unhappy people behind it. `nobody` is the share that told nobody at all,
    where it was published: silent towards everybody, not towards the company alone. What tables show is a message.
    """

    name: str
    label: str
    rate: float
    source: str
    country: str
    year: str
    problem: str
    channel: str
    base: str
    nobody: float | None = None

    @property
    def silent_to_all_per_complainer(self) -> float | None:
        """How many told nobody behind each one who complained; None where that was not published."""
        return None if self.nobody is None else self.nobody / self.rate


_FOUND = (
    Anchor(
        "khaosat_2019",
        noted("Khaosat.me 2019: 1 in 42"),
        1 / 42,
        noted("attributed to a Khaosat.me poll of 2,000 people; secondary, no primary source was found"),
        noted("Vietnam (Ho Chi Minh City, Hanoi)"),
        "2019",
        noted("any"),
        "not stated",
        noted("number of unhappy respondents not published"),
    ),
    Anchor(
        "tarp_small",
        noted("TARP, small problems"),
        0.03,
        noted("TARP (Goodman and Newman)"),
        noted("United States"),
        noted("not stated"),
        noted("small problems"),
        "the company",
        noted("not published"),
    ),
    Anchor(
        "one_in_26",
        noted("TARP, attributed: 1 in 26"),
        1 / 26,
        noted("attributed to TARP; the original was not found"),
        noted("United States"),
        noted("not stated"),
        noted("any"),
        "the company",
        noted("not published"),
    ),
    Anchor(
        "qualtrics_2025",
        noted("Qualtrics 2025"),
        0.32,
        noted("Qualtrics consumer panel, 2025"),
        noted("several"),
        "2025",
        noted("a bad experience"),
        "the company",
        noted("not stated"),
        0.24,
    ),
    Anchor(
        "vca_2016",
        noted("Vietnam Competition Authority 2016"),
        0.36,
        noted("Vietnam Competition Authority, consumer survey 2016"),
        noted("Vietnam"),
        "2016",
        noted("a consumer's problem"),
        "the seller",
        noted("3,000 respondents; how many of them had a problem is not stated"),
        0.44,
    ),
    Anchor(
        "oca_1979",
        noted("US Office of Consumer Affairs 1979"),
        0.69,
        noted("US Office of Consumer Affairs, 1979"),
        noted("United States"),
        "1979",
        noted("most serious problem"),
        "the company",
        noted("not stated"),
    ),
    Anchor(
        "ccmc_2015",
        noted("CCMC Customer Rage 2015"),
        0.79,
        noted("CCMC, National Customer Rage Study 2015"),
        noted("United States"),
        "2015",
        noted("most serious problem"),
        "the company",
        noted("not stated"),
    ),
)
ANCHORS = {anchor.name: anchor for anchor in _FOUND}
