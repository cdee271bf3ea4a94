"""A search by ask and tell: the caller evaluates, where and how he likes."""

from __future__ import annotations

import os
import queue
import threading
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lanewise._bounds import Bounds, variables_of
from lanewise._objectives import Array, Gradients, Ids, copy_into
from lanewise._problem import Problem
from lanewise._result import Result
from lanewise._search import State, search

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from lanewise._options import SearchOptions


class _Left(BaseException):
    """The swarm was given up while its search waited."""


class _Exchange:
    """What the thread of the search and the caller hand each other."""

    def __init__(self) -> None:
        self.asked: queue.SimpleQueue[tuple[Array, Ids | None] | Result | BaseException] = queue.SimpleQueue()
        self.told: queue.SimpleQueue[tuple[Any, Any] | None] = queue.SimpleQueue()
        self.state: bytes | None = None

    def evaluate(self, x: Array, ids: Ids | None) -> tuple[Any, Any]:
        self.asked.put((x, ids))
        answer = self.told.get()
        if answer is None:
            raise _Left
        return answer

    def keep(self, state: bytes) -> None:
        self.state = state


class Swarm:
    """A search for the global minimum in which the caller evaluates.

    Parameters
    ----------
    bounds, x0, resume, **options
        As of `minimize`. `every` is 0 unless set: then `checkpoint` has the state after the last stage.

    Attributes
    ----------
    x : ndarray [B, d]
        The points whose values and gradients are wanted next; empty when the search is over. They are the
        caller's to keep.
    ids : ndarray of int [B]
        The run that each point belongs to: runs are numbered as they are begun. -1 where a point belongs to none in
        particular, as those among which starts are chosen, and those of a polish.
    is_over : bool
        Whether the search is over.

    Notes
    -----
    The search waits in a thread of its own. It is given up when the swarm is closed or is no longer referred to.

    Examples
    --------
    >>> import lanewise
    >>> with lanewise.Swarm([(-5, 5)] * 2, seed=1) as swarm:
    ...     while not swarm.is_over:
    ...         swarm.tell((swarm.x**2).sum(axis=1), 2 * swarm.x)
    ...     result = swarm.result()
    >>> result.fun < 1e-20
    True
    """

    x: Array
    ids: Ids
    is_over: bool

    def __init__(
        self,
        bounds: Bounds,
        *,
        x0: Result | npt.ArrayLike | None = None,
        resume: State | None = None,
        **options: Unpack[SearchOptions],
    ) -> None:
        exchange = _Exchange()
        problem = Problem(variables_of(bounds), {"every": 0, **options})
        problem.set_objective(Gradients(exchange.evaluate, wants_ids=True))
        self._dimension = problem.dimension
        self._exchange = exchange
        self._process = os.getpid()
        self._telling = threading.Lock()
        self._result: Result | None = None
        self._raised: BaseException | None = None
        self._leave = weakref.finalize(self, exchange.told.put, None)
        self._leave.atexit = False  # when the interpreter ends, the thread is left where it waits
        threading.Thread(target=_run, args=(problem, exchange, x0, resume), name="lanewise.Swarm", daemon=True).start()
        self._take()

    def __enter__(self) -> Swarm:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def tell(self, f: npt.ArrayLike, g: npt.ArrayLike) -> None:
        """Hands over the values f [B] and gradients g [B, d] at `x`, and takes the next points.

        NaN or infinity says that a point has no value, and ends its run alone.

        Raises
        ------
        RuntimeError
            Where the search is over.
        ValueError, TypeError
            Where the shapes are others, or these are no real numbers; the swarm still wants the same points then.
        NothingFinite
            Where no start has a finite value and gradient.
        """
        if os.getpid() != self._process:
            raise RuntimeError("a swarm belongs to the process that made it; take a checkpoint() to go on in another")
        if self.is_over:
            raise RuntimeError("the search is over")
        values, gradients = np.empty(len(self.x)), np.empty(self.x.shape)
        copy_into(values, f, "values f")
        copy_into(gradients, g, "gradients g")
        if not self._telling.acquire(blocking=False):
            raise RuntimeError("another thread is telling values")
        try:
            self._exchange.told.put((values, gradients))
            self._take()
        finally:
            self._telling.release()

    def result(self) -> Result:
        """What the search found.

        Raises
        ------
        RuntimeError
            Where it is not over.
        """
        if self._result is None:
            raise RuntimeError("the search has not come to its end")
        return self._result

    def checkpoint(self) -> bytes:
        """The state after the last stage, from which a swarm or `minimize` can go on (`resume`).

        Raises
        ------
        RuntimeError
            Where no stage is done yet.
        """
        if self._exchange.state is None:
            raise RuntimeError("no stage of the search is done yet")
        return self._exchange.state

    def close(self) -> None:
        """Gives the search up, if it is not over."""
        self._leave()
        self._empty()

    def _take(self) -> None:
        asked = self._exchange.asked.get()
        if isinstance(asked, tuple):
            self.x, ids = asked
            self.ids = np.full(len(self.x), -1) if ids is None else ids
            self.is_over = False
            return
        self._empty()
        if isinstance(asked, BaseException):
            raise asked
        self._result = asked

    def _empty(self) -> None:
        self.x, self.ids, self.is_over = np.empty((0, self._dimension)), np.empty(0, np.int64), True


def _run(problem: Problem, exchange: _Exchange, x0: Result | npt.ArrayLike | None, resume: State | None) -> None:
    """The thread of the search. It does not refer to the swarm, which can so be given up."""
    try:
        with problem:
            result = search(problem, x0=x0, checkpoint=exchange.keep, resume=resume, gradient=False)
    except _Left:
        return
    except BaseException as raised:
        exchange.asked.put(raised)
        return
    exchange.asked.put(result)
