"""One part of a study by itself (a branch, a brand, a city): what a column: value names, and what it leaves of a study.

A column is a question of the codebook that has groups, a question derived from one, or a key that says where or by whom
somebody was served: the survey's cluster, stratum and mode, the customers' branch and employee; by the codebook's name
or by the file's. Under one name it means the same in every table (a survey's cluster shop and the customers' branch
shop), but for what tells of a single contact (the channel of a complaint): there it is another thing.

What belongs to the part, table by table:

- survey, customers, staff, prospects, and employees' sales: the rows of that value, where the table has the column;
- complaints, events, sales, and a survey or customers without the column: the rows of the part's customers, where the
  table `customers` has it. Where only the survey has it, it is known of those alone who answered: their complaints
  would pass for those of all, so these tables are left out;
- benchmark and map, staff and prospects without the column: as they are, and it is said;
- `population:` is of the whole. Of a part it is known where a margin of the population crosses the column, and these
  margins (of the rest, within the part) are the only ones that it is held against; `quality.invited` is unknown.

Weights, checks of quality and duplicates are the whole study's; what happens to the design is in part_rows.py.
Nothing slow is imported here, so that a report can be planned before pandas is loaded.
"""

from dataclasses import dataclass

from cxlib.codebook import DATE_KEYS, IDENTIFIERS, Codebook, Table
from cxlib.errors import CxError, nearest

# The keys that make a part, by table: they say where or by whom respondents and customers are served.
KEYS = {
    "survey": ("cluster", "stratum", "mode"),
    "customers": ("branch", "employee"),
    "sales": ("employee",),
    "staff": ("team",),
}
PEOPLE = ("survey", "customers")  # a part is of these: one of them must have the column
CONTACTS = ("complaints", "events", "sales")  # what customers did
COMPANY = ("benchmark", "map")  # of no respondent and no customer
GROUPED = ("segment", "single")  # roles of questions that put everybody into one group
WHY_NOT = {
    "comment": "is a comment",
    "multi": "takes several answers of one respondent",
    "number": "is a number",
    "metric": "is a rating",
    "driver": "is a rating",
}


@dataclass(frozen=True)
class Part:
    """One value of a column. `names` are all names of the column; the label is that of the value."""

    column: str
    value: str
    names: tuple[str, ...]
    column_label: str
    label: str

    def __str__(self) -> str:
        return f"{self.column_label}: {self.label}"


def part(book: Codebook, text: str) -> Part | None:
    """The part that `text` (column: value) names, by code or label; None for no text.

    Raises CxError as check(), and for a value that the codebook's labels do not have. Whether anybody has a value
    without a label, only the data can tell.
    """
    if not text.strip():
        return None
    column, _, value = (word.strip() for word in text.partition(":"))
    if not column or not value:
        raise CxError(f"a part is named column: value, e.g. city: hanoi; found {text!r}")
    check(book, column)
    ways, shown = _ways(book, column)
    code = ways.get(value, value)
    if shown and code not in shown:
        raise CxError(f"{column} has no value {value}; its values are {_some(shown)}{nearest(value, ways)}")
    return Part(column, code, names(book, column), column_label(book, column), shown.get(code, code))


def names(book: Codebook, column: str) -> tuple[str, ...]:
    """All that the column is called: by itself, and by the file where the codebook's name is that of a key."""
    called = [book.tables[name].keys[key] for name in KEYS if name in book.tables
              for key in KEYS[name] if key == column and key in book.tables[name].keys]  # fmt: skip
    return tuple(dict.fromkeys([column, *called]))


def place(table: str, spec: Table, called: tuple[str, ...]) -> str | None:
    """The column of the loaded table that holds the part's column; None where it has none."""
    for name in called:
        if (name in spec.questions and spec.questions[name].role in GROUPED) or name in _derived(spec):
            return name
    return next((key for key in KEYS.get(table, ()) if spec.keys.get(key) in called), None)


def held(book: Codebook, table: str, column: str, one: Part) -> str:
    """How the loaded table writes the part's value in that column: as a label, or as its code."""
    spec = book.tables[table]
    if column in spec.questions:
        return book.words(spec.questions[column].labels.get(one.value), one.value)
    rule = _derived(spec).get(column)
    return book.named(one.value) if isinstance(rule, dict) and one.value in rule else one.value


