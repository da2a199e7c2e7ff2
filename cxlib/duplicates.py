"""Duplicates and near-duplicates: answer sheets of one wave that agree on more than chance allows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cxlib import text
from cxlib.chance_twins import Chance, chance, one_hot
from cxlib.codebook import Table
from cxlib.flagged import Flagged, flagged, groups_of, not_made
from cxlib.language import digits, noted, tr
from cxlib.nonsense import folded
from cxlib.routes import answered, question_columns

LEAST = 8  # questions that both must have answered
ALIKE = 0.85  # the share of identical answers from which on Kuriakose and Robbins suspect a copy
BY_CHANCE = 0.01  # pairs expected by chance in a wave, below which a pair is none of chance
# Above so many sheets of a wave not every pair is compared: those that agree on some answers drawn at random, often.
EVERY_PAIR, ROUNDS, BUCKET = 20_000, 30, 16
BLOCK = 1_000
RARE = 0.005  # answers that so few gave are compared as sparse columns, of which there may be thousands
BLANK, ALONE = -1, -2  # codes of no answer, and of one that nobody else of the wave gave


@dataclass(frozen=True)
class Sheets:
    """The substantive answers as codes (-1 blank), a row a respondent, a column a question."""

    codes: np.ndarray
    questions: tuple[str, ...]
    left_out: tuple[str, ...]  # questions whose answer is the same in the whole of each cluster


def sheets(frame: pd.DataFrame, spec: Table) -> Sheets:
    """The answers to all questions, as codes; a multi question is one answer, a comment its letters.

    What is the same in the whole of each cluster (a shop's city, a flight's airline) is no answer, and left out.
    """
    columns, questions, left_out, cluster = [], [], [], _clusters(frame)
    for name, parts in question_columns(frame, spec).items():
        codes = _codes(frame, parts, spec.questions[name].role)
        if (codes >= 0).any():
            if _of_the_cluster(cluster, codes):
                left_out.append(name)
            else:
                columns.append(codes)
                questions.append(name)
    table = np.column_stack(columns) if columns else np.zeros((len(frame), 0), int)
    return Sheets(table, tuple(questions), tuple(left_out))


def _codes(frame: pd.DataFrame, parts: list[str], role: str) -> np.ndarray:
    """The answers to one question, numbered; -1 where there is none."""
    if role == "comment":
        texts = frame[parts[0]].map(folded, na_action="ignore").replace("", None)
        return pd.factorize(texts)[0]
    if role != "multi":
        return pd.factorize(frame[parts[0]])[0]
    number = frame[parts].fillna(0).groupby(parts, sort=False).ngroup().to_numpy()
    return np.where(answered(frame, parts), number, -1)


def _clusters(frame: pd.DataFrame) -> np.ndarray:
    """The number of each respondent's cluster in his wave; -1 where there is none."""
    if "cluster" not in frame:
        return np.full(len(frame), -1)
    keys = [key for key in ("wave", "cluster") if key in frame]
    return frame.groupby(keys, observed=True, sort=False).ngroup().fillna(-1).to_numpy(int)


def _of_the_cluster(cluster: np.ndarray, codes: np.ndarray) -> bool:
    """Whether an answer never differs within a cluster (of several respondents who gave one, in a wave)."""
    given = (codes >= 0) & (cluster >= 0)
    cluster, codes = cluster[given], codes[given]
    if not len(cluster):
        return False
    one = np.zeros(cluster.max() + 1, int)
    one[cluster] = codes  # one of the answers in each cluster
    several = np.bincount(cluster) > 1
    return bool(several.sum() > 1 and not several[cluster[codes != one[cluster]]].any())


