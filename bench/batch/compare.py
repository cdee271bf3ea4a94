#!/usr/bin/env python3
"""Many runs of L-BFGS, each for itself: minimize_batch beside NLopt, SciPy, BoTorch and Optuna, on one thread.

    build/bench-venv/bin/python bench/batch/compare.py build/bench/bench/lanewise_batch [--dimension 100] [--starts 1000]

The objective is Rosenbrock's function with its exact gradient, in the box +-5, from the same random starts. lanewise
compiles the formula; NLopt calls a C++ loop; SciPy, and the batched L-BFGS-B of BoTorch and Optuna where they are
installed, call numpy, which takes a whole batch at once where the tool hands it one. Prints a row for each tool: seconds,
evaluations of a start, the median and the worst value, and the median and the worst of the projected gradients' largest
parts.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import time

import numpy as np
import scipy.optimize

BOUND = 5.0


def value_and_gradient(x):
    """Of points [..., d]."""
    bend = x[..., 1:] - x[..., :-1] ** 2
    rest = 1 - x[..., :-1]
    f = (100 * bend**2 + rest**2).sum(axis=-1)
    g = np.zeros_like(x)
    g[..., :-1] = -400 * bend * x[..., :-1] - 2 * rest
    g[..., 1:] += 200 * bend
    return f, g


def row(tool, seconds, evaluations, points):
    f, g = value_and_gradient(points)
    held = ((points <= -BOUND) & (g >= 0)) | ((points >= BOUND) & (g <= 0))
    slope = np.abs(np.where(held, 0, g)).max(axis=-1)
    return {
        "tool": tool,
        "seconds": seconds,
        "evaluations": evaluations,
        "median_f": float(np.median(f)),
        "worst_f": float(f.max()),
        "median_slope": float(np.median(slope)),
        "worst_slope": float(slope.max()),
    }


def by_scipy(starts, gtol):
    begin = time.perf_counter()
    ends = [
        scipy.optimize.minimize(
            value_and_gradient,
            x,
            jac=True,
            method="L-BFGS-B",
            bounds=[(-BOUND, BOUND)] * len(x),
            options={"ftol": 0, "gtol": gtol, "maxiter": 15000, "maxfun": 100000},
        )
        for x in starts
    ]
    seconds = time.perf_counter() - begin
    return row("SciPy", seconds, sum(end.nfev for end in ends), np.array([end.x for end in ends]))


def by_botorch(starts, gtol):
    from botorch.optim.batched_lbfgs_b import fmin_l_bfgs_b_batched

    count = 0

    def batched(x):
        nonlocal count
        count += len(x)
        return value_and_gradient(x)

    begin = time.perf_counter()
    points, _, _ = fmin_l_bfgs_b_batched(
        batched, starts, bounds=[(-BOUND, BOUND)] * starts.shape[1], factr=None, ftol=0, pgtol=gtol, maxiter=15000
    )
    return row("BoTorch", time.perf_counter() - begin, count, np.asarray(points))


def by_optuna(starts, gtol):
    from optuna._gp.batched_lbfgsb import batched_lbfgsb

    count = 0

    def batched(x, *_):
        nonlocal count
        count += len(x)
        return value_and_gradient(x)

    begin = time.perf_counter()
    points, _, _ = batched_lbfgsb(
        func_and_grad=batched,
        x0_batched=starts,
        batched_args=(),
        bounds=[(-BOUND, BOUND)] * starts.shape[1],
        pgtol=gtol,
        max_iters=15000,
    )
    return row("Optuna", time.perf_counter() - begin, count, np.asarray(points))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--dimension", type=int, default=100)
    parser.add_argument("--starts", type=int, default=1000)
    parser.add_argument("--gtol", type=float, default=1e-6, help="of SciPy and its kin; lanewise has its own default")
    options = parser.parse_args()
    starts = np.random.default_rng(1).uniform(-BOUND, BOUND, (options.starts, options.dimension))
    rows = []
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        starts.tofile(file.name)
        arguments = [options.program, file.name, str(options.dimension)]
        output = subprocess.run(arguments, check=True, capture_output=True, text=True).stdout
        rows += [json.loads(line) for line in output.splitlines()]
    for peer in (by_scipy, by_botorch, by_optuna):
        try:
            rows.append(peer(starts, options.gtol))
        except ImportError as missing:
            print(f"left out: {missing}")
    print("| | seconds | ratio | evaluations | median f | worst f | median slope | worst slope |")
    print("|---|---|---|---|---|---|---|---|")
    for of in rows:
        print(
            f"| {of['tool']} | {of['seconds']:.3g} | {of['seconds'] / rows[0]['seconds']:.3g} "
            f"| {of['evaluations'] / options.starts:.0f} | {of['median_f']:.2g} | {of['worst_f']:.3g} "
            f"| {of['median_slope']:.1e} | {of['worst_slope']:.1e} |"
        )


if __name__ == "__main__":
    main()
