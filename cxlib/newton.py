"""Newton's method for concave likelihoods, with steps halved while they lead downhill or out of the possible."""

import numpy as np

from cxlib.errors import CxError

# Twice the gain that a full step still promises, as a share of a likelihood per unit of weight: then it is reached.
ENOUGH = 1e-14


def maximise(value, slopes, start: np.ndarray, *, steps: int = 200) -> tuple[np.ndarray, bool]:
    """The parameters at which `value` is greatest, and whether the way there came to an end.

    value(p) is a number, minus infinity where p is impossible; slopes(p) gives gradient and information (minus the
    Hessian, or what stands for it). Optimisers of SciPy that use a Hessian take it at impossible proposals, too.
    Raises CxError where the start is impossible.
    """
    p, here = np.asarray(start, float), value(start)
    if not np.isfinite(here):
        raise CxError("the likelihood cannot be computed at its start; are the answers of a driver extremely large?")
    for _ in range(steps):
        gradient, information = slopes(p)
        step = np.linalg.lstsq(information, gradient, rcond=1e-14)[0]
        gain = gradient @ step
        if gain < ENOUGH:
            return p + step if value(p + step) >= here - ENOUGH else p, True
        length = 1.0
        while (there := value(p + length * step)) < here + 1e-4 * length * gain:
            length /= 2
            if length < 1e-10:
                return p, False
        p, here = p + length * step, there
    return p, False
