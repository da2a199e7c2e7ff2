"""The server of forks, for the tests of one file."""

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver

import pytest

from cxlib import fork


@contextmanager
def fork_server(**environment: str) -> Iterator[int]:
    """The number of the server of forks, begun with this environment; it is stopped, so that other tests find none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("CX_KERNELS", raising=False)
        for name, value in environment.items():
            patch.setenv(name, value)
        fork.start()
    yield forkserver._forkserver._forkserver_pid
    forkserver._forkserver._stop()
    fork._started = False
