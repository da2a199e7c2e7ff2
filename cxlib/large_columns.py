"""The codebook of a large table: every key and question settled in all of its parts."""

import pandas as pd

from cxlib import columns, loading
from cxlib.engine import text
from cxlib.errors import Problem
from cxlib.large_reader import Reader
from cxlib.waves import stack


def read_columns(study, name: str, spec, readers: list[Reader]) -> tuple[dict[str, list[str]], list[Problem]]:
    """Settle every column of a table in all its parts; the levels of those with groups, and problems of nets."""
    levels, problems, crossed = {}, [], []
    for key in spec.keys:
        if not (key == "wave" and any(reader.wave for reader in readers)):
            problems += _settle(study, name, spec, readers, key, None, levels)
    for title, question in spec.questions.items():
        if question.columns:
            frames = [reader.options(title, question) for reader in readers]
            whole = stack(frames)
            problems += loading._nets_of_options(name, title, question, whole)
            continue
        pairs = {new: rule["with"] for new, rule in question.derive.items()
                 if isinstance(rule, dict) and isinstance(rule.get("with"), str)}  # fmt: skip
        crossed += [(new, title, other) for new, other in pairs.items()]
        plain = {new: rule for new, rule in question.derive.items() if new not in pairs}
        problems += _settle(study, name, spec, readers, title, question.model_copy(update={"derive": plain}), levels)
    for reader in readers:
        if reader.wave:
            reader.coded["wave"] = reader.sql["wave"] = text(reader.wave)
        for new, one, other in crossed:
            parts = [reader.sql.get(part) for part in (one, other)]
            if all(part is not None for part in parts):
                both = f"CASE WHEN ({parts[0]}) IS NULL OR ({parts[1]}) IS NULL THEN NULL ELSE "
                reader.coded[new] = reader.sql[new] = f"{both}concat({parts[0]}, ' · ', {parts[1]}) END"
    for new, one, other in crossed:
        loading.check_crossing(study, new, (one, other), readers[0].sql, levels)
    return levels, problems


def _settle(study, name, spec, readers, title, question, levels) -> list[Problem]:
    """Settle one key or question, and what is derived from it, in all parts."""
    frames = [reader.column(title, question) for reader in readers]
    whole, problems = stack(frames), []
    if question is not None:
        alone = spec.model_copy(update={"questions": {title: question}})
        faulty = any(reader.problems for reader in readers)
        problems = [] if faulty else loading._derive(study, name, alone, whole)
    if title == "wave":
        order = list(dict.fromkeys(whole["wave"].dropna()))
        if all(entry.wave is None for entry in spec.file):
            order = columns.natural_order(order)
        levels["wave"] = order
    for column in whole:
        if isinstance(whole[column].dtype, pd.CategoricalDtype) and not column.startswith("_"):
            levels[column] = list(whole[column].cat.categories)
    start = 0
    for reader, frame in zip(readers, frames, strict=True):
        source = reader._source(title)
        part = whole.iloc[start : start + len(frame)]
        reader.settle(title, source if source in reader.kinds else None, part)
        start += len(frame)
    return problems
