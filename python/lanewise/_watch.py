"""Whether work in parts is over: asked to stop, interrupted, or out of time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from lanewise._problem import Interrupt

GRACE = 10.0
"""Seconds that parts which are worked on get when the time is up: theirs is up, too, and they tell how far they came."""


class Watch:
    """Looks at the clock, and at who wants the work to end.

    Attributes
    ----------
    interrupt : Interrupt
        To be entered while the work goes on.
    ended : str or None
        "interrupted" or "max-time" when it is over before its end.
    """

    def __init__(self, stop: Callable[[], object] | None, max_time: Any) -> None:
        self.interrupt = Interrupt()
        self.ended: str | None = None
        self._stop = stop
        self._begin = time.monotonic()
        self._max_time = None if max_time is None else float(max_time)

    def seconds(self) -> float:
        """Since the work began."""
        return time.monotonic() - self._begin

    def time_of_part(self) -> float | None:
        """What a part that is begun now has, if there is a limit."""
        return None if self._max_time is None else max(self._max_time - self.seconds(), 1e-9)

    def seconds_left(self) -> float | None:
        """See `Job.seconds_left`."""
        if self.interrupt.is_seen or (self._stop is not None and self._stop()):
            self.ended = "interrupted"
        elif self.ended is None and self._max_time is not None and self.seconds() >= self._max_time:
            self.ended = "max-time"
        if self.ended == "max-time" and self._max_time is not None:
            return self._max_time + GRACE - self.seconds()
        return None if self.ended is None else 0.0

    def is_over(self) -> bool:
        """Whether no part is to be begun."""
        return self.seconds_left() is not None
