"""What the journey chapter looks at: a study's contacts, the map that was drawn, and whose journeys they are."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import narwhals as nw
import numpy as np
import pandas as pd

from cxlib import contacts, expected_map, journey, journey_tables, large_counts, pain_points, paths, people
from cxlib.batches import combinations
from cxlib.contact_log import UNKNOWN, Journeys, journeys, places
from cxlib.errors import CxError, nearest
from cxlib.language import digits, tr
from cxlib.removal import removal_effect
from cxlib.shown import Shown
from cxlib.suppression import withhold
from cxlib.touchpoint_audit import audit
from cxlib.transitions import transitions

PERSONA = "persona"
SPOTS = 500  # touchpoints at their stages; more are addresses or texts, and no kinds


@dataclass(frozen=True, repr=False)
class Case(Shown):
    """The journeys of a study, or of one group of its customers.

    `log` and `drawn_map` are None where there is no journey to tell, for which `why_not` is the reason; the map is the
    study's, or the one that was `expected` instead. `customers` are those of the group, `complaints` those of all,
    which tell from when to when complaints were noted; None where the study has none.
    """

    study: object
    group: str
    log: Journeys | None
    drawn_map: pd.DataFrame | None
    customers: pd.DataFrame | None
    complaints: pd.DataFrame | None
    confidence: float
    why_not: str = ""
    expected: str = ""

    @property
    def minimum_base(self) -> int:
        """The unweighted base under which nothing is reported."""
        return self.study.book.minimum_base


def case(study, *, group: str = "", expected: str = "", confidence: float = 0.95) -> Case:
    """The journeys of all customers, or of a group: `question:answer` of the customers, or `persona:number`.

    `expected` says which map they are held against (see expected_map.expected_map()); empty: the study's. Contacts of
    one moment are put in the order of the study's map in any case.

    Raises CxError for a group or an expectation that is not there, and for a confidence outside 0-1.
    """
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    customers = study.table("customers") if study.has("customers") else None
    name, chosen = "", None
    if group:
        name, chosen = _chosen(study, customers, group)
        customers = customers[chosen].reset_index(drop=True)
    nothing = (study, name, None, None, customers, _complaints(study), confidence)
    if not journey_tables.has_journeys(study.book):
        return Case(*nothing, tr("The study has no contacts with a drawn map, so no journey is told."))
    events, drawn_map = study.table("events"), study.table("map")
    if study.counts_all("events") and not group:
        events = study.relation("events")
    elif study.part is not None and events.empty:
        return Case(*nothing, tr("No contact of the log is of a customer of this part, so no journey is told."))
    if group:
        events = events[events["customer"].isin(customers["customer"])]
        if events.empty:
            return Case(*nothing, tr("No contact of the log is of a customer of this group ({group}).", group=name))
    spots = combinations(nw.from_native(events), ["stage", "touchpoint"])
    if spots > SPOTS:
        why_not = tr(
            "No journey is told: the log has {spots} touchpoints at their stages, and {most} are the most that can be "
            "told of; name kinds of touchpoints instead.",
            spots=digits(f"{spots:,}"),
            most=SPOTS,
        )
        return Case(*nothing, why_not)
    optional = {key: key if key in events.columns else None for key in ("channel", "score")}
    how = {"order": places(drawn_map)["stage"].tolist(), "memory": study.book.large.memory}
    log = journeys(events, **how, **optional)
    if "channel" not in events.columns:
        drawn_map = drawn_map.assign(channel=UNKNOWN)
    return expecting(Case(study, name, log, drawn_map, *nothing[4:]), expected=expected, confidence=confidence)


def expecting(found: Case, *, expected: str, confidence: float) -> Case:
    """The same journeys, held against another map, and at another confidence; errors as case()."""
    if not 0 < confidence < 1:
        raise CxError(f"confidence lies between 0 and 1, e.g. 0.95; found {confidence}")
    if found.log is None:
        return replace(found, confidence=confidence)
    drawn_map = found.study.table("map")
    if found.log.channels == [UNKNOWN] and "channel" not in found.study.table("events"):
        drawn_map = drawn_map.assign(channel=UNKNOWN)
    held = expected_map.expected_map(found.log, drawn_map, expected)
    return replace(found, drawn_map=held, expected=expected.strip(), confidence=confidence)


def _chosen(study, customers, group: str) -> tuple[str, pd.Series]:
    """What a group is called, and which customers are of it."""
    question, sign, answer = (part.strip() for part in group.partition(":"))
    if customers is None or "customer" not in customers:
        raise CxError("a group of customers needs a table customers that names them with `customer:`")
    if not sign or not answer:
        raise CxError(f"a group is question:answer, e.g. channel:Digital, or persona:1; found {group!r}")
    if question == PERSONA:
        return _of_persona(study, customers, answer)
    known = [name for name in study.questions("segment", "customers") if name in customers]
    known += [name for name in study.questions("single", "customers") if name in customers]
    if question not in known:
        there = f"there are {', '.join(known)}" if known else "no question of theirs has any"
        raise CxError(f"customers have no groups of {question}{nearest(question, known)}; {there}")
    answers = [str(level) for level in study.levels(question, "customers")]
    if answer not in answers:
        close = nearest(answer, answers)
        raise CxError(f"{question} has no answer {answer}{close}; the answers are {', '.join(answers)}")
    return f"{study.label(question, 'customers')}: {answer}", customers[question].astype(str) == answer


def _of_persona(study, customers: pd.DataFrame, answer: str) -> tuple[str, pd.Series]:
    """The customers who most likely are of a persona, by what they share with the people it was formed from."""
    made = _personas(study)
    if made.k == 1:
        raise CxError(f"there are no personas to choose from: {made.verdict}")
    numbers = {str(number): number for number in range(1, made.k + 1)}
    numbers |= {name: number for number, name in enumerate(made.names, 1)}
    if answer not in numbers:
        listed = "; ".join(f"{number} {name}" for number, name in enumerate(made.names, 1))
        raise CxError(f"there is no persona {answer}; the personas are {listed}")
    shared = [variable.name for variable in made.variables if variable.name in customers]
    if not shared:
        raise CxError("customers share no question with the people that the personas were formed from")
    number = numbers[answer]
    name = tr("Persona {number}: {name}", number=number, name=made.names[number - 1])
    return name, made.assign(customers[shared])["segment"] == number


@lru_cache(maxsize=2)
def _personas(study):
    """The study's personas, which take long to form."""
    return people.formed(people.people(study))