def duplicates(frame: pd.DataFrame, spec: Table) -> dict[str, Flagged]:
    """Who gave the same answers as an earlier respondent of the wave: to everything, and to nearly everything.

    A duplicate answered the same questions with the same answers; a near-duplicate shares at least 85% of the answers
    that either gave. Both must have answered 8 questions, and the wave is expected to hold less than 0.01 pairs that
    agree so far by chance: n (n - 1) / 2 times the chance that somebody gives so many of the answers of either, in a
    model in which answers are independent within latent classes. The first of the wave is not flagged.
    Sources: Kuriakose and Robbins, Statistical Journal of the IAOS 32 (2016) 283-291 (85%); Simmons, Mercer, Schwarzer
    and Kennedy, Statistical Journal of the IAOS 32 (2016) 327-338, who show that 85% alone flags honest answers.
    """
    taken = sheets(frame, spec)
    if len(taken.questions) < LEAST:
        why = noted("two sheets can be told to be one from {least} questions on; there are {held}")
        lacking = not_made(why, least=LEAST, held=len(taken.questions))
        return dict.fromkeys(("duplicate", "near_duplicate"), lacking)
    facts = [spec.questions[name].role not in ("metric", "driver") for name in taken.questions]
    exact, near = np.zeros(len(frame), bool), np.zeros(len(frame), bool)
    doubtful = hashed = 0
    for rows in groups_of(frame, ["wave"]):
        rows = rows[(taken.codes[rows] != BLANK).sum(axis=1) >= LEAST]
        if len(rows) < 2:
            continue
        codes = _numbered(taken.codes[rows])
        model = chance(codes, facts=facts)
        twins = pd.DataFrame(codes).duplicated().to_numpy() & (codes != ALONE).all(axis=1)
        sure = np.zeros(len(rows), bool)
        sure[twins] = _by_chance(model, len(rows), codes[twins], (codes[twins] >= 0).sum(axis=1)) < BY_CHANCE
        exact[rows] = twins & sure
        doubtful += int((twins & ~sure).sum())
        others = np.flatnonzero(~twins)
        near[rows[others]] = _near(codes[others], model, len(rows))
        hashed += len(others) > EVERY_PAIR
    return _told(frame, taken, exact, near, doubtful, hashed)


def _told(frame, taken: Sheets, exact, near, doubtful: int, hashed: int) -> dict[str, Flagged]:
    """Both results in words."""
    rules = _rules("wave" in frame, len(taken.questions))
    if taken.left_out:
        left = tr("left out as the same in each whole cluster: {questions}", questions=", ".join(taken.left_out))
        rules = [f"{rule}; {left}" for rule in rules]
    same, alike = rules
    if doubtful:
        number = text.number(doubtful)
        more = tr("{number} more did, but on answers so common that chance explains it", number=number)
        same = f"{same}; {more}"
    if hashed:
        drawn = tr(
            "with more than {most} sheets only those were compared that agree on some answers drawn at random ({draws} "
            "draws)",
            most=text.number(EVERY_PAIR),
            draws=ROUNDS,
        )
        alike = f"{alike}; {drawn}"
    return {"duplicate": flagged(frame, exact, same), "near_duplicate": flagged(frame, near, alike)}


def _rules(waves: bool, questions: int) -> list[str]:
    """Whom either check flags: who gave the same answers to everything, and to nearly everything."""
    given = {"questions": text.number(questions), "least": LEAST, "chance": digits(f"{BY_CHANCE:g}")}
    alike = f"{ALIKE:.0%}"
    if waves:
        same = tr(
            "gave the same answers to everything as an earlier respondent of the wave ({questions} questions, at least "
            "{least} answered), where less than {chance} such pairs are expected by chance",
            **given,
        )
        near = tr(
            "share at least {alike} of the answers (Kuriakose and Robbins 2016) with an earlier respondent of the wave "
            "({questions} questions, at least {least} answered), where less than {chance} such pairs are expected by "
            "chance",
            alike=alike,
            **given,
        )
        return [same, near]
    same = tr(
        "gave the same answers to everything as an earlier respondent ({questions} questions, at least {least} "
        "answered), where less than {chance} such pairs are expected by chance",
        **given,
    )
    near = tr(
        "share at least {alike} of the answers (Kuriakose and Robbins 2016) with an earlier respondent ({questions} "
        "questions, at least {least} answered), where less than {chance} such pairs are expected by chance",
        alike=alike,
        **given,
    )
    return [same, near]


