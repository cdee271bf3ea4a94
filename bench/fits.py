#!/usr/bin/env python3
"""Prints tables of fits by the thousand: lanewise.fit beside SciPy, lmfit and Ceres' TinySolver, on one thread.

    build/bench-venv/bin/python bench/fits.py [build/release/lanewise] [--only exponential,spot-15,spot-5,decay,search]

- exponential: a*exp(-k*x) at 50 points, 10,000 of them, all from the same start.
- spot-15 and spot-5: Gaussian spots of 5 variables on 15 x 15 and 5 x 5 pixels, with the variables, noise and starts of Gpufit's
  own performance test.
- decay: 60,000 voxels of 8 echoes each, magnitudes with Rician noise.
- search: three sets of NIST's from wide boxes: the command line of lanewise, given as PROGRAM, at its defaults, beside SciPy's
  differential_evolution.

All sides fit the same numbers on one thread and take turns. Shown is the processor time of the best of seven, which says the same
on a machine that others use too. A peer that does thousands of fits a second at most is given the first problems of a table only;
its seconds are then scaled to all. TinySolver (bench/fits/tiny_solver.cpp) is compiled by g++ with -O3 -march=native; Debian's
libceres-dev has it. What is not installed is left out. "Least" is, of each problem, the least residual sum of squares that any row
came to; single precision is judged by what it reports.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"

import argparse
import importlib.util
import re
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import scipy.optimize

HERE = Path(__file__).resolve().parent
ROUNDS = 7
EQUAL = 1e-9  # sums of squares that differ by no more are as good as each other


@dataclass
class Batch:
    """Many problems of one model over the same rows."""

    name: str
    title: str
    formula: str
    columns: dict[str, Any]
    bounds: dict[str, tuple[float, float]]
    model: Callable[..., Any]  # of the columns and the variables, as scipy.optimize.curve_fit calls it
    jacobian: Callable[..., Any]
    starts: Any  # [P, d]
    y: Any  # [P, N]
    sample: int  # how many the slow ones are given

    @property
    def x(self) -> Any:
        columns = np.array(list(self.columns.values()))
        return columns[0] if len(columns) == 1 else columns

    def rss(self, found: Any) -> Any:
        """Of the first problems, as many as were found."""
        with np.errstate(over="ignore", invalid="ignore"):
            return ((self.model(self.x, *found.T[:, :, None]) - self.y[: len(found)]) ** 2).sum(axis=1)


def exponentials() -> Batch:
    random = np.random.default_rng(1)
    count, x = 10_000, np.linspace(0, 4, 50)
    a, k = random.uniform(2, 10, (count, 1)), random.uniform(0.3, 2, (count, 1))

    def model(x: Any, a: Any, k: Any) -> Any:
        return a * np.exp(-k * x)

    def jacobian(x: Any, a: Any, k: Any) -> Any:
        decay = np.exp(-k * x)
        return np.array([decay, -a * x * decay]).T

    y = model(x, a, k) + random.normal(0, 0.1, (count, len(x)))
    return Batch(
        "exponential",
        "10,000 exponentials of 50 points",
        "a*exp(-k*x)",
        {"x": x},
        {"a": (0, 20), "k": (0, 10)},
        model,
        jacobian,
        np.tile([5.0, 1.0], (count, 1)),
        y,
        count,
    )


def spots(side: int) -> Batch:
    """As Gpufit_Cpufit_Performance_Comparison.cpp of Gpufit makes them, whose images have a side of 5."""
    random = np.random.default_rng(2)
    count, center = 20_000, (side - 1) / 2
    usual = np.array([500.0, center, center, 1.0, 10.0])
    truth = usual * random.uniform(0.9, 1.1, (count, 5))
    starts = truth * random.uniform(0.9, 1.1, (count, 5))
    v, u = (grid.ravel() for grid in np.mgrid[:side, :side].astype(float))

    def model(x: Any, amplitude: Any, u0: Any, v0: Any, width: Any, background: Any) -> Any:
        return amplitude * np.exp(-0.5 * ((x[0] - u0) ** 2 + (x[1] - v0) ** 2) / width**2) + background

    def jacobian(x: Any, amplitude: Any, u0: Any, v0: Any, width: Any, background: Any) -> Any:
        across, along = x[0] - u0, x[1] - v0
        square = across**2 + along**2
        peak = np.exp(-0.5 * square / width**2)
        steep = amplitude * peak / width**2
        return np.array([peak, steep * across, steep * along, steep * square / width, np.ones_like(peak)]).T

    # The mean amplitude over the square in which the spot has a tenth of its height, over a signal-to-noise ratio of 10.
    noise = 2 * np.pi * 500 / 4.292**2 / 10
    y = model((u, v), *truth.T[:, :, None]) + random.normal(0, noise, (count, side * side))
    return Batch(
        f"spot-{side}",
        f"20,000 spots on {side} x {side} pixels",
        "amplitude*exp(-0.5*((u - u0)^2 + (v - v0)^2)/width^2) + background",
        {"u": u, "v": v},
        {
            "amplitude": (0, 2000),
            "u0": (0, side - 1),
            "v0": (0, side - 1),
            "width": (0.3, side),
            "background": (-100, 200),
        },
        model,
        jacobian,
        starts,
        y,
        1000,
    )


def decays() -> Batch:
    random = np.random.default_rng(3)
    count, te = 60_000, np.arange(1, 9) * 5.0
    s0, t2s = random.uniform(200, 1000, (count, 1)), np.exp(random.uniform(np.log(8), np.log(80), (count, 1)))

    def model(te: Any, s0: Any, t2s: Any) -> Any:
        return s0 * np.exp(-te / t2s)

    def jacobian(te: Any, s0: Any, t2s: Any) -> Any:
        decay = np.exp(-te / t2s)
        return np.array([decay, s0 * te / t2s**2 * decay]).T

    noise = random.normal(0, 10, (2, count, len(te)))
    y = np.hypot(model(te, s0, t2s) + noise[0], noise[1])
    return Batch(
        "decay",
        "60,000 voxels of 8 echoes (T2* maps)",
        "s0*exp(-te/t2s)",
        {"te": te},
        {"s0": (0, 3000), "t2s": (1, 500)},
        model,
        jacobian,
        np.stack([1.3 * y[:, 0], np.full(count, 20.0)], axis=1),
        y,
        1000,
    )


BATCHES: dict[str, Callable[[], Batch]] = {
    "exponential": exponentials,
    "spot-15": lambda: spots(15),
    "spot-5": lambda: spots(5),
    "decay": decays,
}


@dataclass
class Row:
    name: str
    run: Callable[[], tuple[float, Any]]  # seconds and the residual sums of squares of the first problems
    is_lanewise: bool = False
    seconds: float = float("inf")
    rss: Any = None


def by_scipy(batch: Batch, with_jacobian: bool) -> tuple[float, Any]:
    found = np.full((batch.sample, len(batch.bounds)), np.nan)
    more = {"jac": batch.jacobian} if with_jacobian else {}
    x = batch.x
    begin = time.process_time()
    for p in range(batch.sample):
        try:
            found[p], _ = scipy.optimize.curve_fit(batch.model, x, batch.y[p], p0=batch.starts[p], **more)
        except RuntimeError:  # it gave up
            continue
    return time.process_time() - begin, batch.rss(found)


def by_lmfit(batch: Batch) -> tuple[float, Any]:
    import lmfit

    count = min(batch.sample, 200)
    found = np.full((count, len(batch.bounds)), np.nan)
    x = batch.x
    begin = time.process_time()
    model = lmfit.Model(batch.model)
    for p in range(count):
        result = model.fit(
            batch.y[p], model.make_params(**dict(zip(batch.bounds, batch.starts[p]))), **{model.independent_vars[0]: x}
        )
        found[p] = list(result.best_values.values())
    return time.process_time() - begin, batch.rss(found)


def compile_tiny_solver(folder: Path) -> Path | None:
    program = folder / "tiny_solver"
    command = ["g++", "-std=c++17", "-O3", "-march=native", "-DNDEBUG", "-isystem", "/usr/include/eigen3"]
    try:
        subprocess.run([*command, str(HERE / "fits" / "tiny_solver.cpp"), "-o", str(program)], check=True)
    except (OSError, subprocess.CalledProcessError):
        print("TinySolver cannot be compiled: its rows are left out", file=sys.stderr)
        return None
    return program


def by_tiny_solver(batch: Batch, program: Path, tolerance: float) -> tuple[float, Any]:
    data, fitted = program.parent / "data", program.parent / "fitted"
    rows = np.array(list(batch.columns.values())).T
    np.concatenate([rows.ravel(), np.hstack([batch.starts, batch.y]).ravel()]).tofile(data)
    command = [str(program), batch.name, str(data), str(fitted), str(tolerance)]
    seconds = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return seconds, batch.rss(np.fromfile(fitted).reshape(-1, len(batch.bounds)))


def by_lanewise(batch: Batch, precision: str, starts: int) -> tuple[float, Any]:
    """From the starts of the batch where the number of starts is 0."""
    import lanewise

    given = {} if starts else {"p0": dict(zip(batch.bounds, batch.starts.T))}
    begin = time.process_time()
    result = lanewise.fit(
        batch.formula, batch.columns, batch.y, batch.bounds, starts=starts, precision=precision, threads=1, **given
    )
    return time.process_time() - begin, np.asarray(result.rss, float)


@cache
def has_lanewise() -> bool:
    if importlib.util.find_spec("lanewise"):
        import lanewise

        if hasattr(lanewise, "fit"):
            return True
    print("there is no lanewise.fit: its rows and columns are left out", file=sys.stderr)
    return False


def rows_of(batch: Batch, tiny_solver: Path | None) -> list[Row]:
    rows = [
        Row("SciPy, curve_fit", partial(by_scipy, batch, False)),
        Row("the same with jac", partial(by_scipy, batch, True)),
    ]
    if importlib.util.find_spec("lmfit"):
        rows.append(Row("lmfit, Model.fit", partial(by_lmfit, batch)))
    if tiny_solver:
        rows.append(Row("TinySolver", partial(by_tiny_solver, batch, tiny_solver, 1e-6)))
        rows.append(Row("the same, function_tolerance 1e-12", partial(by_tiny_solver, batch, tiny_solver, 1e-12)))
    if has_lanewise():
        for starts in (0, 8):
            for precision in ("f64", "f32"):
                name = f"lanewise, {f'{starts} starts' if starts else 'one start'}, {precision}"
                rows.append(Row(name, partial(by_lanewise, batch, precision, starts), is_lanewise=True))
    return rows


def print_table(batch: Batch, tiny_solver: Path | None) -> None:
    rows = rows_of(batch, tiny_solver)
    for _ in range(ROUNDS):
        for row in rows:
            seconds, row.rss = row.run()
            row.seconds = min(row.seconds, seconds / len(row.rss))
    least = np.full(len(batch.y), np.inf)
    for row in rows:
        least[: len(row.rss)] = np.fmin(least[: len(row.rss)], row.rss)
    ours = [row for row in rows if row.is_lanewise]
    heads = ["", "fits/s", "s for all", "least to 1e-9", "worst above it"]
    heads += [f"{row.name.removeprefix('lanewise, ')}: times as fast" for row in ours]
    print(f"\n{batch.title}, best of {ROUNDS}\n\n| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for row in rows:
        above = row.rss / least[: len(row.rss)] - 1
        cells = [
            row.name,
            f"{1 / row.seconds:,.0f}",
            f"{row.seconds * len(batch.y):.3g}",
            f"{np.count_nonzero(above <= EQUAL)} of {len(above)}",
            f"{np.nanmax(above):.1e}",
        ]
        cells += ["" if row.is_lanewise else f"{row.seconds / our.seconds:.1f}" for our in ours]
        print("| " + " | ".join(cells) + " |")


@dataclass
class Search:
    name: str
    formula: str
    file: Path
    bounds: dict[str, tuple[float, float]]
    least: float


NIST = HERE.parent / "tests" / "data" / "nist"
SEARCHES = [
    Search(
        "Eckerle4",
        "(b1/b2)*exp(-0.5*((x - b3)/b2)^2)",
        NIST / "Eckerle4.csv",
        {"b1": (0, 20), "b2": (1, 20), "b3": (10, 600)},
        1.4635887487e-3,
    ),
    Search(
        "Thurber",
        "(b1 + b2*x + b3*x^2 + b4*x^3)/(1 + b5*x + b6*x^2 + b7*x^3)",
        NIST / "Thurber.csv",
        {
            "b1": (500, 2000),
            "b2": (500, 2000),
            "b3": (100, 1000),
            "b4": (10, 150),
            "b5": (0.1, 2),
            "b6": (0.1, 1),
            "b7": (0, 0.2),
        },
        5642.7082397,
    ),
    Search(
        "Ratkowsky01",
        "b1/(1 + exp(b2 - b3*x))^(1/b4)",
        HERE / "fits" / "Ratkowsky01.csv",
        {"b1": (0, 1000), "b2": (1, 20), "b3": (0, 3), "b4": (0.1, 6)},
        8786.404908,
    ),
]


def seconds_of_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def by_command_line(program: str, search: Search) -> tuple[float, bool]:
    """Seconds of the whole process, and whether what it prints has the least sum of squares in it."""
    command = [program, "fit", search.formula, "--data", str(search.file), "--response", "y", "--threads", "1"]
    for name, (lower, upper) in search.bounds.items():
        command += ["--var", f"{name}={lower}:{upper}"]
    begin = seconds_of_children()
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seconds = seconds_of_children() - begin
    numbers = [float(number) for number in re.findall(r"\d+\.?\d*(?:[eE][-+]?\d+)?", output)]
    return seconds, any(abs(number / search.least - 1) <= 1e-6 for number in numbers)


def by_differential_evolution(search: Search, seed: int) -> tuple[float, bool]:
    data = np.genfromtxt(search.file, delimiter=",", names=True)
    code = compile(search.formula.replace("^", "**"), search.name, "eval")

    def rss(b: Any) -> float:
        model = eval(code, {"exp": np.exp, "x": data["x"], **dict(zip(search.bounds, b))})
        return float(((data["y"] - model) ** 2).sum())

    begin = time.process_time()
    with np.errstate(all="ignore"):
        result = scipy.optimize.differential_evolution(rss, list(search.bounds.values()), rng=seed)
    return time.process_time() - begin, bool(result.fun <= search.least * (1 + 1e-6))


def print_searches(program: str | None) -> None:
    columns: dict[str, Callable[[Search, int], tuple[float, bool]]] = {
        "SciPy, differential_evolution": by_differential_evolution
    }
    if program:
        columns["lanewise fit"] = lambda search, _: by_command_line(program, search)
    print("\nseconds of a search from the box (median of 5), and how often it found the least sum of squares to 1e-6\n")
    print("| | " + " | ".join(columns) + " |\n" + "|---" * (1 + len(columns)) + "|")
    for search in SEARCHES:
        cells = [search.name]
        for run in columns.values():
            runs = [run(search, seed) for seed in range(5)]
            cells.append(f"{np.median([seconds for seconds, _ in runs]):.3g}, {sum(found for _, found in runs)} of 5")
        print("| " + " | ".join(cells) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", help="the built lanewise; without it SciPy searches alone")
    parser.add_argument("--only", default=",".join([*BATCHES, "search"]), help="which tables")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    chosen = arguments.only.split(",")
    with tempfile.TemporaryDirectory() as folder:
        tiny_solver = compile_tiny_solver(Path(folder)) if set(chosen) & set(BATCHES) else None
        for name in chosen:
            if name == "search":
                print_searches(arguments.program)
            else:
                print_table(BATCHES[name](), tiny_solver)


if __name__ == "__main__":
    main()