def _complaints(study) -> pd.DataFrame | None:
    if not study.has("complaints") or not {"complainer", "when"} <= set(study.table("complaints")):
        return None
    if large_counts.is_sample(study, "complaints"):  # contacts whose complaint was not drawn would pass for fine
        return None
    table = study.table("complaints").dropna(subset=["complainer", "when"])
    return None if table.empty else table


@dataclass(frozen=True)
class Facts:
    """All that is told of the journeys; frames without rows where there are none.

    What is told of paths (paths, conformance, departures, audit, removal) needs a journey known to have stopped. What
    rests on a base of its own (scores, complaints, pains …) is blank where that is under the study's minimum.
    """

    checks: pd.DataFrame
    stages: pd.DataFrame
    touchpoints: pd.DataFrame
    audit: pd.DataFrame
    paths: pd.DataFrame
    conformance: pd.DataFrame
    departures: pd.DataFrame
    flows: pd.DataFrame
    turns: pd.DataFrame
    removal: pd.DataFrame
    pains: pd.DataFrame
    moments: pd.DataFrame
    customers: int


def facts(found: Case, *, purchase: str = "", days: int = 30, seed: int = 0, only: Iterable[str] = ()) -> Facts:
    """What the modules of the journey find, with the chapter's confidence; `only` names the frames that are wanted.

    Raises CxError for a seed under 0, and for more than 3,650 days of a complaint.
    """
    if seed < 0:
        raise CxError(f"a seed is a whole number of 0 or more; found {seed}")
    if days > 3650:
        raise CxError(f"complaints are counted within a number of days, 3,650 at most; found {days}")
    if found.log is None:
        return Facts(*[pd.DataFrame()] * 12, customers=0)
    log, drawn, how, least = found.log, found.drawn_map, {"confidence": found.confidence}, found.minimum_base
    own = found.study.table("map")  # what is odd about the log is so beside the study's own map
    spots = drawn.assign(**{key: None for key in ("touchpoint", "channel") if key not in drawn})
    places_of = {"complaints": found.complaints, "days": days, **how}
    none, stopped = pd.DataFrame(), _stopped(log)
    few = cache(lambda: journey.few_complaints(log, **places_of))
    audited = stopped and {"touchpoint", "channel", "expected"} <= set(drawn) and drawn["expected"].notna().any()
    made = {
        "checks": lambda: _nameless(_checks(found, own)),
        "stages": lambda: _places_based(journey.stages(log, drawn, **places_of), least, few(), "stage"),
        "touchpoints": lambda: _places_based(journey.touchpoints(log, spots, **places_of), least, few(), "touchpoint"),
        "audit": lambda: _audit_based(audit(log, drawn, customers=_with_left(found.customers), **how), least),
        "paths": lambda: paths.common(log, **how),
        "conformance": lambda: paths.conformance(log, drawn, **how),
        "departures": lambda: _blank(paths.departures(log, drawn, **how), "rate_n", least, "rate"),
        "flows": lambda: transitions(log, level="touchpoint", **how),
        "turns": lambda: transitions(log, level="stage", **how),
        "removal": lambda: _removal(log, drawn, purchase, seed, how),
        "pains": lambda: _pains_based(pain_points.rank(log, spots, **how), least),
        "moments": lambda: pain_points.moments(log, spots, **how),
    }
    without = {"paths", "conformance", "departures", "removal"} if not stopped else set()
    without |= {"audit"} if not audited else set()
    without |= set(made) - set(only or made)
    return Facts(**{name: none if name in without else make() for name, make in made.items()}, customers=log.customers)


