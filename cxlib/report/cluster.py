"""Chapters executed on a dask cluster: `cx report STUDY --cluster tcp://host:8786`.

Scheduler and workers have this project installed, at the same code and libraries, with its extra `cluster`. They share
no disk with the caller: a run hands its study to the workers once, and with each chapter its notebook, and for the
summary the notebooks that were executed before (cluster_worker.py takes them). Rendering stays with the caller.

A kernel is a process of its own on the worker: a fork of a warm server, or cold with CX_KERNELS=cold in the worker's
environment. Neither is a child by multiprocessing, so that workers under a nanny need no setting; where an
administrator forbids a daemonic process any child, `distributed.worker.daemon: false` lifts that.

What a lost worker was doing is done by another one. Dask gives a chapter up when it has lost as many workers as its
setting `distributed.scheduler.allowed-failures` says (3).
"""

import json
import logging
import os
import pickle
import re
import signal
import threading
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from pathlib import Path

from cxlib.errors import CommandError, CxError
from cxlib.places import brand_files, data_folder, entry_files, margin_files, study_file
from cxlib.prose import translated
from cxlib.report.cluster_worker import CODE, Parcel, chapter, leave, same, versions
from cxlib.report.execute import ChapterError, timeless, written
from cxlib.report.limits import USUAL, Limits
from cxlib.report.plan import NOTEBOOKS, SUMMARY, Planned
from cxlib.report.run import Execute, Report
from cxlib.study_yml import read_codebook

ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:]+\]|[\w.-]+):\d{1,5}")
ANSWER = 10  # seconds that a scheduler has to answer
PATIENCE = 60  # seconds that a run waits for a worker when there is none
POLL = 2  # seconds between two looks at whether there are any
ATTEMPTS = 3  # a chapter is handed over so often, where the study was lost with the workers that held it


@contextmanager
def connected(address: str, reports: list[Report], limits: Limits = USUAL) -> Iterator[tuple[Execute, int]]:
    """A run on the cluster at an address: what executes a chapter there within limits, and how many it takes at once.

    Raises CommandError for what is no address; CxError where dask is not installed, nobody answers, there is no worker,
    or one has other code or libraries than this machine.
    """
    client = _client(address)
    run = _Run(client, address, reports, limits)
    try:
        threads = _workers(client, address)
        run.check()
        with run.ended_by_signals():
            yield run.execute, sum(threads.values())
    finally:
        with suppress(Exception):  # what cannot be reached any more needs no farewell
            _in_time(run.leave)
        client.close(timeout=ANSWER)


def _client(address: str):
    """Dask's client of the scheduler at an address."""
    if not ADDRESS.fullmatch(address):
        raise CommandError(f"--cluster takes the address of a dask scheduler, e.g. tcp://host:8786; found {address!r}")
    try:
        from distributed import Client
    except ImportError:
        raise CxError('--cluster needs dask, an extra of this project: pip install -e ".[cluster]"') from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what fails is told once, and by us
    try:
        return _in_time(lambda: Client(address, timeout=ANSWER, set_as_default=False))
    except Exception as error:  # whoever answers there may answer anything
        why = next(iter(f"{error}".splitlines()), type(error).__name__)
        raise CxError(f"--cluster: no dask scheduler answers at {address} ({why})") from None


def _in_time(work: Callable):
    """What work() gives; TimeoutError where it takes too long: dask waits for ever for one who takes the call and says
    nothing."""
    made: list = []

    def call() -> None:
        try:
            made.append((work(), None))
        except Exception as error:
            made.append((None, error))

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(ANSWER + 2)
    if not made:
        raise TimeoutError("nothing is said there")
    found, error = made[0]
    if error is not None:
        raise error
    return found


def _workers(client, address: str) -> dict[str, int]:
    """Threads of each worker; CxError where there is none in time."""
    with suppress(TimeoutError):
        client.wait_for_workers(1, timeout=PATIENCE)
    threads = client.nthreads()
    if not threads:
        raise CxError(f"--cluster: the dask scheduler at {address} has had no worker for {PATIENCE} seconds")
    return threads


