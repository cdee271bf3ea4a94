#!/usr/bin/python3
"""One table: lanewise beside a scalar C++ loop, numpy and torch, measured in one go.

Usage: compare.py LANEWISE_BENCH [--seconds S]

Every peer does what a run of lanewise does in an iteration: value and gradient of 4096 points, Adam, projection onto
the box, best point visited. numpy has hand-derived gradients and an update in place; torch has autograd and torch.optim.Adam.
Figures are ns per run and iteration, the best of several repetitions, double precision. One thread unless a row says otherwise.
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
LOWER, UPPER = -5.0, 5.0
ALPHA, BETA1, BETA2, EPS = 0.5, 0.9, 0.999, 1e-8


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


def numpy_search(objective, dimension):
    x = np.random.default_rng(0).uniform(LOWER, UPPER, (dimension, STARTS))
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
        step *= ALPHA / (1 - BETA1**t)
        x -= step
        np.clip(x, LOWER, UPPER, out=x)
    return best_f


def torch_sphere(x):
    return (x * x).sum(0)


def torch_rosenbrock(x):
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum(0)


def torch_rastrigin(x):
    import torch

    return 10 * len(x) + (x * x - 10 * torch.cos(2 * torch.pi * x)).sum(0)


def torch_search(objective, dimension):
    import torch

    torch.manual_seed(0)
    x = torch.empty((dimension, STARTS), dtype=torch.float64).uniform_(LOWER, UPPER).requires_grad_()
    adam = torch.optim.Adam([x], lr=ALPHA, betas=(BETA1, BETA2), eps=EPS)
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
            x.clamp_(LOWER, UPPER)
    return best_f


PROBLEMS = {
    "sphere-2": (2, numpy_sphere, torch_sphere),
    "rosenbrock-10": (10, numpy_rosenbrock, torch_rosenbrock),
    "rastrigin-10": (10, numpy_rastrigin, torch_rastrigin),
    "rosenbrock-50": (50, numpy_rosenbrock, torch_rosenbrock),
}


def nanoseconds(search, objective, dimension):
    best = float("inf")
    for _ in range(REPETITIONS):
        begin = time.perf_counter()
        search(objective, dimension)
        best = min(best, time.perf_counter() - begin)
    return best / (STARTS * ITERATIONS) * 1e9


def lanewise_rows(program, seconds):
    """Best repetition of each row: name -> ns per run-iteration."""
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
        rows[name] = min(rows.get(name, float("inf")), row["ns_per_run_iteration"])
    return report["context"]["isa"], rows


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
        print("torch is not installed: its column is left out", file=sys.stderr)

    print(f"ns per run-iteration, {STARTS} starts, f64, {isa}, 1 thread; in brackets: how many times faster lanewise is")
    print(f"{'':15}{'text':>8}{'by hand':>9}   {'C++ loop':>20} {'numpy':>20} {'torch':>20}")
    for name, (dimension, numpy_objective, torch_objective) in PROBLEMS.items():
        text, by_hand = rows[f"{name}/text/1"], rows[f"{name}/handwritten/1"]
        peers = [rows[f"{name}/textbook/1"], nanoseconds(numpy_search, numpy_objective, dimension)]
        if torch:
            peers.append(nanoseconds(torch_search, torch_objective, dimension))
        columns = "".join(f"{peer:8.1f} ({peer / text:4.1f},{peer / by_hand:5.1f})" for peer in peers)
        print(f"{name:15}{text:8.2f}{by_hand:9.2f}   {columns}")

    print("\n2 threads: how many times faster than 1")
    for name in rows:
        if name.endswith("/2"):
            print(f"{name.removesuffix('/2'):32}{rows[name.removesuffix('2') + '1'] / rows[name]:6.2f}")


if __name__ == "__main__":
    main()
