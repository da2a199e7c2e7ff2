"""Counts that are too few to be shown, and in a list with a known total which others would tell them.

Nothing slow is imported here, for pages that are made without pandas; tables with margins are in suppression.py.
"""

from collections.abc import Iterable, Sequence

LEAST = 5  # persons or complaints, from which on a count is shown


def in_list(counts: Sequence[float], *, known: Iterable[int] = ()) -> list[bool]:
    """Which counts of a list whose total is known are not shown: 1 to 4, and the least others that would tell these.

    Who knows the total and all others can then say of each hidden count no more than that it is 1 to 5 or above, as far
    as there are counts to hide. Zeros are shown; `known` are the places of counts that stand elsewhere as well.
    """
    out = [0 < count < LEAST for count in counts]
    if not any(out):
        return out
    free = sorted((count, place) for place, count in enumerate(counts) if count >= LEAST and place not in set(known))
    for _, place in free:
        hidden = [count for count, hide in zip(counts, out, strict=True) if hide]
        # The others are 1 each at least, so that one of them is this at most.
        if len(hidden) > 1 and sum(hidden) - (len(hidden) - 1) >= LEAST:
            break
        out[place] = True
    return out
