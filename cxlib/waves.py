"""Waves: which file is which, how they are laid below one another, and what each must answer."""

from pathlib import Path

import pandas as pd

from cxlib import columns
from cxlib.codebook import KEYS, Table, Wave
from cxlib.errors import Problem


def wave_names(name: str, spec: Table, files: list[tuple[Wave, Path]]) -> list[str | None]:
    """The wave that each file is: as named, else after the file where a table of waves comes in several."""
    if "wave" not in KEYS[name] or "wave" in spec.keys or len(files) == 1:
        return [entry.wave for entry, _ in files]
    stems = [path.stem for _, path in files]
    if len(set(stems)) < len(stems):
        stems = [f"{path.parent.name}/{path.stem}" for _, path in files]
    return [entry.wave or stem for (entry, _), stem in zip(files, stems, strict=True)]


def stack(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Waves below one another, with the categories of all of them: in natural order where each wave's are, else as
    they appear."""
    if len(frames) == 1:
        return frames[0].reset_index(drop=True)
    whole = pd.concat(
        [
            f.assign(**{c: f[c].astype(object) for c in f if isinstance(f[c].dtype, pd.CategoricalDtype)})
            for f in frames
        ],
        ignore_index=True,
    )
    for column in whole:
        dtypes = [f[column].dtype for f in frames if column in f and isinstance(f[column].dtype, pd.CategoricalDtype)]
        if dtypes:
            order = list(dict.fromkeys(c for dtype in dtypes for c in dtype.categories))
            if all(list(dtype.categories) == columns.natural_order(dtype.categories) for dtype in dtypes):
                order = columns.natural_order(order)
            whole[column] = pd.Categorical(whole[column], categories=order, ordered=True)
    return whole


def answered_by_wave(frame: pd.DataFrame, spec: Table) -> pd.DataFrame:
    """By wave: the number of rows (_rows), the first file (_file), answers to each metric, and the sum of weights.

    Empty for a table without waves.
    """
    if "wave" not in frame:
        return pd.DataFrame()
    waves = frame.groupby("wave", observed=False)
    metrics = [name for name, question in spec.questions.items() if question.role == "metric"]
    weight = {"weight": waves["weight"].sum()} if "weight" in frame else {}
    return pd.DataFrame(
        {"_rows": waves.size(), "_file": waves["_file"].first(), **{m: waves[m].count() for m in metrics}, **weight}
    )


def waves_answered(name: str, spec: Table, counted: pd.DataFrame) -> list[Problem]:
    """Every metric is answered in every wave in which it was asked; `counted` is answered_by_wave()."""
    problems, known = [], list(counted.index)
    for question, asked in spec.questions.items() if known else ():
        for wave in [w for w in asked.waves if w not in known]:
            rule = f"`waves:` names {wave}, which is no wave; the waves are {', '.join(known)}"
            problems.append(Problem(name, question, int(counted["_rows"].sum()), rule, ""))
        for wave in [w for w in asked.breaks if w not in known[1:]]:
            rule = f"`breaks:` names {wave}, which is no wave after the first; those are {', '.join(known[1:])}"
            problems.append(Problem(name, question, int(counted["_rows"].sum()), rule, ""))
        if asked.role != "metric":
            continue
        silent = {e.wave for e in spec.file if e.wave and spec.source(question, e) is None}
        for wave in counted.index[counted[question] == 0]:
            if wave not in silent and (not asked.waves or wave in asked.waves):
                rule = "a wave must hold answers to its metric; name the waves that asked it: `waves: [...]`"
                problems.append(Problem(name, question, int(counted["_rows"][wave]), rule, f"wave {wave} has none"))
    return problems


def waves_weighted(name: str, spec: Table, counted: pd.DataFrame) -> list[Problem]:
    """Somebody in every wave has a weight above 0; `counted` is answered_by_wave()."""
    if "weight" not in counted:
        return []
    rule, problems = "weights must not be 0 everywhere in a wave", []
    for wave, row in counted[~(counted["weight"] > 0) & (counted["_rows"] > 0)].iterrows():
        example = f"wave {wave} in {row['_file']}"
        problems.append(Problem(name, spec.keys["weight"], int(row["_rows"]), rule, example))
    return problems
