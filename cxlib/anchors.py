"""Published complaint rates: what share of unhappy customers complained, who said so, and what is not known about it.

They differ 33-fold, because each means something else by unhappy, by severity, by channel and by time window. They are
shown beside one another, and none of them is ever taken silently.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Anchor:
    """One published rate: share of unhappy customers who complained to the company, and where it comes from.

    `base` says what is known of the number of unhappy people behind it. `nobody` is the share that told nobody at all,
    where it was published: silent towards everybody, not towards the company alone.
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
        "Khaosat.me 2019: 1 in 42",
        1 / 42,
        "attributed to a Khaosat.me poll of 2,000 people; secondary, no primary source was found",
        "Vietnam (Ho Chi Minh City, Hanoi)",
        "2019",
        "any",
        "not stated",
        "number of unhappy respondents not published",
    ),
    Anchor(
        "tarp_small",
        "TARP, small problems",
        0.03,
        "TARP (Goodman and Newman)",
        "United States",
        "not stated",
        "small problems",
        "the company",
        "not published",
    ),
    Anchor(
        "one_in_26",
        "TARP, attributed: 1 in 26",
        1 / 26,
        "attributed to TARP; the original was not found",
        "United States",
        "not stated",
        "any",
        "the company",
        "not published",
    ),
    Anchor(
        "qualtrics_2025",
        "Qualtrics 2025",
        0.32,
        "Qualtrics consumer panel, 2025",
        "several",
        "2025",
        "a bad experience",
        "the company",
        "not stated",
        0.24,
    ),
    Anchor(
        "vca_2016",
        "Vietnam Competition Authority 2016",
        0.36,
        "Vietnam Competition Authority, consumer survey 2016",
        "Vietnam",
        "2016",
        "a consumer's problem",
        "the seller",
        "3,000 respondents; how many of them had a problem is not stated",
        0.44,
    ),
    Anchor(
        "oca_1979",
        "US Office of Consumer Affairs 1979",
        0.69,
        "US Office of Consumer Affairs, 1979",
        "United States",
        "1979",
        "most serious problem",
        "the company",
        "not stated",
    ),
    Anchor(
        "ccmc_2015",
        "CCMC Customer Rage 2015",
        0.79,
        "CCMC, National Customer Rage Study 2015",
        "United States",
        "2015",
        "most serious problem",
        "the company",
        "not stated",
    ),
)
ANCHORS = {anchor.name: anchor for anchor in _FOUND}