def _checks(found: Case, own: pd.DataFrame) -> pd.DataFrame:
    """contacts.check(); beside a sample of the customers nobody can be told to be unknown."""
    if not large_counts.is_sample(found.study, "customers"):
        return contacts.check(found.log, found.customers, own)
    checks = contacts.check(found.log, None, own)
    beside = checks["kind"].isin(["before_customer", "after_customer", "unknown_customer"])
    return checks.assign(decision=checks["decision"].mask(beside, tr("not checked: the customers are a sample")))


def _nameless(checks: pd.DataFrame) -> pd.DataFrame:
    """The checks without examples that name a customer: a report is no place for them, `contacts.check` gives them."""
    of_the_map = checks["kind"].isin(["unknown_stage", "unknown_touchpoint"])
    return checks.assign(example=checks["example"].where(of_the_map, ""))


def _stopped(log: Journeys) -> int:
    """How many journeys are known to have stopped: last seen more than the usual gap before the log ends."""
    each = f"SELECT customer FROM contacts GROUP BY customer HAVING max(moment) <= TIMESTAMP '{log.until}'"
    return int(log.query(f"SELECT count(*) AS n FROM ({each})")["n"].iloc[0])


def _blank(frame: pd.DataFrame, base: str, least: int, *names: str) -> pd.DataFrame:
    """The frame without the numbers `names`, nor what belongs to them, where their base is under the least."""
    if not (frame[base] < least).any():
        return frame
    columns = [c for c in frame if c in names or (c.startswith(names) and c.endswith(("_low", "_high", "_se", "_p")))]
    return frame.assign(**{name: frame[name].mask(frame[base] < least) for name in columns})


def _places_based(frame: pd.DataFrame, least: int, few: dict, level: str) -> pd.DataFrame:
    """Scores and complaints where their base is enough; of complaints none that would tell of 1 to 4 customers."""
    frame = _blank(_blank(frame, "score_n", least, "score"), "complaint_n", least, "complaint")
    keys = frame[[*journey.LEVELS[level]]].astype(str).itertuples(index=False, name=None)
    out = np.array([key in few[level] for key in keys], bool) & frame["complaint"].notna()
    return withhold(frame, out, ["complaint", "complaint_low", "complaint_high"])


