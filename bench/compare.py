#!/usr/bin/python3
"""One table: lanewise beside a scalar C++ loop, NLopt, SciPy, numpy and torch, measured in one go.

Usage: compare.py LANEWISE_BENCH [--seconds S]

C++ loop, numpy and torch do what a run of lanewise does in an iteration: value and gradient of 4096 points (the loop: one
after the other), Adam, projection onto the box, best point visited. numpy has hand-derived gradients and an update in place;
torch has autograd and torch.optim.Adam. NLopt and SciPy run L-BFGS from one point at a time, NLopt with the loop's function
as its callback, SciPy with numpy's; an evaluation counts as an iteration. Figures are ns per run and iteration, the best of
several repetitions, double precision. One thread unless a row says otherwise.
"""

import argparse
import json
import subprocess
import sys
import time

import numpy as np

STARTS = 4096
ITERATIONS = 100
REPETITIONS = 5
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


def torch_sphere(x):
    return (x * x).sum(0)


def torch_rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum(0)


def torch_rastrigin(x):
    import torch

    return 10 * len(x) + (x * x - 10 * torch.cos(2 * torch.pi * x)).sum(0)


def torch_styblinski_tang(x):
    square = x * x
    return (square * (square - 16) + 5 * x).sum(0) / 2


def torch_lennard_jones(x):
    import torch

    atoms = x.view(-1, 3, x.shape[1])
    first, second = torch.triu_indices(len(atoms), len(atoms), 1)
    near3 = ((atoms[first] - atoms[second]) ** 2).sum(1) ** -3
    return (near3 * (near3 - 2)).sum(0)


def torch_search(objective, dimension, bound):
    import torch

    torch.manual_seed(0)
    x = torch.empty((dimension, STARTS), dtype=torch.float64).uniform_(-bound, bound).requires_grad_()
    adam = torch.optim.Adam([x], lr=2 * bound * STEP, betas=(BETA1, BETA2), eps=EPS)
    best_x, best_f = x.detach().clone(), torch.full((STARTS,), torch.inf, dtype=torch.float64)
    for _ in range(ITERATIONS):
        adam.zero_grad()
        f = objective(x)
        f.sum().backward()
        with torch.no_grad():
            better = f < best_f
            best_f = torch.where(better, f, best_f)
            best_x = torch.where(better, x, best_x)
        adam.step()
        with torch.no_grad():
            x.clamp_(-bound, bound)
    return best_f


PROBLEMS = {
    "sphere-2": (2, 5, numpy_sphere, torch_sphere),
    "rosenbrock-10": (10, 5, numpy_rosenbrock, torch_rosenbrock),
    "rastrigin-10": (10, 5, numpy_rastrigin, torch_rastrigin),
    "styblinski-tang-20": (20, 5, numpy_styblinski_tang, torch_styblinski_tang),
    "lennard-jones-13": (39, 3, numpy_lennard_jones, torch_lennard_jones),
    "rosenbrock-50": (50, 5, numpy_rosenbrock, torch_rosenbrock),
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the built lanewise_bench")
    parser.add_argument("--seconds", type=float, default=0.2, help="least time per row and repetition")
    arguments = parser.parse_args()

    isa, rows = lanewise_rows(arguments.program, arguments.seconds)
    try:
        import torch

        torch.set_num_threads(1)
    except ImportError:
        torch = None
        print("torch is not installed: its column is empty", file=sys.stderr)

    print_limits(rows)
    print(f"\nns per run-iteration, {STARTS} starts, f64, {isa}, 1 thread; in brackets: fraction of the limit, for the others how")
    print("many times the time of the compiled program")
    print("| | interpreted | compiled | native | C++ loop | NLopt | SciPy | numpy | torch |")
    print("| --- " * 9 + "|")
    for name, (dimension, bound, numpy_objective, torch_objective) in PROBLEMS.items():

        def nanoseconds_of(form):
            return rows[f"{name}/{form}"]["ns_per_run_iteration"]

        peers = [
            nanoseconds_of("textbook/1"),
            nanoseconds_of("nlopt/1"),
            scipy_nanoseconds(numpy_objective, dimension, bound),
            nanoseconds(numpy_search, numpy_objective, dimension, bound),
        ]
        if torch:
            peers.append(nanoseconds(torch_search, torch_objective, dimension, bound))
        cells = [
            f"{nanoseconds_of(form + '/1'):.2f} ({rows[f'{name}/{form}/1']['fraction_of_limit']:.2f})"
            for form in ("interpreted", "compiled", "native")
        ]
        cells += [f"{peer:.1f} ({peer / nanoseconds_of('compiled/1'):.1f})" for peer in peers]
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
