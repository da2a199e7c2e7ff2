"""Long work while the kernel does other things, too: a spell of it at a time."""

import asyncio
import time
from collections.abc import Callable, Generator

from threadpoolctl import ThreadpoolController

SPELL, REST = 0.1, 0.01  # seconds: of work, and for whatever waits


async def walked(walk: Generator, *, going: Callable[[], bool] = lambda: True):
    """The result of work in steps (see cxlib.steps), in spells; None where it is left as `going` ceased to hold.

    Whoever cancels the task ends the work at its present step.
    """
    threads = ThreadpoolController()  # looked up once: it takes longer than many a step
    while going():
        ends = time.monotonic() + SPELL
        with threads.limit(limits=1):  # as in latent_classes.fit
            while time.monotonic() < ends:
                try:
                    next(walk)
                except StopIteration as end:
                    return end.value
        await asyncio.sleep(REST)
    return None
