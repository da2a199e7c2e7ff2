"""The one result type: a number with its interval, bases and method."""

from dataclasses import asdict, dataclass, fields

from cxlib.shown import Shown


@dataclass(frozen=True, repr=False)
class Estimate(Shown):
    """A number that is never without its interval, its bases and its method.

    value, low, high and se are in `unit` (points, percent, score, count …); `se` divides by n - 1, as R's
    survey package does. `n` counts the answers, `n_weighted` sums their weights, and `n_effective` is the
    size of a simple random sample with the same variance. nan stands for what cannot be estimated.
    """

    name: str
    value: float
    low: float
    high: float
    se: float
    n: int
    n_effective: float
    unit: str
    confidence: float
    method: str
    n_weighted: float = float("nan")

    def __post_init__(self):
        # NumPy scalars would print as np.float64(...), and do not turn into JSON.
        for field in fields(self):
            if field.type in (int, float):
                object.__setattr__(self, field.name, field.type(getattr(self, field.name)))

    def to_dict(self) -> dict:
        """The fields by name, as plain Python values."""
        return asdict(self)
