"""Times searches from Python: beside the command line, JAX and torch; callbacks beside their own time; the import.

    python bench/python/search.py [PROGRAM]

All on one thread, 4096 runs of Rosenbrock-10 over 500 iterations of Adam and nothing else (no polish, pruning or
offspring). Sides take turns; medians are printed with ratios. JAX and torch are left out where they are not installed.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import lanewise

RUNS, ITERATIONS, DIMENSION, ALPHA = 4096, 500, 10, 0.02
BOX = [(-5.0, 5.0)] * DIMENSION
BARE: Any = {
    "starts": RUNS, "iterations": ITERATIONS, "alpha": ALPHA, "scale": "none", "schedule": "constant", "explore": 1,
    "offspring": False, "prune": False, "polish": False, "settle": "off", "threads": 1,
}  # fmt: skip
FORMULA = "sum(i, 0, n(x)-2, 100*(x[i+1] - x[i]^2)^2 + (1 - x[i])^2)"


def rosenbrock(x: Any) -> Any:
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def rosenbrock_batch(x: Any) -> tuple[Any, Any]:
    across, along = x[:, 1:] - x[:, :-1] ** 2, 1 - x[:, :-1]
    g = np.zeros_like(x)
    g[:, 1:] += 200 * across
    g[:, :-1] -= 400 * x[:, :-1] * across + 2 * along
    return (100 * across**2 + along**2).sum(axis=1), g


def seconds(act: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    act()
    return time.perf_counter() - begin


def by_turns(acts: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """The median seconds of each."""
    taken: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name, act in acts.items():
            taken[name].append(act() if name.startswith("*") else seconds(act))
    return {name: statistics.median(times) for name, times in taken.items()}


def command_line(program: str) -> tuple[float, float]:
    """Seconds of the search, and of the whole process."""
    flags = [
        f"--{name.replace('_', '-')}={value if not isinstance(value, bool) else 'off'}" for name, value in BARE.items()
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "result.json"
        command = [
            program,
            "minimize",
            FORMULA,
            "--var",
            f"x[{DIMENSION}]=-5:5",
            *flags,
            "--json",
            str(file),
            "--quiet",
        ]
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        whole = time.perf_counter() - begin
        return json.loads(file.read_text())["work"]["seconds"], whole


def jax_run() -> tuple[Callable[[], Any], float] | None:
    """The whole loop compiled: vmap over runs, optax.adam, clipped to the box; and the seconds of compiling it."""
    try:
        import jax
        import jax.numpy as jnp
        import optax
    except ImportError:
        return None
    jax.config.update("jax_enable_x64", True)
    adam = optax.adam(ALPHA)

    def value(x: Any) -> Any:
        return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    def run(x: Any) -> Any:
        def step(_: int, state: Any) -> Any:
            x, moments, best_x, best = state
            f, g = jax.value_and_grad(value)(x)
            is_better = f < best
            best_x, best = jnp.where(is_better, x, best_x), jnp.where(is_better, f, best)
            move, moments = adam.update(g, moments)
            return jnp.clip(optax.apply_updates(x, move), -5, 5), moments, best_x, best

        _, _, best_x, best = jax.lax.fori_loop(0, ITERATIONS, step, (x, adam.init(x), x, jnp.inf))
        return best_x, best

    compiled = jax.jit(jax.vmap(run))
    starts = np.random.default_rng(0).uniform(-5, 5, (RUNS, DIMENSION))
    first = seconds(lambda: jax.block_until_ready(compiled(starts)))
    later = seconds(lambda: jax.block_until_ready(compiled(starts)))
    return (lambda: jax.block_until_ready(compiled(starts))), first - later


def torch_run() -> Callable[[], Any] | None:
    try:
        import torch
    except ImportError:
        return None
    torch.set_num_threads(1)

    def run() -> None:
        generator = torch.Generator().manual_seed(0)
        x = (torch.rand(RUNS, DIMENSION, dtype=torch.float64, generator=generator) * 10 - 5).requires_grad_()
        optimizer = torch.optim.Adam([x], lr=ALPHA)
        best = torch.full((RUNS,), float("inf"), dtype=torch.float64)
        best_x = x.detach().clone()
        for _ in range(ITERATIONS):
            optimizer.zero_grad()
            f = (100 * (x[:, 1:] - x[:, :-1] ** 2) ** 2 + (1 - x[:, :-1]) ** 2).sum(dim=1)
            f.sum().backward()
            with torch.no_grad():
                is_better = f < best
                best = torch.where(is_better, f, best)
                best_x = torch.where(is_better[:, None], x, best_x)
            optimizer.step()
            with torch.no_grad():
                x.clamp_(-5, 5)

    return run


def whole_search(program: str) -> None:
    acts: dict[str, Callable[[], Any]] = {"traced function": lambda: lanewise.minimize(rosenbrock, BOX, **BARE)}
    tape = lanewise.trace(rosenbrock, DIMENSION)
    acts["tape"] = lambda: lanewise.minimize(tape, BOX, **BARE)
    cli: list[tuple[float, float]] = []
    acts["command line"] = lambda: cli.append(command_line(program))
    compiled, compiling = jax_run() or (None, 0.0)
    if compiled is not None:
        acts["JAX"] = compiled
    torched = torch_run()
    if torched is not None:
        acts["torch"] = torched
    medians = by_turns(acts, 7)
    medians["command line"] = statistics.median(whole for _, whole in cli)
    medians["command line, the search alone"] = statistics.median(inner for inner, _ in cli)
    print(f"{RUNS} runs of Rosenbrock-{DIMENSION}, {ITERATIONS} iterations, one thread")
    for name, median in medians.items():
        print(
            f"  {name:32} {median * 1e3:9.2f} ms   {median / medians['traced function']:7.2f} times the traced function"
        )
    if compiled is not None:
        with_compiling = medians["JAX"] + compiling
        print(
            f"  {'JAX with compiling':32} {with_compiling * 1e3:9.2f} ms   {with_compiling / medians['traced function']:7.2f}"
        )


def callbacks() -> None:
    """What a search costs beyond the time of its callback."""
    shares, each = [], []
    for _ in range(7):
        inside = 0.0
        calls = 0

        def timed(x: Any) -> Any:
            nonlocal inside, calls
            begin = time.perf_counter()
            answer = rosenbrock_batch(x)
            inside += time.perf_counter() - begin
            calls += 1
            return answer

        steps: Any = {name: BARE[name] for name in ("iterations", "alpha", "scale", "schedule")}
        whole = seconds(lambda: lanewise.minimize_batch(timed, STARTS, BOX, jac=True, rule="adam", **steps))  # noqa: B023
        shares.append(whole / inside)
        each.append(inside / calls)
    print(f"batched callback, B = {RUNS}: {statistics.median(each) * 1e6:.0f} us a call; the search takes "
          f"{statistics.median(shares):.3f} times the callback's own time")  # fmt: skip


def importing() -> None:
    def of(what: str) -> float:
        code = f"import time, numpy; t = time.perf_counter(); import {what}; print(time.perf_counter() - t)"
        return float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)

    print(f"import lanewise: {statistics.median(of('lanewise') for _ in range(9)) * 1e3:.1f} ms beyond numpy's")


STARTS = np.random.default_rng(0).uniform(-5, 5, (RUNS, DIMENSION))

if __name__ == "__main__":
    importing()
    callbacks()
    whole_search(sys.argv[1] if len(sys.argv) > 1 else "lanewise")
