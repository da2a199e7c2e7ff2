"""How a number is modelled among the variables of segments: on its own scale, on a logarithm, or in bands."""

import re

import numpy as np

from cxlib import text
from cxlib.language import digits, tr

FEW = 10  # a number of no more different values, which two share on average, is taken as a category
SPIKE = 0.15  # a number with more of its answers at one value is cut into bands
FAR = 3.0  # interquartile ranges from the quartiles; what lies beyond is far out
MANY_FAR = 0.02  # of the answers: more are a group of their own and no slips
SKEWED = 0.4  # from -1 to 1: from here on a logarithm is modelled
ALIKE = 1e-100  # a spread up to this is none
BANDS = 4  # of a number without a spike; besides a spike one less


def decided(x: np.ndarray, w: np.ndarray, least: float) -> tuple[dict, list[tuple]]:
    """How the number x (nan where missing) with weights w is modelled, and why.

    The fields of a Variable but its name, and (rows, decision, example) of each decision. A level has at least `least`
    respondents, where there are more than two.
    """
    answered = x[~np.isnan(x)]
    log, low, high = _fences(answered)
    far = (x < low) | (x > high)
    crowded = far.sum() > MANY_FAR * len(answered)
    if crowded:
        beyond = [end for end in (low, high) if answered.min() < end <= answered.max()]
        far, low, high = np.zeros(len(x), bool), -np.inf, np.inf
    told = [_far_out(x[far], low, high)] if far.any() else []
    given = x[~np.isnan(x) & ~far]
    values, counts = np.unique(given, return_counts=True)
    most, many = counts.max() / len(given), len(values) > min(FEW, len(given) / 2)
    if many and not crowded and most <= SPIKE:
        fields = _scaled(np.where(far, np.nan, x), w, log) | {"kind": "number", "low": low, "high": high, "log": log}
        skewed = tr("modelled as a number on log(1 + x), since it is skewed")
        return fields, [(len(given), skewed if log else tr("modelled as a number on its own scale"), ""), *told]
    if many:
        edges = _cut(given, values, counts)
        if crowded:
            edges = np.unique([*edges, *rounded(beyond, given, values)])
    else:
        edges = values[1:]
    joined = _joined(edges, given, least)
    if not many and len(joined) == len(edges):
        told.insert(0, (len(given), tr("taken as a category: it has {n} different values", n=len(values)), ""))
        if not far.any():
            return {"kind": "category", "levels": tuple(map(plain, values))}, told
    levels = band_names(joined, values)
    if len(joined) < len(edges) or many:
        if not many:
            why = tr("cut into {n} bands: values that few have join their neighbours", n=len(levels))
        elif most > SPIKE:
            spike = {"share": f"{most:.0%}", "value": printed(plain(values[counts.argmax()]))}
            why = tr("cut into {n} bands: {share} of the answers are {value}", n=len(levels), **spike)
        else:
            why = tr("cut into {n} bands: many answers are far out", n=len(levels))
        told.insert(0, (len(given), why, "; ".join(map(printed, levels))))
    return {"kind": "category", "levels": levels, "edges": tuple(joined.tolist()), "low": low, "high": high}, told


def plain(value: float) -> str:
    """A number as an answer is written: 3, 0.25, 1,500,000."""
    return f"{value + 0.0:,.10g}" if abs(value) >= 10_000 else f"{value + 0.0:.10g}"  # -0 is 0


def printed(level: str) -> str:
    """A band or a number, as plain() and its like write it, with the signs of the language that is spoken."""
    low, fraction, high = level.partition(" to <")
    if fraction:
        return tr("{low} to <{high}", low=printed(low), high=printed(high))
    return re.sub(r"\d([\d.,]*\d)?", lambda found: digits(found[0]), level)


def band_names(edges, values: np.ndarray) -> tuple[str, ...]:
    """What the bands that begin at these edges are called: 0, 1–6, ≥ 7; `values` are those that occur, in order."""
    bands = np.split(values, np.searchsorted(values, edges))
    whole = _whole(values)
    names = []
    for i, band in enumerate(bands):
        first, last = i == 0, i == len(bands) - 1
        narrow = first or last or not whole or edges[i] - edges[i - 1] == 1
        if len(band) == 1 and narrow:
            names.append(plain(band[0]))
            continue
        after = not first and not whole and edges[i - 1] == np.nextafter(bands[i - 1][-1], np.inf)  # a spike
        start = "" if first else f"> {plain(bands[i - 1][-1])}" if after else plain(edges[i - 1])
        if last:
            names.append(start if after else f"≥ {start}")
        elif first:
            names.append(f"≤ {plain(edges[0] - 1)}" if whole else f"< {plain(edges[0])}")
        else:
            end = edges[i] - 1 if whole else edges[i]
            dash = " – " if edges[i - 1] < 0 else "–"
            names.append(f"{start}, < {plain(end)}" if after else f"{start}{dash}{plain(end)}")
    return tuple(names)


def _whole(values: np.ndarray) -> bool:
    return bool((values % 1 == 0).all())


