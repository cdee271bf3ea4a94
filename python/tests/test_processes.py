"""Threads, processes, memory, and what importing costs."""

from __future__ import annotations

import multiprocessing
import os
import resource
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

import lanewise
from functions import rosenbrock, sphere_batch


def search(seed: int) -> tuple[float, list[float]]:
    result = lanewise.minimize(rosenbrock, [(-5, 5)] * 3, starts=64, seed=seed)
    return result.fun, result.x.tolist()


def test_several_threads_at_once() -> None:
    expected = [search(seed) for seed in range(8)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(search, range(8))) == expected

    def callback(x: Any) -> Any:
        assert threading.current_thread().name.startswith("ThreadPool")
        return sphere_batch(x)

    def batch(_: int) -> Any:
        return lanewise.minimize_batch(callback, np.ones((20, 2)), [(-5, 5)] * 2, jac=True).x

    with ThreadPoolExecutor(4) as pool:
        for x in pool.map(batch, range(16)):
            assert x == pytest.approx(np.zeros((20, 2)))


def test_tracing_in_several_threads_at_once() -> None:
    def build(k: int) -> Any:
        def function(x: Any) -> Any:
            z = np.zeros(50)
            for i in range(50):
                z[i] = np.array([x[i % 3], k]).max() + i * x[0]
            return np.sum(z)

        return function

    stop = threading.Event()
    plain: list[bool] = []

    def others() -> None:
        while not stop.is_set():
            plain.append(type(np.array([1.0, 2.0])) is np.ndarray and np.zeros(3).dtype == np.float64)

    thread = threading.Thread(target=others)
    thread.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            tapes = list(pool.map(lambda k: lanewise.trace(build(k), 3), range(20)))
    finally:
        stop.set()
        thread.join()
    assert plain and all(plain)
    for k, tape in enumerate(tapes):
        x = np.array([0.5, 3.0, 7.0])
        assert lanewise.evaluate(tape, x)[0] == pytest.approx(build(k)(x))


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_other_processes(method: str) -> None:
    expected = [search(seed) for seed in range(4)]  # this process has used its threads before
    with multiprocessing.get_context(method).Pool(2) as pool:
        assert pool.map_async(search, range(4)).get(timeout=120) == expected


def test_many_calls_take_no_more_memory() -> None:
    def callback(x: Any) -> Any:
        return sphere_batch(x)

    tape = lanewise.trace(rosenbrock, 2)
    starts = np.ones((3, 2))

    def calls(count: int) -> None:
        for _ in range(count):
            lanewise.minimize_batch(callback, starts, [(-5, 5)] * 2, jac=True)
            lanewise.minimize_batch(tape, starts, [(-5, 5)] * 2, jit="off")
            lanewise.minimize("x[0]^2", [(-1, 1)], starts=1, explore=1, jit="off")

    calls(1000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    calls(10_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 4096  # KiB


def _fresh(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120, env=os.environ
    ).stdout


def test_importing_takes_in_no_other_package() -> None:
    heavy = ("scipy", "torch", "sklearn", "jax", "pandas", "matplotlib", "tqdm", "optuna", "botorch")
    heavy += ("dask", "distributed", "loky", "cloudpickle", "ray", "mpi4py")
    loaded = _fresh("import sys, lanewise; print(sorted(sys.modules))")
    assert not any(f"'{name}'" in loaded for name in heavy)


def test_leaving_while_a_swarm_waits() -> None:
    out = _fresh("import lanewise; s = lanewise.Swarm([(-1, 1)]); print(len(s.x) > 0)")
    assert out.strip() == "True"
