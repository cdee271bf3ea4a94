#!/usr/bin/python3
"""Prints one table: lanewise beside a scalar C++ loop, NLopt, SciPy, numpy, torch, torch.compile and JAX, measured in one go.

Usage: compare.py LANEWISE_BENCH [--seconds S]

The C++ loop, numpy, torch and JAX do what a run of lanewise does in an iteration: they compute value and gradient of 4096
points (the loop takes one point after the other), make a step of Adam, project it onto the box and keep the best point
visited. numpy has gradients derived by hand and updates its arrays in place. torch and JAX differentiate the same formulas
by themselves. torch without compilation steps by torch.optim.Adam. torch.compile compiles one iteration, which overwrites
its state. JAX compiles a search of all iterations, and the fastest of three is shown: all runs at once, or blocks of 128 or
512 runs, which stay in the cache, one after the other. What a compilation takes is not part of the figures and stands behind
them. NLopt and SciPy run L-BFGS from one point at a time, NLopt with the loop's function as its callback, SciPy with
numpy's; there an evaluation counts as an iteration.

The figures are nanoseconds per run and iteration in double precision, the best of several repetitions. Everything runs on
one thread unless a row says otherwise; the peers written in Python are kept on one processor. The column of a library
that is not installed is empty.
"""

import argparse
import atexit
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import numpy as np

STARTS = 4096
ITERATIONS = 100
COMPILED_ITERATIONS = 1000
REPETITIONS = 5
JAX_BLOCKS = 128, 512, STARTS
STEP, BETA1, BETA2, EPS = 0.05, 0.9, 0.999, 1e-8  # the step in units of the box width


def numpy_sphere(x, g):
    np.multiply(x, 2, out=g)
    return np.einsum("ij,ij->j", x, x)


def numpy_rosenbrock(x, g):
    bend = x[1:] - x[:-1] ** 2
    rest = 1 - x[:-1]
    g[:-1] = -400 * bend * x[:-1] - 2 * rest
    g[-1] = 0
    g[1:] += 200 * bend
    return (100 * bend**2 + rest**2).sum(axis=0)


def numpy_rastrigin(x, g):
    turn = 2 * np.pi * x
    np.multiply(x, 2, out=g)
    g += 20 * np.pi * np.sin(turn)
    return 10 * len(x) + (x**2 - 10 * np.cos(turn)).sum(axis=0)


def numpy_styblinski_tang(x, g):
    square = x * x
    np.multiply(square, 2, out=g)
    g -= 16
    g *= x
    g += 2.5
    return (square * (square - 16) + 5 * x).sum(axis=0) / 2


def numpy_lennard_jones(x, g):
    atoms, force = x.reshape(-1, 3, x.shape[1]), g.reshape(-1, 3, x.shape[1])
    force[:] = 0
    f = np.zeros(x.shape[1])
    for i in range(len(atoms) - 1):
        apart = atoms[i] - atoms[i + 1 :]
        near = 1 / (apart * apart).sum(axis=1)
        near3 = near**3
        f += (near3 * (near3 - 2)).sum(axis=0)
        pull = (12 * near * near3 * (1 - near3))[:, None] * apart
        force[i] += pull.sum(axis=0)
        force[i + 1 :] -= pull
    return f


def numpy_search(objective, dimension, bound):
    x = np.random.default_rng(0).uniform(-bound, bound, (dimension, STARTS))
    m, v, g, step = (np.zeros_like(x) for _ in range(4))
    best_x, best_f = x.copy(), np.full(STARTS, np.inf)
    for t in range(1, ITERATIONS + 1):
        f = objective(x, g)
        better = f < best_f
        np.copyto(best_f, f, where=better)
        np.copyto(best_x, x, where=better)
        m *= BETA1
        m += (1 - BETA1) * g
        v *= BETA2
        np.multiply(g, g, out=step)
        step *= 1 - BETA2
        v += step
        np.multiply(v, 1 / (1 - BETA2**t), out=step)
        np.sqrt(step, out=step)
        step += EPS
        np.divide(m, step, out=step)
        step *= 2 * bound * STEP / (1 - BETA1**t)
        x -= step
        np.clip(x, -bound, bound, out=x)
    return best_f