def _fences(given: np.ndarray) -> tuple[bool, float, float]:
    """Whether a logarithm is modelled, and 3 interquartile ranges from the quartiles of the modelled scale.

    On a scale of a few values, such as ratings, the ends are no slips, though few may use them: there a number is far
    out that lies 3 interquartile ranges from the next one, such as a code of 99.
    """
    quantiles = np.quantile(given, [0.05, 0.25, 0.5, 0.75, 0.95])
    log = bool(given.min() >= 0) and bool(SKEWED < _skew(quantiles) > abs(_skew(np.log1p(quantiles))))
    _, lower, middle, upper, _ = np.log1p(quantiles) if log else quantiles
    far = FAR * (upper - lower)
    if far <= 0:
        return log, -np.inf, np.inf
    values = np.unique(np.log1p(given) if log else given)
    low, high = lower - far, upper + far
    if ((low <= values) & (values <= high)).sum() <= FEW:
        runs = np.split(values, np.flatnonzero(np.diff(values) > far) + 1)
        run = next(run for run in runs if run[-1] >= middle)
        low, high = run[0] - far, run[-1] + far
    with np.errstate(over="ignore"):
        return (log, *map(float, np.expm1([low, high]) if log else (low, high)))


def _skew(quantiles: np.ndarray) -> float:
    """How much further the 95th percentile is from the median than the 5th, from -1 to 1; far-out numbers do not count.

    Source: Hinkley, Biometrika 62 (1975) 101-111.
    """
    low, _, middle, _, high = quantiles
    return (high + low - 2 * middle) / (high - low) if high > low else 0.0


def _far_out(far: np.ndarray, low: float, high: float) -> tuple[int, str, str]:
    """How many lie beyond which limit; a single number might tell who gave it."""
    below, above = int((far < low).sum()), int((far > high).sum())
    ends = {end: printed(plain(float(f"{end:.6g}"))) for end in (low, high)}
    shown = [tr("{n} below {limit}", n=text.number(below), limit=ends[low])] if below else []
    shown += [tr("{n} above {limit}", n=text.number(above), limit=ends[high])] if above else []
    told = tr("numbers beyond {n} interquartile ranges of the quartiles count as missing", n=f"{FAR:g}")
    return len(far), told, ", ".join(shown)


def _scaled(x: np.ndarray, w: np.ndarray, log: bool) -> dict[str, float]:
    """Mean and standard deviation, weighted, of the modelled scale."""
    z, w = (np.log1p(x) if log else x)[~np.isnan(x)], w[~np.isnan(x)]
    w = w if w.any() else np.ones(len(w))
    center = np.average(z, weights=w)
    scale = np.sqrt(np.average((z - center) ** 2, weights=w))
    return {"center": float(center), "scale": float(scale) if scale > 0 else 1.0}


def _cut(given: np.ndarray, values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Where bands begin: the most frequent value is one where it is a spike, the others have as many answers each."""
    spike = values[counts.argmax()] if counts.max() > SPIKE * len(given) else np.nan
    if np.isnan(spike):
        return _even(given, BANDS, values)
    below, above = given[given < spike], given[given > spike]
    edges = [*_even(below, _parts(below, given), values), *_even(above, _parts(above, given), values)]
    edges += [spike] if len(below) else []
    edges += [spike + 1 if _whole(values) else np.nextafter(spike, np.inf)] if len(above) else []
    return np.unique(edges)


def _parts(part: np.ndarray, given: np.ndarray) -> int:
    return int(np.ceil((BANDS - 1) * len(part) / len(given)))


def _even(part: np.ndarray, count: int, values: np.ndarray) -> np.ndarray:
    """Edges that cut the answers into parts of about the same size."""
    if count < 2:
        return np.empty(0)
    edges = rounded(np.quantile(part, np.arange(1, count) / count), part, values)
    return np.unique(edges[(edges > part.min()) & (edges <= part.max())])


def rounded(edges, part: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Edges to a tenth of the interquartile range or so, whole where all values are."""
    unit = 10 ** np.floor(np.log10(max(np.subtract(*np.quantile(part, [0.75, 0.25])), ALIKE) / 10))
    unit = max(unit, 1.0) if _whole(values) else unit
    return np.array([float(f"{edge:.12g}") for edge in np.round(np.asarray(edges) / unit) * unit])


def _joined(edges: np.ndarray, given: np.ndarray, least: float) -> np.ndarray:
    """The edges that leave every band enough respondents; the smallest joins its smaller neighbour, two remain."""
    edges = np.asarray(edges, float)
    while len(edges) > 1:
        sizes = np.bincount(np.searchsorted(edges, given, side="right"), minlength=len(edges) + 1)
        smallest = int(sizes.argmin())
        if sizes[smallest] >= least:
            break
        beside = [i for i in (smallest - 1, smallest + 1) if 0 <= i < len(sizes)]
        edges = np.delete(edges, min(smallest, min(beside, key=lambda i: sizes[i])))
    return edges
