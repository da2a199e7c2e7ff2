"""Long work in small steps: called it runs to its end, walked through it leaves room for others in between."""

from collections.abc import Generator
from functools import wraps


def in_steps(work):
    """A generator function that yields between steps and returns its result, as a function that returns it at once.

    `work.steps(...)` walks through it: `result = yield from work.steps(...)` within other such work, or next() by
    whoever looks after other things between two steps.
    """

    @wraps(work)
    def at_once(*given, **named):
        return finished(work(*given, **named))

    at_once.steps = work
    return at_once


def finished(walk: Generator):
    """The result of work that was begun, after all the steps that are left."""
    while True:
        try:
            next(walk)
        except StopIteration as end:
            return end.value