def _audit_based(frame: pd.DataFrame, least: int) -> pd.DataFrame:
    """What goes with fewer and with more contacts, where they and those with as many as expected are enough."""
    others = frame["n"] - frame["fewer"] - frame["more"]
    for side in ("fewer", "more"):
        frame = frame.assign(_base=np.minimum(frame[side], others))
        frame = _blank(frame, "_base", least, f"{side}_churn", f"{side}_score")
    return frame.drop(columns="_base").assign(unit="ratio")


def _pains_based(frame: pd.DataFrame, least: int) -> pd.DataFrame:
    """Each harm where its base is enough; what cannot be weighed for want of it comes last."""
    few = frame[["n", "scored"]].lt(least)
    nothing = few.all(axis=1) | (few & frame[["n", "scored"]].gt(0)).any(axis=1)
    frame = _blank(frame, "n", least, "ending", "ending_here", "ending_others", "lost")
    frame = _blank(frame, "scored", least, "loss", "loss_here", "loss_others", "points")
    clear = [(frame[f"{harm}_p"] < pain_points.CLEAR) & (frame[harm] > 0) for harm in ("ending", "loss")]
    frame = frame.assign(weight=frame["weight"].mask(nothing), pain=clear[0] | clear[1])
    frame = frame.sort_values("weight", ascending=False, kind="stable", na_position="last", ignore_index=True)
    return frame.assign(rank=np.arange(1, len(frame) + 1))


def told(heads: dict, frame: pd.DataFrame) -> list[str]:
    """The columns of a table that a frame has, in the order of the heads."""
    return [name for name in heads if name in frame]


def scale(found: Case) -> tuple[float, float]:
    """The least and the most of the contacts' scores, in whole numbers; of 1 to 5 where none is scored."""
    if found.log is None:
        return (1.0, 5.0)
    row = found.log.query("SELECT min(score) AS low, max(score) AS high FROM contacts").iloc[0]
    if pd.isna(row["low"]):
        return (1.0, 5.0)
    low, high = float(np.floor(row["low"])), float(np.ceil(row["high"]))
    return low, max(high, low + 1)


def channels(found: Facts) -> pd.DataFrame:
    """The share of each stage's contacts in each channel: stage, channel, estimate, low, high, n.

    Empty where no channel is known.
    """
    names = [c.removeprefix("channel.") for c in found.stages if c.startswith("channel.")]
    names = [name for name in names if f"channel.{name}_low" in found.stages]
    names = [] if names == [UNKNOWN] else names
    rows = [
        (row["stage"], name, *(row[f"channel.{name}{end}"] for end in ("", "_low", "_high")), int(row["contacts"]))
        for _, row in found.stages.iterrows()
        for name in names
    ]
    columns = ["stage", "channel", "estimate", "low", "high", "n"]
    return pd.DataFrame(rows, columns=columns).assign(unit="percent")


def _with_left(customers: pd.DataFrame | None) -> pd.DataFrame | None:
    return customers if customers is not None and {"customer", "left"} <= set(customers) else None


def _removal(log: Journeys, drawn_map: pd.DataFrame, purchase: str, seed: int, how: dict) -> pd.DataFrame:
    """removal_effect(); empty where no purchase is named and the map has none that is reached from another stage."""
    if not purchase:
        known = places(drawn_map)
        named = known.loc[known["phase"].astype(str) == "during", "stage"]
        if named.empty or not all(_reach(log, named.iloc[-1])):
            return pd.DataFrame()
    return removal_effect(log, drawn_map, purchase=purchase or None, seed=seed, **how)


def _reach(log: Journeys, stage: str) -> tuple[int, int]:
    """Of the journeys known to have stopped: how many reach a stage, and how many begin elsewhere."""
    name = stage.replace("'", "''")
    row = log.query(
        f"""SELECT count(*) FILTER (reaches) AS reached, count(*) FILTER (NOT begins) AS before FROM (
            SELECT bool_or(stage = '{name}') AS reaches, bool_or(stage = '{name}' AND step = 1) AS begins
            FROM contacts GROUP BY customer HAVING max(moment) <= TIMESTAMP '{log.until}')"""
    ).iloc[0]
    return int(row["reached"]), int(row["before"])