# The formulas of torch and JAX, whose module is `lib`. They roll arrays where they could cut slices from them, since compiled
# gradients of slices are slower. Lennard-Jones alone is faster in JAX with a list of all pairs.


def sphere(lib, x):
    return (x * x).sum(0)


def rosenbrock(lib, x):
    return (100 * (lib.roll(x, -1, 0) - x**2) ** 2 + (1 - x) ** 2)[:-1].sum(0)


def rastrigin(lib, x):
    return 10 * len(x) + (x * x - 10 * lib.cos(2 * lib.pi * x)).sum(0)


def styblinski_tang(lib, x):
    square = x * x
    return (square * (square - 16) + 5 * x).sum(0) / 2


def lennard_jones(lib, x):
    """Meets each pair once, as the number of atoms is odd: an atom with those up to half way around the ring."""
    atoms = x.reshape(-1, 3, x.shape[1])
    f = 0
    for distance in range(1, len(atoms) // 2 + 1):
        near = 1 / ((atoms - lib.roll(atoms, distance, 0)) ** 2).sum(1)
        near3 = near * near * near
        f = f + (near3 * (near3 - 2)).sum(0)
    return f


def lennard_jones_of_pairs(lib, x):
    atoms = x.reshape(-1, 3, x.shape[1])
    first, second = np.triu_indices(len(atoms), 1)
    near = 1 / ((atoms[first] - atoms[second]) ** 2).sum(1)
    near3 = near * near * near
    return (near3 * (near3 - 2)).sum(0)


def torch_search(objective, dimension, bound):
    import torch

    torch.manual_seed(0)
    x = torch.empty((dimension, STARTS), dtype=torch.float64).uniform_(-bound, bound).requires_grad_()
    adam = torch.optim.Adam([x], lr=2 * bound * STEP, betas=(BETA1, BETA2), eps=EPS)
    best_x, best_f = x.detach().clone(), torch.full((STARTS,), torch.inf, dtype=torch.float64)
    for _ in range(ITERATIONS):
        adam.zero_grad()
        f = objective(torch, x)
        f.sum().backward()
        with torch.no_grad():
            better = f < best_f
            best_f = torch.where(better, f, best_f)
            best_x = torch.where(better, x, best_x)
        adam.step()
        with torch.no_grad():
            x.clamp_(-bound, bound)
    return best_f


def adam_scales(bound):
    """Of each iteration, by what Adam multiplies its first and its second moment."""
    t = np.arange(1, COMPILED_ITERATIONS + 1)
    return 2 * bound * STEP / (1 - BETA1**t), 1 / (1 - BETA2**t)


def torch_compiled_search(objective, dimension, bound):
    import torch

    @torch.compile(fullgraph=True, dynamic=False)
    def iterate(x, m, v, best_x, best_f, scale_m, scale_v):
        f, pull_back = torch.func.vjp(lambda x: objective(torch, x), x)
        (g,) = pull_back(torch.ones_like(f))
        better = f < best_f
        best_f.copy_(torch.where(better, f, best_f))
        best_x.copy_(torch.where(better, x, best_x))
        m.copy_(BETA1 * m + (1 - BETA1) * g)
        v.copy_(BETA2 * v + (1 - BETA2) * g * g)
        x.copy_((x - scale_m * m / ((v * scale_v).sqrt() + EPS)).clamp(-bound, bound))

    start = torch.from_numpy(np.random.default_rng(0).uniform(-bound, bound, (dimension, STARTS)))
    scales = [torch.from_numpy(scale).unbind() for scale in adam_scales(bound)]

    @torch.no_grad()
    def search(iterations=COMPILED_ITERATIONS):
        x, best_x, m, v = start.clone(), start.clone(), torch.zeros_like(start), torch.zeros_like(start)
        best_f = torch.full((STARTS,), torch.inf, dtype=torch.float64)
        for scale_m, scale_v in zip(*(scale[:iterations] for scale in scales)):
            iterate(x, m, v, best_x, best_f, scale_m, scale_v)
        return best_f

    search(1)  # compiles
    return search


def jax_search(objective, dimension, bound, block):
    import jax
    import jax.numpy as jnp

    scale_m, scale_v = map(jnp.asarray, adam_scales(bound))

    def iterate(t, state):
        x, m, v, best_x, best_f = state
        f, pull_back = jax.vjp(lambda x: objective(jnp, x), x)
        (g,) = pull_back(jnp.ones_like(f))
        better = f < best_f
        best_f = jnp.where(better, f, best_f)
        best_x = jnp.where(better, x, best_x)
        m = BETA1 * m + (1 - BETA1) * g
        v = BETA2 * v + (1 - BETA2) * g * g
        x = jnp.clip(x - scale_m[t] * m / (jnp.sqrt(v * scale_v[t]) + EPS), -bound, bound)
        return x, m, v, best_x, best_f

    @jax.jit
    def search_blocks(starts):
        def search_block(x):
            zero = jnp.zeros_like(x)
            state = x, zero, zero, x, jnp.full(x.shape[1:], jnp.inf)
            return jax.lax.fori_loop(0, COMPILED_ITERATIONS, iterate, state)[3:]

        return jax.lax.map(search_block, starts)

    starts = jnp.asarray(np.random.default_rng(0).uniform(-bound, bound, (STARTS // block, dimension, block)))
    compiled = search_blocks.lower(starts).compile()
    return lambda: jax.block_until_ready(compiled(starts))


PROBLEMS = {
    "sphere-2": (2, 5, numpy_sphere, sphere, sphere),
    "rosenbrock-10": (10, 5, numpy_rosenbrock, rosenbrock, rosenbrock),
    "rastrigin-10": (10, 5, numpy_rastrigin, rastrigin, rastrigin),
    "styblinski-tang-20": (20, 5, numpy_styblinski_tang, styblinski_tang, styblinski_tang),
    "lennard-jones-13": (39, 3, numpy_lennard_jones, lennard_jones, lennard_jones_of_pairs),
    "rosenbrock-50": (50, 5, numpy_rosenbrock, rosenbrock, rosenbrock),
}


def scipy_nanoseconds(objective, dimension, bound):
    import scipy.optimize

    g = np.zeros((dimension, 1))
    evaluations = 0

    def value_and_gradient(x):
        nonlocal evaluations
        evaluations += 1
        f = objective(x.reshape(-1, 1), g)
        return f[0], g[:, 0].copy()

    best = float("inf")
    random = np.random.default_rng(0)
    for _ in range(REPETITIONS):
        begin, evaluations = time.perf_counter(), 0
        while evaluations < ITERATIONS:
            start = random.uniform(-bound, bound, dimension)
            scipy.optimize.minimize(
                value_and_gradient, start, jac=True, method="L-BFGS-B", bounds=[(-bound, bound)] * dimension
            )
        best = min(best, (time.perf_counter() - begin) / evaluations)
    return best * 1e9


def nanoseconds(search, objective, dimension, bound):
    best = float("inf")
    for _ in range(REPETITIONS):
        begin = time.perf_counter()
        search(objective, dimension, bound)
        best = min(best, time.perf_counter() - begin)
    return best / (STARTS * ITERATIONS) * 1e9


def compiled_nanoseconds(make_search, *arguments):
    """Of a search; and the seconds that compiling it takes."""
    begin = time.perf_counter()
    search = make_search(*arguments)
    compilation = time.perf_counter() - begin
    best = float("inf")
    for _ in range(REPETITIONS):
        begin = time.perf_counter()
        search()
        best = min(best, time.perf_counter() - begin)
    return best / (STARTS * COMPILED_ITERATIONS) * 1e9, compilation


def lanewise_rows(program, seconds):
    """Of each row the best repetition, as its counters."""
    output = subprocess.run(
        [program, "--benchmark_format=json", f"--benchmark_min_time={seconds}", f"--benchmark_repetitions={REPETITIONS}"],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    report = json.loads(output)
    rows = {}
    for row in report["benchmarks"]:
        if row["run_type"] != "iteration":
            continue
        name = row["name"].removesuffix("/manual_time")
        if name not in rows or row.get("ns_per_run_iteration", 0) < rows[name].get("ns_per_run_iteration", 0):
            rows[name] = row
    return report["context"]["isa"], rows


LIMITS = (
    "fma add select all_by_turns divide square_root newton_divide newton_square_root l1_load l1_store l2_load l2_store memory_load memory_store"
).split()


def print_limits(rows):
    print("Limits of this machine, one thread, ns a number")
    print("| | " + " | ".join(name.replace("_", " ") for name in LIMITS) + " |")
    print("| --- " * (1 + len(LIMITS)) + "|")
    for name, row in rows.items():
        if name.startswith("limits/"):
            print(f"| {name.removeprefix('limits/')} | " + " | ".join(f"{row[what]:.3f}" if what in row else "" for what in LIMITS) + " |")


def installed(library):
    if importlib.util.find_spec(library):
        return True
    print(f"{library} is not installed: its column is empty", file=sys.stderr)
    return False


def use_torch():
    """Whether there is torch. No compilation finds the results of an earlier run, or has to load the compiler."""
    if not installed("torch"):
        return False
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = cache = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, cache)
    import torch

    torch.set_num_threads(1)
    torch.compile(torch.sin)(torch.ones(1))
    return True


def use_jax():
    if not installed("jax"):
        return False
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    import jax

    jax.config.update("jax_enable_x64", True)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the built lanewise_bench")
    parser.add_argument("--seconds", type=float, default=0.2, help="least time per row and repetition")
    arguments = parser.parse_args()

    isa, rows = lanewise_rows(arguments.program, arguments.seconds)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    torch, jax = use_torch(), use_jax()

    print_limits(rows)
    print(f"\nns per run-iteration, {STARTS} starts, f64, {isa}, 1 thread; in brackets: fraction of the limit, for the others how")
    print("many times the time of the compiled program; behind torch.compile and JAX: seconds of compilation")
    print("| | interpreted | compiled | native | C++ loop | NLopt | SciPy | numpy | torch | torch.compile | JAX |")
    print("| --- " * 11 + "|")
    for name, (dimension, bound, numpy_objective, torch_objective, jax_objective) in PROBLEMS.items():

        def nanoseconds_of(form):
            return rows[f"{name}/{form}"]["ns_per_run_iteration"]

        def cell(peer):
            return f"{peer:.1f} ({peer / nanoseconds_of('compiled/1'):.1f})"

        def compiled_cell(*makings):
            peer, compilation = min(compiled_nanoseconds(*making) for making in makings)
            return f"{cell(peer)} {compilation:.1f} s"

        cells = [
            f"{nanoseconds_of(form + '/1'):.2f} ({rows[f'{name}/{form}/1']['fraction_of_limit']:.2f})"
            for form in ("interpreted", "compiled", "native")
        ]
        cells += [
            cell(nanoseconds_of("textbook/1")),
            cell(nanoseconds_of("nlopt/1")),
            cell(scipy_nanoseconds(numpy_objective, dimension, bound)),
            cell(nanoseconds(numpy_search, numpy_objective, dimension, bound)),
            cell(nanoseconds(torch_search, torch_objective, dimension, bound)) if torch else "",
            compiled_cell((torch_compiled_search, torch_objective, dimension, bound)) if torch else "",
            compiled_cell(*((jax_search, jax_objective, dimension, bound, block) for block in JAX_BLOCKS)) if jax else "",
        ]
        print(f"| {name} | " + " | ".join(cells) + " |")

    print("\nhow many times faster: compiled in f32 than in f64, on AVX-512 than on AVX2, on 2 threads than on 1")
    print("| | f32 | AVX-512 compiled | AVX-512 interpreted | 2 threads compiled | 2 threads interpreted | 100,000 starts |")
    print("| --- " * 7 + "|")
    for name in PROBLEMS:

        def ratio(slower, faster):
            slower, faster = rows.get(f"{name}/{slower}"), rows.get(f"{name}/{faster}")
            return f"{slower['ns_per_run_iteration'] / faster['ns_per_run_iteration']:.2f}" if slower and faster else ""

        print(
            f"| {name} | {ratio('compiled/1', 'compiled-f32/1')} | {ratio('compiled-avx2/1', 'compiled/1')} | "
            f"{ratio('interpreted-avx2/1', 'interpreted/1')} | {ratio('compiled/1', 'compiled/2')} | "
            f"{ratio('interpreted/1', 'interpreted/2')} | {ratio('compiled-100k/1', 'compiled-100k/2')} |"
        )


if __name__ == "__main__":
    main()
