"""Searches by ask and tell."""

from __future__ import annotations

import gc
import threading
import time
from typing import Any

import numpy as np
import pytest

import lanewise
from functions import rosenbrock_batch, sphere_batch

BOX = [(-5, 5)] * 3


def run(swarm: lanewise.Swarm, rounds: int | None = None) -> int:
    done = 0
    while not swarm.is_over and (rounds is None or done < rounds):
        swarm.tell(*rosenbrock_batch(swarm.x))
        done += 1
    return done


def test_it_is_the_search_of_a_callback() -> None:
    swarm = lanewise.Swarm(BOX, starts=50, seed=3)
    run(swarm)
    called = lanewise.minimize(rosenbrock_batch, BOX, jac=True, starts=50, seed=3)
    result = swarm.result()
    assert np.array_equal(result.xl, called.xl) and result.nfev == called.nfev
    assert swarm.x.shape == (0, 3) and swarm.ids.shape == (0,)
    with pytest.raises(RuntimeError, match="over"):
        swarm.tell([], np.empty((0, 3)))


def test_ids_follow_runs() -> None:
    swarm = lanewise.Swarm(BOX, starts=20, explore=1, offspring=False)
    last: dict[int, Any] = {}
    steps = []
    for _ in range(60):
        for run_id, x in zip(swarm.ids, swarm.x):
            if run_id in last and run_id >= 0:
                steps.append(np.abs(x - last[run_id]).max())
            last[run_id] = x
        swarm.tell(*sphere_batch(swarm.x))
    assert len(steps) > 300
    assert max(steps) < 1.1  # alpha is 0.05 box widths
    swarm.close()


def test_wrong_values_are_asked_for_again() -> None:
    with lanewise.Swarm(BOX, starts=10) as swarm:
        x = swarm.x
        with pytest.raises(ValueError, match="values f"):
            swarm.tell(np.zeros(len(x) + 1), x)
        with pytest.raises(RuntimeError, match="not come to its end"):
            swarm.result()
        assert swarm.x is x
        run(swarm)
        assert swarm.result().x == pytest.approx([1, 1, 1])


def test_checkpoint_and_resume() -> None:
    whole = lanewise.Swarm(BOX, starts=40, seed=2)
    run(whole)
    cut = lanewise.Swarm(BOX, starts=40, seed=2)
    with pytest.raises(RuntimeError, match="no stage"):
        cut.checkpoint()
    run(cut, 200)
    state = cut.checkpoint()
    cut.close()
    resumed = lanewise.Swarm(BOX, starts=40, seed=2, resume=state)
    run(resumed)
    assert np.array_equal(resumed.result().xl, whole.result().xl)
    assert resumed.result().nfev == whole.result().nfev


def test_errors_reach_the_caller() -> None:
    with pytest.raises(ValueError, match="alpha"):
        lanewise.Swarm(BOX, alpha=-1)
    with pytest.raises(TypeError, match="did you mean"):
        lanewise.Swarm(BOX, lr=1)  # type: ignore[call-arg]
    swarm = lanewise.Swarm(BOX, starts=10)
    with pytest.raises(lanewise.NothingFinite):
        while not swarm.is_over:
            swarm.tell(np.full(len(swarm.x), np.nan), swarm.x)
    assert swarm.is_over


def test_a_swarm_that_is_left_ends_its_thread() -> None:
    before = threading.active_count()
    swarms = [lanewise.Swarm(BOX, starts=10) for _ in range(5)]
    assert threading.active_count() > before
    swarms[0].close()
    del swarms
    gc.collect()
    end = time.monotonic() + 10
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() == before