def _numbered(codes: np.ndarray) -> np.ndarray:
    """The codes of one wave, from 0 on for what several answered: what nobody else answered agrees with nothing."""
    columns = []
    for column in codes.T:
        levels, place, count = np.unique(column, return_inverse=True, return_counts=True)
        shared = (levels >= 0) & (count > 1)
        number = np.where(shared, np.cumsum(shared) - 1, np.where(levels < 0, BLANK, ALONE))
        columns.append(number[place])
    return np.column_stack(columns)


def _by_chance(model: Chance, n: int, sheets: np.ndarray, matches: np.ndarray) -> np.ndarray:
    """Pairs of n sheets that are expected to agree by chance on so many answers of each sheet."""
    return n * (n - 1) / 2 * model.at_least(sheets, matches)


def _near(codes: np.ndarray, model: Chance, n: int) -> np.ndarray:
    """Which sheets are near-duplicates of an earlier one."""
    matches, twin = _every_pair(codes) if len(codes) <= EVERY_PAIR else _drawn_pairs(codes)
    found = np.flatnonzero(matches > 0)
    likely = np.maximum(
        *(_by_chance(model, n, codes[one], matches[found]) for one in (found, twin[found])),
    )
    near = np.zeros(len(codes), bool)
    near[found] = likely < BY_CHANCE
    return near


def _every_pair(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each sheet, on how many answers it agrees with the most alike of the earlier ones, and which; 0 if none."""
    levels = codes.max(axis=0, initial=0) + 1
    x, given = one_hot(codes, levels), (codes != BLANK).astype(np.float32)
    count, answers = np.asarray(x.sum(axis=0)).ravel(), given.sum(axis=1)
    common, rare = x[:, count > RARE * len(codes)].toarray(), x[:, count <= RARE * len(codes)]
    most, twin = np.zeros(len(codes)), np.zeros(len(codes), int)
    for start in range(0, len(codes), BLOCK):
        end = min(start + BLOCK, len(codes))
        same = common[start:end] @ common[:end].T + (rare[start:end] @ rare[:end].T).toarray()
        either = answers[start:end, None] + answers[:end] - given[start:end] @ given[:end].T
        same[same < ALIKE * either] = 0
        same[np.arange(end) >= np.arange(start, end)[:, None]] = 0  # the later of a pair is the copy
        twin[start:end] = same.argmax(axis=1)
        most[start:end] = same[np.arange(end - start), twin[start:end]]
    return most, twin


def _drawn_pairs(codes: np.ndarray, *, seed=0) -> tuple[np.ndarray, np.ndarray]:
    """The same for very many sheets: only those are compared that agree on the first answers in a random order.

    Questions are added one by one until a group holds no more than 16 sheets. Two sheets that share 95% of their
    answers agree on 10 drawn ones with a chance of 60%, and so at once in 30 draws.
    """
    random = np.random.default_rng(seed)
    most, twin = np.zeros(len(codes)), np.zeros(len(codes), int)
    for _ in range(ROUNDS):
        group = _small_groups(codes, random.permutation(codes.shape[1]))
        order = np.argsort(group, kind="stable")
        for step in range(1, BUCKET):
            alike = group[order[step:]] == group[order[:-step]]
            if not alike.any():
                break
            later, earlier = order[step:][alike], order[:-step][alike]
            same = ((codes[later] == codes[earlier]) & (codes[later] >= 0)).sum(axis=1)
            either = ((codes[later] != BLANK) | (codes[earlier] != BLANK)).sum(axis=1)
            better = (same >= ALIKE * either) & (same > most[later])
            most[later[better]], twin[later[better]] = same[better], earlier[better]
    return most, twin


def _small_groups(codes: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Sheets grouped by their answers in that order of questions, until no group holds more than 16 or they run out."""
    group = np.zeros(len(codes), int)
    for item in order:
        large = np.bincount(group)[group] > BUCKET
        if not large.any():
            break
        # Blanks agree with nothing, but must go somewhere: they stay together.
        mixed = np.where(large, group * (codes[:, item].max() + 3) + codes[:, item] + 2, -1 - group)
        group = np.unique(mixed, return_inverse=True)[1]
    return group
