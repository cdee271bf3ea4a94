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


def nanoseconds(search, objective, dimension, bound):
    best = float("inf")
    for _ in range(REPETITIONS):
        begin = time.perf_counter()
        search(objective, dimension, bound)
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
    print(f"{'':19}{'text':>8}{'native':>9}   {'C++ loop':>20} {'numpy':>20} {'torch':>20}")
    for name, (dimension, bound, numpy_objective, torch_objective) in PROBLEMS.items():
        text, native = rows[f"{name}/text/1"], rows[f"{name}/native/1"]
        peers = [rows[f"{name}/textbook/1"], nanoseconds(numpy_search, numpy_objective, dimension, bound)]
        if torch:
            peers.append(nanoseconds(torch_search, torch_objective, dimension, bound))
        columns = "".join(f"{peer:8.1f} ({peer / text:4.1f},{peer / native:5.1f})" for peer in peers)
        print(f"{name:19}{text:8.2f}{native:9.2f}   {columns}")

    print("\n2 threads: how many times faster than 1")
    for name in rows:
        if name.endswith("/2"):
            print(f"{name.removesuffix('/2'):32}{rows[name.removesuffix('2') + '1'] / rows[name]:6.2f}")


if __name__ == "__main__":
    main()