def check(book: Codebook, column: str) -> None:
    """Raise a CxError unless there is a part of the study for each value of the column.

    A part needs a column with groups: what is private, names single persons, is a number, a date or a comment, or is
    the wave, has none; nor has what only tables without respondents and customers know.
    """
    people = {name: book.tables[name] for name in PEOPLE if name in book.tables}
    if any(place(name, spec, names(book, column)) for name, spec in people.items()):
        return
    if not column:
        raise CxError(f"a part needs a column, e.g. {_some(columns(book)) or 'city'}")
    for name, spec in book.tables.items():
        if column in spec.private:
            raise CxError(
                f"{column} is private (table {name}); private columns never leave a study, and nothing is reported by "
                f"them{_instead(book)}"
            )
    for name, spec in people.items():
        if why := _refused(name, spec, column):
            raise CxError(f"{column} {why}{_instead(book, _bands(spec, column))}")
    for name, spec in book.tables.items():
        if column in {*spec.keys, *spec.keys.values(), *spec.questions, *_derived(spec)}:
            raise CxError(
                f"{column} is a column of the table {name} alone; a part is of respondents or customers, whose tables "
                f"must have it{_instead(book)}"
            )
    raise CxError(f"there is no column {column}{nearest(column, columns(book))}{_instead(book)}")


def _refused(table: str, spec: Table, column: str) -> str:
    """Why a column of the survey or the customers makes no part."""
    if column in spec.questions:
        return WHY_NOT[spec.questions[column].role]
    key = next((key for key, source in spec.keys.items() if column in (key, source)), None)
    if key is None:
        return ""
    if key == "wave":
        return "tells the waves, which are compared within a report (-p wave=NAME chooses one)"
    if key in (IDENTIFIERS.get(table), "customer"):
        return f"names single {key}s"
    return "holds dates" if key in DATE_KEYS else "holds numbers"


def _bands(spec: Table, column: str) -> list[str]:
    """The questions with groups that are derived from this one."""
    return list(spec.questions[column].derive) if column in spec.questions else []


def columns(book: Codebook) -> list[str]:
    """The columns by whose values the study has parts, as their users name them."""
    found = []
    for table in PEOPLE:
        if table in book.tables:
            spec = book.tables[table]
            found += [spec.keys[key] for key in KEYS[table] if key in spec.keys]
            found += [name for name, question in spec.questions.items() if question.role in GROUPED]
            found += _derived(spec)
    return list(dict.fromkeys(found))


def column_label(book: Codebook, column: str) -> str:
    """What the column is called in print."""
    called = names(book, column)
    for table in PEOPLE:
        spec = book.tables.get(table)
        found = spec and place(table, spec, called)
        if found and found in spec.questions and spec.questions[found].label:
            return book.words(spec.questions[found].label)
    plain = called[-1].replace("_", " ")
    return book.named(column, plain[:1].upper() + plain[1:])


def title(book: Codebook, text: str) -> str:
    """The title of a report on the part that `text` names; the study's own without a part. Raises CxError as part()."""
    one, whole = part(book, text), book.words(book.title)
    return whole if one is None else f"{whole} · {one}"


def tables(book: Codebook, column: str) -> set[str]:
    """The tables that a report on a part by this column keeps, whole or in part."""
    called = names(book, column)
    own = {name for name, spec in book.tables.items() if place(name, spec, called)}
    kept = own | {name for name in (*COMPANY, "staff", "prospects") if name in book.tables}
    by_customer = [*CONTACTS, *(["survey"] if "customer" in _keys(book, "survey") else [])]
    return kept | ({name for name in by_customer if name in book.tables} if "customers" in own else set())


def taken(book: Codebook, one: Part) -> dict[str, str]:
    """What a part takes of each table: rows that say so themselves (own), rows of its customers, whole, or none.

    The map is of no person, and not named.
    """
    kept, found = tables(book, one.column), {}
    for name, spec in book.tables.items():
        own, linked = place(name, spec, one.names), name in (*PEOPLE, *CONTACTS)
        found[name] = "none" if name not in kept else "own" if own else "customers" if linked else "whole"
    return {name: how for name, how in found.items() if name != "map"}


