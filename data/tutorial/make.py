"""The tutorial's export: a synthetic survey of a bicycle-sharing company, as SurveyMonkey would hand it over.

    .venv/bin/python data/tutorial/make.py

Two header rows, answers in words, two waves, weights. All of it is drawn at random from what stands below (seed 2026).
"""

import csv
from pathlib import Path

import numpy as np

SEED, ROWS = 2026, 210  # rows a wave
WAVES = {
    "2025-H2": ("09/15/2025", 0.0),
    "2026-H1": ("03/16/2026", 0.35),
}  # when it was asked, and how much better it is
SATISFIED = ["Very dissatisfied", "Dissatisfied", "Neither satisfied nor dissatisfied", "Satisfied", "Very satisfied"]
PARTS = {  # weight in the overall answer, and how good it is
    "Condition of the bikes": (0.40, 0.1),
    "Finding a free bike": (0.30, -0.5),
    "The app": (0.20, 0.4),
    "Price": (0.10, -0.1),
    "Customer service": (0.15, 0.0),
}
AGES = {"18-29": 0.34, "30-44": 0.33, "45-59": 0.21, "60 or older": 0.12}
POPULATION = {"18-29": 0.25, "30-44": 0.30, "45-59": 0.25, "60 or older": 0.20}
USES = ["Daily", "Weekly", "Monthly", "Less often"]
REASONS = ["Commuting", "Errands", "Leisure", "Sport"]
GOOD = (
    ["There is always a bike near my door", "It is cheap", "The new bikes ride well", "I can leave the bike anywhere"],
    [", and the app is quick", ", faster than the bus", ", and the brakes are in good order", ", even when it rains"],
    [". Keep it up.", ". More stations would be even better.", ". My family rides, too.", ".", ". Thank you!"],
)
BAD = (
    ["No free bikes in the morning", "The brakes were loose", "The app froze", "Too few stations in the suburbs"],
    [", and I was late for work", ", again", ", so I took the bus", ", and I paid for twenty minutes more"],
    [". Customer service took a week to answer.", ". Please mend it.", ". It was better before.", ".", ". Pity."],
)
ONE = ["Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address", "First Name"]
ONE += ["Last Name", "Wave", "Weight"]


def header() -> list[list[str]]:
    """The two header rows: questions above, options below."""
    above = [
        *ONE,
        "How likely is it that you would recommend Harbour Bikes to a friend or colleague?",
        "Overall, how satisfied are you with Harbour Bikes?",
        "How satisfied are you with each of the following?",
        *[""] * (len(PARTS) - 1),
        "How often do you ride a Harbour bike?",
        "What do you use the bikes for? (Please select all that apply.)",
        *[""] * (len(REASONS) - 1),
        "What is your age?",
        "What could we do better?",
    ]
    below = [*[""] * len(ONE), "Response", "Response", *PARTS, "Response", *REASONS, "Response", "Open-Ended Response"]
    return [above, below]


def wave(name: str, first: int, rng: np.random.Generator) -> list[list[str]]:
    """The respondents of one wave."""
    day, better = WAVES[name]
    ages = rng.choice(list(AGES), ROWS, p=list(AGES.values()))
    uses = rng.choice(len(USES), ROWS, p=[0.2, 0.35, 0.25, 0.2])
    mood = rng.normal(0, 0.8, ROWS) + 0.15 * (1.5 - uses)
    parts = {part: 3.5 + good + better * 0.5 + mood + rng.normal(0, 0.8, ROWS) for part, (_, good) in PARTS.items()}
    felt = 3.4 + sum(w * (parts[part] - 3.5) for part, (w, _) in PARTS.items()) + rng.normal(0, 0.5, ROWS)
    likely = np.clip(np.rint(7.6 + 1.9 * (felt - 3.2) + rng.normal(0, 1.4, ROWS)), 0, 10).astype(int)
    share = {age: (ages == age).mean() for age in AGES}
    rows = []
    for i in range(ROWS):
        minute = int(rng.integers(0, 600))
        start, end = (f"{day} {8 + m // 60:02d}:{m % 60:02d}:00" for m in (minute, minute + int(rng.integers(2, 9))))
        answers = [_word(values[i]) for values in parts.values()]
        answers[-1] = answers[-1] if rng.random() < 0.35 else "Have not used it"
        said = "".join(map(rng.choice, GOOD if likely[i] >= 8 else BAD))
        told = said if rng.random() < 0.45 else ""
        ticks = [reason if rng.random() < p else "" for reason, p in zip(REASONS, (0.5, 0.3, 0.4, 0.15), strict=True)]
        ticks = ticks if any(ticks) else ["", "", REASONS[2], ""]
        rows.append([
            str(11_800_000_000 + 1_373 * (first + i)), "418220001", start, end, *[""] * 4, name,
            f"{POPULATION[ages[i]] / share[ages[i]]:.3f}",
            {0: "Not at all likely - 0", 10: "Extremely likely - 10"}.get(likely[i], str(likely[i])),
            _word(felt[i]), *answers, USES[uses[i]], *ticks, ages[i], told,
        ])  # fmt: skip
        if rng.random() < 0.03:
            rows[-1][len(ONE) + 1] = ""  # skipped
    return rows


def _word(value: float) -> str:
    return SATISFIED[int(np.clip(np.rint(value), 1, 5)) - 1]


def main() -> None:
    """Write export.csv beside this script."""
    rng = np.random.default_rng(SEED)
    rows = [row for place, name in enumerate(WAVES) for row in wave(name, place * ROWS, rng)]
    with Path(__file__).with_name("export.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([*header(), *rows])


if __name__ == "__main__":
    main()
