"""Parts of work, handed to an executor: those that are lost on the way are handed out again. What a part is, others know."""

from __future__ import annotations

import itertools
import logging
import os
import pickle
import queue
import signal
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError
from concurrent.futures import Executor as FuturesExecutor
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal, NamedTuple, Protocol, Union

MOST_LOSSES = 3
"""So many times a part is handed out again."""


class Executor(Protocol):
    """What hands work to others, as those of ``concurrent.futures``."""

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Any:
        """Has the function called somewhere; a future."""


Executors = Union[Executor, Callable[[], Executor]]
"""An executor, or what makes one."""


@dataclass(frozen=True)
class Handing:
    """To whom parts are handed, and how many at once."""

    executor: Executors
    in_flight: int | None = None
    part_timeout: float | None = None

    def __post_init__(self) -> None:
        if not hasattr(self.executor, "submit") and not callable(self.executor):
            raise TypeError(
                f"executor: {self.executor!r}; an object with submit(function, *args) is expected, or a callable that makes one"
            )
        if self.in_flight is not None and not (isinstance(self.in_flight, int) and self.in_flight >= 1):
            raise ValueError(f"in_flight: {self.in_flight!r}; a whole number of at least 1 is expected")
        timeout = self.part_timeout
        if timeout is not None and not (isinstance(timeout, (int, float)) and timeout > 0):
            raise ValueError(f"part_timeout: {timeout!r}; a number of seconds above 0 is expected")


class Job(Protocol):
    """What is worked on in parts."""

    def name(self, part: int) -> str:
        """What errors call a part."""

    def hand_out(self, part: int) -> tuple[bytes, tuple[Any, ...]]:
        """What to work on, from `pack`, and the arguments it is called with."""

    def take(self, part: int, found: Any) -> None:
        """What the part has found."""

    def keep(self, part: int, state: Any) -> None:
        """What a part that did not come to its end can go on from."""

    def seconds_left(self) -> float | None:
        """None: go on. Else no part is begun any more, and those that are worked on are waited for so long."""


# ---- Where a part is worked on ----


class Unfinished(Exception):
    """What a part raises that did not come to its end, with what it can go on from."""

    def __init__(self, state: Any, reason: str) -> None:
        super().__init__(state, reason)
        self.state = state
        self.reason = reason


class Outcome(NamedTuple):
    """What came of a part. What a future raises, in contrast, is the executor's."""

    kind: Literal["found", "unfinished", "raised"]
    value: Any


def attempt(work: bytes, arguments: tuple[Any, ...], _name: str) -> Outcome:
    """Works on a part. The name is another for each attempt: Dask takes calls with the same arguments for one."""
    try:
        return Outcome("found", _unpack(work)(*arguments))
    except Unfinished as unfinished:
        return Outcome("unfinished", (unfinished.state, unfinished.reason))
    except MemoryError:
        raise  # another worker may have more
    except (Exception, SystemExit) as error:
        return Outcome("raised", _seal(error))


def _unpack(work: bytes) -> Callable[..., Any]:
    try:
        unpacked: Callable[..., Any] = pickle.loads(work)
    except Exception as error:
        raise RuntimeError(
            f"a worker cannot load what it was handed ({type(error).__name__}: {error}); the modules of functions have to be "
            "importable there"
        ) from error
    return unpacked


class _Sealed(NamedTuple):
    """An exception for the way: the coordinator may not know its class."""

    packed: bytes | None
    said: str
    traceback: str