def without(book: Codebook, text: str) -> Codebook:
    """The codebook of a part: its title, the tables it keeps, and nothing that is known of the whole alone.

    The book itself without a part. `population:` is left out; study.py knows the part's where a margin tells.
    """
    one = part(book, text)
    if one is None:
        return book
    kept = {name: spec for name, spec in book.tables.items() if name in tables(book, one.column)}
    personas = book.personas
    if personas.table not in (None, *kept):
        personas = personas.model_copy(update={"table": None, "variables": ()})
    quality = book.quality.model_copy(update={"invited": None})
    return book.model_copy(update={"title": title(book, text), "tables": kept, "population": None, "weighting": None,
                                   "quality": quality, "personas": personas})  # fmt: skip


def values(study, column: str) -> list[tuple[str, str, int]]:
    """Every value of a column that some respondent or customer has: value, label, and how many respondents have it.

    In the codebook's order; without labels numbers before words, 2 before 10. Respondents are those who are not left
    out; of a study without a survey they are customers. A value of customers may have none. Raises CxError as check(),
    and where most values are of one person alone.

    >>> from cxlib import Study, parts
    >>> parts.values(Study.load("data/demo"), "sex")
    [('f', 'Female', 4684), ('m', 'Male', 3322)]
    """
    from cxlib.columns import natural_order  # which imports pandas

    book = study.book
    check(book, column)
    called, found, known = names(book, column), {}, []
    for table in [name for name in PEOPLE if name in book.tables]:
        if there := place(table, book.tables[table], called):
            cells = study.table(table)[there]
            found[table] = cells.value_counts()
            known += list(cells.cat.categories) if hasattr(cells, "cat") else []
            if (found[table] == 1).sum() * 2 > max(found[table].size, 2):
                raise CxError(
                    f"{column} has {found[table].size:,} values in the table {table}, most of them in one row alone"
                    f"{_instead(book)}"
                )
    if "survey" in book.tables and "survey" not in found and "customer" in _keys(book, "survey"):
        customers = study.table("customers").drop_duplicates("customer").set_index("customer")
        found = {"survey": study.survey["customer"].map(customers[there]).value_counts()} | found
    there_are = {shown for counts in found.values() for shown in counts.index[counts > 0]}
    order = [shown for shown in dict.fromkeys(known) if shown in there_are]
    order += natural_order(there_are - set(order))
    codes = {label: code for code, label in reversed(_ways(book, column)[1].items())}
    respondents = next(iter(found.values())) if "survey" not in book.tables else found.get("survey", {})
    return [(codes.get(shown, shown), shown, int(respondents.get(shown, 0))) for shown in order]


def _keys(book: Codebook, table: str) -> dict[str, str]:
    return book.tables[table].keys if table in book.tables else {}


def _derived(spec: Table) -> dict:
    """The rules of a table's derived questions, by their names."""
    return {new: rule for question in spec.questions.values() for new, rule in question.derive.items()}


def _ways(book: Codebook, column: str) -> tuple[dict[str, str], dict[str, str]]:
    """What may stand for each code of a column (code, label in any language), and each code's label.

    Nothing where the codebook lists no codes: there a value is what the data have.
    """
    ways, shown = {}, {}
    for table in PEOPLE:
        spec = book.tables.get(table)
        found = spec and place(table, spec, names(book, column))
        rule = _derived(spec).get(found) if found else None
        if found in (spec.questions if spec else ()):
            labels = spec.questions[found].labels
        elif isinstance(rule, dict) and not isinstance(rule.get("with"), str):
            labels = {group: book.names.get(group, group) for group in rule}
        else:
            continue
        for code, label in labels.items():
            shown.setdefault(code, book.words(label, code))
            every = [*label.values()] if isinstance(label, dict) else [label]
            ways |= {written: code for written in every if written not in ways}
    return ways | {code: code for code in shown}, shown


def _instead(book: Codebook, first: list[str] | tuple = ()) -> str:
    """The columns that do make a part, those named first before the others."""
    known = list(dict.fromkeys([*first, *columns(book)]))
    return f"; a part of a study needs a column with groups: {_some(known)}" if known else ""


def _some(known) -> str:
    known = [f"{code} ({known[code]})" if isinstance(known, dict) and known[code] != code else code for code in known]
    return ", ".join(known[:8]) + (f" and {len(known) - 8} more" if len(known) > 8 else "")
