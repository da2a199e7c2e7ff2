"""What counts as an unhappy customer and as a complaint, and how many different customers complained.

An estimate of silent customers needs four things declared: who is unhappy, at what severity, in which channels, in
which time window. They stand in study.yml under `iceberg:`; a notebook's parameters overrule them.
"""

from dataclasses import dataclass
from functools import reduce

import pandas as pd

from cxlib import language, large_counts
from cxlib.complaint_rate import ComplaintRate, rates_by_group, stated
from cxlib.days import day
from cxlib.errors import CxError, nearest
from cxlib.filters import named_answers
from cxlib.language import noted, tr
from cxlib.rules import Fault, check_answers
from cxlib.shown import Shown
from cxlib.suppression import hidden, small, withhold

ALL, SURVEY = noted("all"), noted("survey")  # as study.yml writes them, and as tables show them


@dataclass(frozen=True, repr=False)
class Definition(Shown):
    """What an estimate rests on: answers that mean unhappy and complained, severities, channels, window, rate.

    `severity` and `channels` are "all" or codes of the complaints table; `undeclared` names in words what is missing.
    """

    unhappy: dict[str, tuple[str, ...]]
    complained: dict[str, tuple[str, ...]]
    severity: str | tuple[str, ...]
    channels: str | tuple[str, ...]
    start: pd.Timestamp | None
    end: pd.Timestamp | None
    rate: str

    @property
    def undeclared(self) -> list[str]:
        """What a definition lacks, in words."""
        survey = self.rate == SURVEY
        needed = [
            (tr("who counts as unhappy (`unhappy:`)"), self.unhappy or not survey),
            (tr("who complained (`complained:`)"), self.complained or not survey),
            (tr("the severity (`severity:`)"), self.severity),
            (tr("the channels (`channels:`)"), self.channels),
            (tr("the time window (`window:`)"), self.start is not None),
            (tr("the complaint rate (`rate:`)"), self.rate),
        ]
        return [name for name, given in needed if not given]


def declared(study, *, unhappy="", complained="", severity="", channels="", start="", end="", rate="") -> Definition:
    """The definition of the study's `iceberg:`, overruled by the parameters that are not empty.

    `unhappy` and `complained` are written question: code|code, `severity` and `channels` as codes with commas or all,
    `start` and `end` as days (2026-01-31). Raises CxError for a question, code or day that does not exist.
    """
    given = study.book.iceberg
    window = given.window or (None, None)
    first, last = (
        day(text, "a day of the window") if text else (None if known is None else pd.Timestamp(known))
        for text, known in ((start, window[0]), (end, window[1]))
    )
    if (first is None) != (last is None):
        raise CxError(
            f"a window has a first and a last day; only {'the last' if first is None else 'the first'} is given"
        )
    if first is not None and first >= last:
        raise CxError(f"a window ends after it begins; found {first.date()} to {last.date()}")
    return Definition(
        _answers(study, "unhappy", unhappy) if unhappy else given.unhappy,
        _answers(study, "complained", complained) if complained else given.complained,
        _codes(severity) if severity else given.severity,
        _codes(channels) if channels else given.channels,
        first,
        last,
        rate or given.rate or "",
    )


def _answers(study, setting: str, text: str) -> dict[str, tuple[str, ...]]:
    """question: code|code, as a parameter writes it."""
    question, codes = named_answers(text)
    try:
        book, place = study.book, ("iceberg", setting, question)
        check_answers(setting, question, codes, book.tables.get("survey"), book.scales, place)
    except Fault as fault:
        raise CxError(str(fault)) from None
    return {question: codes}


def _codes(text: str) -> str | tuple[str, ...]:
    """Codes of a column of the complaints table, as a parameter writes them."""
    if text.strip() == ALL:
        return ALL
    return tuple(code.strip() for code in text.split(",") if code.strip())


def definition_table(study, definition: Definition) -> pd.DataFrame:
    """The declared definition in words, to stand beside every result: columns what, declared."""

    def asked(answers: str, given: dict) -> str:
        wordings = " / ".join(study.text(question) for question in given if study.text(question))
        return tr("{answers} (asked: {wordings})", answers=answers, wordings=wordings) if wordings else answers

    words = in_words(study, definition)
    rows = [
        (noted("Unhappy"), asked(words["unhappy"], definition.unhappy)),
        (noted("Complained"), asked(words["complained"], definition.complained)),
        (noted("Severity of complaints"), words["severity"]),
        (noted("Channels of complaints"), words["channels"]),
        (noted("Time window of complaints"), words["window"]),
        (noted("Evidence for the complaint rate"), tr(definition.rate) or tr("not declared")),
    ]
    return pd.DataFrame(rows, columns=["what", "declared"])