class _Run:
    """A run's part with the caller: the study handed over, and chapters under way."""

    def __init__(self, client, address: str, reports: list[Report], limits: Limits = USUAL):
        self.client, self.address, self.limits = client, address, limits
        self.name = uuid.uuid4().hex
        plan = reports[0].plan
        self.versions = {CODE: plan.code} | plan.environment
        self._lock = threading.Lock()
        self._handed: dict[tuple[str, str], dict[Path, object]] = {}  # futures of files, by the study's place
        self._under_way: set = set()
        self._ended = threading.Event()

    def check(self) -> None:
        """Raise a CxError where a worker has other code or libraries than this machine."""
        for worker, found in self.client.run(versions, on_error="return").items():
            if isinstance(found, Exception):
                raise CxError(f"--cluster: the worker {worker} does not have this project: {found}")
            same(self.versions, found, f"the worker {worker}")

    def execute(self, planned: Planned, out: Path) -> None:
        """Have a worker execute a chapter, and put the finished notebook at `out`."""
        from distributed import KilledWorker

        parcel = self._parcel(planned, out)
        for attempt in range(ATTEMPTS):
            if self._ended.is_set():
                raise CxError("the run was ended")
            handed = list(self._files(planned).values())
            packed = zlib.compress(pickle.dumps(parcel), 1)
            key = f"{planned.chapter}-{self.name}-{uuid.uuid4().hex}"
            future = self.client.submit(chapter, packed, handed, key=key, pure=False)
            self._under_way.add(future)
            try:
                notebook = self._result(future)
                break
            except CancelledError:  # the study was lost with its last worker, or the scheduler
                if attempt == ATTEMPTS - 1 or self.client.status != "running":
                    raise CxError(f"chapter {planned.chapter}: the cluster at {self.address} has lost it") from None
            except KilledWorker:
                raise ChapterError(
                    planned, "", "worker after worker died while executing it, as they do without memory left"
                ) from None
            finally:
                self._under_way.discard(future)
        out.write_bytes(_finished(notebook, planned))

    def _parcel(self, planned: Planned, out: Path) -> Parcel:
        """A chapter with all that a worker needs for it, but for the study's files."""
        file, folder = _place(planned)
        beside = sorted(out.parent.glob("[0-9][0-9]_*.ipynb")) if planned.chapter == SUMMARY else []
        return Parcel(
            self.name, planned, file, folder, os.path.abspath(out), (NOTEBOOKS / planned.notebook).read_bytes(),
            {path.name: path.read_bytes() for path in beside}, tuple(map(str, self._files(planned))), self.versions,
            self.limits,
        )  # fmt: skip

    def _files(self, planned: Planned) -> dict[Path, object]:
        """The files of a chapter's study, as futures of their contents on the workers; what was lost is sent again."""
        with self._lock:
            place = _place(planned)
            if place not in self._handed:
                self._handed[place] = dict.fromkeys(_study_files(*map(Path, place)))
            handed = self._handed[place]
            for path, future in handed.items():
                if future is None or future.status != "finished":
                    handed[path] = self.client.scatter(path.read_bytes(), broadcast=True, hash=False)
            return handed

    def _result(self, future) -> bytes:
        """What a chapter's future brings, however long it takes; CxError where no worker is left to wait for."""
        done, seen = threading.Event(), time.monotonic()
        future.add_done_callback(lambda _: done.set())
        while True:
            if self._ended.is_set():
                raise CxError("the run was ended")
            if done.wait(POLL):
                try:
                    return future.result(timeout=PATIENCE)
                except TimeoutError:  # its worker was lost before it handed the notebook over
                    if future.status == "error":
                        raise
            if self._has_workers():
                seen = time.monotonic()
            elif time.monotonic() - seen > PATIENCE:
                raise CxError(
                    f"--cluster: the dask scheduler at {self.address} has had no worker for {PATIENCE} seconds"
                )

    def _has_workers(self) -> bool:
        """Whether the scheduler answers, and has workers."""
        try:
            return bool(self.client.sync(self.client.scheduler.ncores, callback_timeout=ANSWER))
        except OSError:  # a TimeoutError is one
            return False

    @contextmanager
    def ended_by_signals(self) -> Iterator[None]:
        """Within it, whatever ends the run by a signal (Ctrl-C, a scheduler's stop) ends the waiting for workers."""
        before = {}

        def handle(number, frame):
            self._ended.set()
            before[number](number, frame)

        if threading.current_thread() is threading.main_thread():
            before |= {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
            before = {number: handler for number, handler in before.items() if callable(handler)}
        for number in before:
            signal.signal(number, handle)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def leave(self) -> None:
        """Cancel what is queued, and have the workers remove what they hold of this run."""
        self._ended.set()
        self.client.cancel(list(self._under_way))
        self._handed.clear()
        self.client.run(leave, self.name, on_error="ignore")


def _place(planned: Planned) -> tuple[str, str]:
    """Where a chapter's study.yml and the folder of its data are, as whole paths."""
    file = study_file(planned.places["study"])
    return os.path.abspath(file), os.path.abspath(data_folder(file, planned.places["data"]))


def _study_files(file: Path, folder: Path) -> list[Path]:
    """Every file of a study (places.fingerprints() is about the same ones), as whole paths."""
    book, found = read_codebook(file), [file]
    named = [entry.file for table in book.tables.values() for entry in table.file] + [m.file for m in book.margins]
    for name in filter(None, (*named, book.brand.logo, book.brand.slides)):
        if Path(name).is_absolute():
            raise CxError(
                f"{file}: a worker has no {name}; for a cluster, name files by their place in the study's folder"
            )
    for table in book.tables.values():
        for entry in table.file:
            for path in entry_files(file, folder, entry):
                log = path.with_name(f"{path.name}.wal")
                found += [path, log] if entry.table and log.is_file() else [path]
    found += [*margin_files(file, folder, book).values(), *brand_files(file, book).values()]
    return list(dict.fromkeys(Path(os.path.abspath(path)) for path in found))


def _finished(notebook: bytes, planned: Planned) -> bytes:
    """The notebook that a worker executed, with the caller's parameters and in the language that the caller speaks."""
    found = timeless(json.loads(notebook), planned.parameters)
    for cell in found["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = translated(cell["source"])
    return written(found).encode()