class _There(Exception):
    """The traceback of a worker, as the cause of what is raised here."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


def _seal(error: BaseException) -> _Sealed:
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    packed: bytes | None
    try:
        packed = pickle.dumps(error)
        pickle.loads(packed)
    except Exception:
        packed = None
    return _Sealed(packed, f"{type(error).__name__}: {error}", text)


def _unseal(sealed: _Sealed) -> BaseException:
    error: BaseException = RuntimeError(sealed.said)
    try:
        if sealed.packed is not None:
            error = pickle.loads(sealed.packed)
    except Exception:
        pass
    error.__cause__ = _There(sealed.traceback)
    return error


def pack(work: Callable[..., Any], function: Any = None) -> bytes:
    """What is called for a part, as bytes.

    Raises
    ------
    TypeError
        Where it has the caller's `function` and neither pickle nor cloudpickle can take that along.
    """
    packed, failure = None, ""
    try:
        packed = pickle.dumps(work)
        if b"__main__" not in packed:
            return packed
    except Exception as error:
        failure = f"{type(error).__name__}: {error}"
    # Workers may have another __main__: what is defined there goes by value, where that is possible.
    try:
        import cloudpickle

        return bytes(cloudpickle.dumps(work))
    except ImportError:
        missing = ", or install cloudpickle"
    except Exception as error:
        missing, failure = "", f"{type(error).__name__}: {error}"
    if packed is not None:
        return packed
    raise TypeError(
        f"{_described(function)} cannot be sent to the workers of an executor ({failure}). Define it at the top level of a "
        f"module that they can import{missing}. Formulas, and numpy functions without jac, which are traced, need none of that."
    )


def _described(function: Any) -> str:
    code = getattr(function, "__code__", None)
    name = getattr(function, "__qualname__", type(function).__name__)
    return name if code is None else f"{name} ({code.co_filename}, line {code.co_firstlineno}) or its arguments"


# ---- Where parts are handed out ----


@dataclass(eq=False)
class _Flight:
    """A part that was handed out."""

    part: int
    pool: Executor
    future: Any = None
    since: float | None = None
    """When it was first among those that the workers can be at."""


class Crew:
    """Hands parts to an executor, and brings in what comes of them. Made pools are ended with it."""

    def __init__(self, handing: Handing) -> None:
        self._handing = handing
        is_made = isinstance(handing.executor, type) or not hasattr(handing.executor, "submit")
        executor: Any = handing.executor
        self._make: Callable[[], Executor] | None = executor if is_made else None
        self._pool: Executor | None = None if is_made else executor
        self._landed: queue.SimpleQueue[_Flight] = queue.SimpleQueue()
        self._flights: list[_Flight] = []
        self._waiting: deque[int] = deque()
        self._open: set[int] = set()
        self._losses: Counter[int] = Counter()
        self._late: list[_Flight] = []
        """Taken for lost, but still with a worker, as far as is known."""
        self._tells_running = False
        self._workers = _Workers()
        self._name = os.urandom(8).hex()
        self._attempts = itertools.count()

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        is_idle = kind is None and not self._flights
        for flight in self._flights:
            flight.future.cancel()
        self._flights.clear()
        if self._make is not None and self._pool is not None:
            _end(self._pool, is_idle)

    def workers(self) -> int:
        """How many there are, as far as the executor tells."""
        return self._workers.count(self._current_pool())

    def work_on(self, parts: Iterable[int], job: Job) -> None:
        """Has the parts worked on, until all are or the job is over.

        Raises
        ------
        RuntimeError
            Naming a part that was lost too often.
        Exception
            What a part raised.
        """
        self._waiting = deque(parts)
        self._open = set(self._waiting)
        self._losses.clear()
        while self._open:
            left = job.seconds_left()
            if left is not None:
                self._waiting.clear()
                self._call_back()
                if left <= 0 or not self._flights:
                    return
            while self._waiting and self._has_room():
                self._hand_out(self._waiting.popleft(), job)
            self._land(job, 0.1 if left is None else min(left, 0.1))
            self._look_at_clock(job)

    def _current_pool(self) -> Executor:
        if self._pool is None:
            assert self._make is not None
            self._pool = self._make()
            if not hasattr(self._pool, "submit"):
                raise TypeError(f"executor: it made {self._pool!r}; an object with submit(function, *args) is expected")
        return self._pool

    def _has_room(self) -> bool:
        if not self._flights:
            return True
        most = self._handing.in_flight or 2 * self.workers()
        return len(self._flights) + len(self._late) < most

    def _hand_out(self, part: int, job: Job) -> None:
        if part not in self._open:
            return
        work, arguments = job.hand_out(part)
        try:
            pool = self._current_pool()
        except TypeError:
            raise
        except Exception as error:
            self._lose(part, error, job)
            return
        flight = _Flight(part, pool)
        try:
            flight.future = pool.submit(attempt, work, arguments, f"{self._name}-{next(self._attempts)}")
        except Exception as error:
            self._lose_all([part, *self._give_up_pool(pool)], error, job)
            return
        self._flights.append(flight)
        flight.future.add_done_callback(lambda _future: self._landed.put(flight))

    def _land(self, job: Job, seconds: float) -> None:
        """Waits for a part so long, and looks at what came of it. One that was taken for lost may still come."""
        try:
            flight = self._landed.get(timeout=seconds)
        except queue.Empty:
            return
        is_expected = flight in self._flights
        if is_expected:
            self._flights.remove(flight)
        if flight.part not in self._open:
            return
        outcome, error = _landed_with(flight.future)
        if outcome is not None:
            self._look_at(outcome, flight.part, is_expected, job)
        elif is_expected:
            others = self._give_up_pool(flight.pool) if isinstance(error, BrokenExecutor) else []
            self._lose_all([flight.part, *others], error, job)

    def _look_at(self, outcome: Outcome, part: int, is_expected: bool, job: Job) -> None:
        if outcome.kind == "raised":
            raise _unseal(outcome.value)
        if outcome.kind == "unfinished":
            state, reason = outcome.value
            job.keep(part, state)
            if is_expected and job.seconds_left() is None:
                self._lose(part, InterruptedError(f"it ended where it was worked on: {reason}"), job)
            return
        self._open.discard(part)
        for twin in [flight for flight in self._flights if flight.part == part]:
            self._flights.remove(twin)
            twin.future.cancel()
        job.take(part, outcome.value)

    def _lose_all(self, parts: list[int], error: BaseException, job: Job) -> None:
        """Parts of one pool, of which any may have broken it."""
        for part in parts:
            self._lose(part, error, job, beside=[job.name(other) for other in parts if other != part])

    def _lose(self, part: int, error: BaseException, job: Job, beside: Sequence[str] = ()) -> None:
        """Has a part handed out again, after a while."""
        self._losses[part] += 1
        said = f"{type(error).__name__}: {error}".rstrip(": .")
        if self._losses[part] > MOST_LOSSES:
            is_broken = isinstance(error, BrokenExecutor) and self._make is None
            way_out = (
                " executor= can be a callable that makes pools: then a broken one is replaced." if is_broken else ""
            )
            others = f", together with {', '.join(beside)}, any of which may be the cause" if beside else ""
            raise RuntimeError(
                f"{job.name(part)} was lost {self._losses[part]} times, at last by {said}{others}.{way_out}"
            ) from error
        _log.warning("%s was lost (%s); it is handed out again", job.name(part), said)
        time.sleep(0.05 * self._losses[part])
        self._waiting.appendleft(part)

    def _give_up_pool(self, pool: Executor) -> list[int]:
        """Leaves a pool that was made here for another; the parts that are with it."""
        if self._make is None or pool is not self._pool:
            return []
        self._pool = None
        left = [flight for flight in self._flights if flight.pool is pool and not _has_result(flight.future)]
        for flight in left:
            self._flights.remove(flight)
        _end(pool, is_idle=False)
        return [flight.part for flight in left]

    def _call_back(self) -> None:
        """Those that no worker has begun."""
        if self._tells_running:
            self._flights = [
                flight for flight in self._flights if _is_running(flight.future) or not flight.future.cancel()
            ]

    def _look_at_clock(self, job: Job) -> None:
        """Takes parts for lost that take too long. Workers are at those that were handed out first."""
        self._tells_running = self._tells_running or any(_is_running(flight.future) for flight in self._flights)
        self._late = [late for late in self._late if late.pool is self._pool and not late.future.done()]
        timeout = self._handing.part_timeout
        if timeout is None or not self._flights:
            return
        now = time.monotonic()
        # Where all workers hang, the next part is looked at as if one were at it: it would wait for ever.
        for flight in self._flights[: max(1, self.workers() - len(self._late))]:
            if flight.since is None:
                flight.since = now
            if now - flight.since <= timeout or flight.future.done() or flight not in self._flights:
                continue
            self._flights.remove(flight)
            if not (self._tells_running and flight.future.cancel()):
                self._late.append(flight)
            for part in self._give_up_pool(flight.pool):
                self._waiting.appendleft(part)
            self._lose(flight.part, TimeoutError(f"it took longer than part_timeout, {timeout:g} s"), job)


_log = logging.getLogger("lanewise")


def _is_running(future: Any) -> bool:
    """Whether a worker has begun with it, as far as the executor tells."""
    return bool(hasattr(future, "running") and future.running())


def _has_result(future: Any) -> bool:
    return bool(future.done() and _landed_with(future)[0] is not None)


def _landed_with(future: Any) -> tuple[Outcome | None, BaseException]:
    """What came of a future that is done; or what the executor, or asking it, raised."""
    nothing = CancelledError("its future was cancelled")
    try:
        if future.cancelled():
            return None, nothing
        error = future.exception()
        return (future.result(), nothing) if error is None else (None, error)
    except Exception as raised:
        return None, raised


def _end(pool: Any, is_idle: bool) -> None:
    """Ends a pool; one that is not idle with its workers, who may hang. What that raises is no matter any more."""
    try:
        if not is_idle:
            for process in list((getattr(pool, "_processes", None) or {}).values()):
                if process.is_alive():
                    with suppress(ProcessLookupError):
                        os.kill(process.pid, signal.SIGKILL)  # process.kill() is not there in each loky
        if isinstance(pool, FuturesExecutor):
            pool.shutdown(wait=is_idle)
        elif hasattr(pool, "close"):
            pool.close()
        elif hasattr(pool, "shutdown"):
            pool.shutdown()
    except Exception as error:
        _log.warning("a pool could not be ended: %r", error)


class _Workers:
    """How many workers a pool has. It is asked every second, for more may come."""

    def __init__(self) -> None:
        self._count = 0
        self._pool: Any = None
        self._until = 0.0

    def count(self, pool: Any) -> int:
        now = time.monotonic()
        if pool is not self._pool or now >= self._until:
            self._pool, self._until = pool, now + 1
            with suppress(Exception):  # of a network; what was last known is as good
                self._count = self._ask(pool)
            self._count = self._count or os.cpu_count() or 1
        return self._count

    def _ask(self, pool: Any) -> int:
        client = getattr(pool, "_client", pool)  # of Dask's executor
        if hasattr(client, "nthreads") and callable(client.nthreads):
            return sum(client.nthreads().values())
        for name in ("_max_workers", "num_workers"):  # of the standard library and loky, of MPI
            count = getattr(pool, name, None)
            if isinstance(count, int):
                return count
        return 0