def in_words(study, definition: Definition) -> dict[str, str]:
    """The parts of a definition in words: unhappy, complained, severity, channels, window."""

    def answers(given: dict) -> str:
        parts = [
            tr("{question} is {answers}", question=study.label(q), answers=_any_of(study.answer_words(q, codes)))
            for q, codes in given.items()
        ]
        if parts:
            return _any_of(parts)
        return tr("not declared") if definition.rate in ("", SURVEY) else tr("as in the source of the rate")

    def codes(given) -> str:
        return tr(ALL) if given == ALL else ", ".join(given) or tr("not declared")

    window = tr("not declared")
    if definition.start is not None:
        window = tr("{low} to {high}", low=language.day(definition.start), high=language.day(definition.end))
    return {
        "unhappy": answers(definition.unhappy),
        "complained": answers(definition.complained),
        "severity": codes(definition.severity),
        "channels": codes(definition.channels),
        "window": window,
    }


def _any_of(parts: list[str]) -> str:
    """One thing or another: a or b or c."""
    return reduce(lambda one, other: tr("{one} or {other}", one=one, other=other), parts)


@dataclass(frozen=True, repr=False)
class Complainers(Shown):
    """Distinct customers who complained within a definition.

    `frame` has a row a complainer: complainer, complaints, first, last, outcome (of the last complaint that has one).
    `rows` are their complaints. `steps` counts complaints from the table to them: step, complaints.
    """

    frame: pd.DataFrame
    rows: pd.DataFrame
    steps: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def few(self) -> bool:
        """Whether they are 1 to 4, so that neither their number is shown nor what follows from it."""
        return bool(small(len(self)))

    @property
    def shown(self) -> pd.DataFrame:
        """The steps as they are published: a count of 1 to 4 is not, nor one that would tell it."""
        counts = self.steps["complaints"].abs()
        last = len(counts) - 1
        # The number of complainers stands in many places, and is hidden everywhere or nowhere.
        out = hidden(counts, [(-1, range(1, last + 1))], known=() if self.few else (last,))
        return withhold(self.steps, out, ["complaints"])


def complainers(study, definition: Definition) -> Complainers:
    """The complaints of the study, cut to the definition and reduced to distinct complainers.

    Raises CxError without the columns that the definition needs, for a severity or channel that no complaint has, and
    where no complaint names its complainer, or none that does is dated within the window. Of a part of a study it may
    well be that nobody complained.
    """
    table, part = study.table("complaints"), study.part is not None
    large_counts.whole(study, "complaints", "the number of complainers")
    _check(study, table, definition)
    steps = [(noted("Complaints in the table"), len(table))]

    def keep(rows: pd.DataFrame, which: pd.Series, why: str) -> pd.DataFrame:
        left = int((~which).sum())
        if left:
            steps.append((why, -left))
        return rows[which]

    rows = named = keep(table, table["complainer"].notna(), noted("without a complainer's key"))
    if named.empty and not part:
        raise CxError(f"complainers are told apart by their key (`complainer:`); all {len(table):,} complaints lack it")
    if definition.start is not None:
        inside = rows["when"].dt.normalize().between(definition.start, definition.end)
        rows = keep(rows, inside, noted("dated outside the window, or not at all"))
        if rows.empty and not part:
            outside = named["when"].dropna()
            example = f", e.g. {outside.iloc[0].date()}" if len(outside) else ""
            raise CxError(
                f"complaints must be dated within the window {definition.start.date()} to {definition.end.date()}; all "
                f"{len(named):,} with a complainer lie outside{example}"
            )
    parts = (
        ("severity", definition.severity, noted("of another severity")),
        ("channel", definition.channels, noted("of another channel")),
    )
    for column, codes, why in parts:
        if codes and codes != ALL:
            rows = keep(rows, rows[column].isin(codes), why)
    order = rows.sort_values("when", kind="stable") if "when" in rows else rows
    again = int(order["complainer"].duplicated().sum())
    if again:
        steps.append((noted("more complaints of the same complainer"), -again))
    found = order.groupby("complainer", sort=True).agg(
        complaints=("complainer", "size"),
        **({"first": ("when", "first"), "last": ("when", "last")} if "when" in order else {}),
        **({"outcome": ("outcome", "last")} if "outcome" in order else {}),
    )
    steps.append((noted("Distinct complainers"), len(found)))
    return Complainers(found.reset_index(), rows, pd.DataFrame(steps, columns=["step", "complaints"]))


def _check(study, table: pd.DataFrame, definition: Definition) -> None:
    """Raise a CxError where the complaints table lacks what the definition speaks of."""
    needed = {"complainer": True, "when": definition.start is not None}
    named = (("severity", definition.severity), ("channel", definition.channels))
    needed |= {column: codes not in ("", (), ALL) for column, codes in named}
    for column, wanted in needed.items():
        if wanted and column not in table:
            raise CxError(
                f"{study.file}: the table complaints must say which column holds the {column}, e.g. `{column}: …`"
            )
    for column, codes in named:
        known = sorted(study.total.table("complaints")[column].dropna().unique()) if needed[column] else []
        unknown = [code for code in codes if code not in known] if needed[column] else []
        if unknown:
            raise CxError(
                f"no complaint has the {column} {unknown[0]}; there are {', '.join(known)}{nearest(unknown[0], known)}"
            )


def flags(study, definition: Definition, wave: str | None) -> pd.DataFrame:
    """The survey with columns _unhappy and _complained of 1 and 0: the design stays whole.

    1 where one of the declared questions got one of its answers, 0 where all got others or were not asked by their
    route; blank where that is not known, and outside the wave.
    """

    def any_of(given: dict) -> pd.Series:
        said = pd.concat([study.said(question, codes) for question, codes in given.items()], axis=1)
        return said.max(axis=1).where(said.eq(1).any(axis=1) | said.notna().all(axis=1))

    frame = study.survey
    inside = pd.Series(True, index=frame.index) if wave is None else frame["wave"].astype(str) == wave
    flags = {"_unhappy": any_of(definition.unhappy), "_complained": any_of(definition.complained)}
    return frame.assign(**{name: values.where(inside) for name, values in flags.items()})


def survey_rates(
    study, definition: Definition, wave: str | None, segment: str | None = None
) -> dict[str, ComplaintRate]:
    """The complaint rate that the survey's wave shows, under its design: of all ("") or in each group of a segment.

    Raises CxError without a survey, without the declared answers, and where nobody was unhappy.
    """
    if not study.has("survey"):
        raise CxError(f"{study.file}: a rate from the survey needs a table survey")
    if not definition.unhappy or not definition.complained:
        raise CxError("a rate from the survey needs `unhappy:` and `complained:`, the answers that say so")
    frame = flags(study, definition, wave)
    by = [segment] if segment else []
    return rates_by_group(frame, by, complained="_complained", unhappy="_unhappy", **study.design)


def rate(study, definition: Definition, wave: str | None) -> ComplaintRate:
    """The complaint rate as declared: from the survey, an anchor, or a stated one. Raises CxError as stated()."""
    if definition.rate == SURVEY:
        return survey_rates(study, definition, wave)[""]
    return stated(definition.rate)


def number_in(study, start: pd.Timestamp | None, end: pd.Timestamp | None) -> int | None:
    """How many customers were there in a window, as customers_in(); of a sample of the customers scaled up to all."""
    here = customers_in(study, start, end)
    return None if here is None else round(len(here) * large_counts.times(study, "customers"))


def customers_in(study, start: pd.Timestamp | None, end: pd.Timestamp | None) -> pd.DataFrame | None:
    """The customers who were there on some day of a window (all of them, without dates); None without the table."""
    if not study.has("customers"):
        return None
    return there_in(study.table("customers"), start, end)


def there_in(table: pd.DataFrame, start: pd.Timestamp | None, end: pd.Timestamp | None) -> pd.DataFrame:
    """Those of a table of customers who were there on some day of a window."""
    here = pd.Series(True, index=table.index)
    if start is not None and "since" in table:
        here &= ~(table["since"] >= end + pd.Timedelta(days=1))
    if start is not None and "left" in table:
        here &= ~(table["left"] < start)
    return table[here]
