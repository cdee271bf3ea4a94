#!/usr/bin/python3
"""How soon lanewise, NLopt and SciPy find the global minima of functions.toml, one thread each.

Usage: compare.py LIBLANEWISE_PEERS [options]

A run of a tool ends at the first value at most TOLERANCE above the minimum (the hit), when the tool has had enough, or
when the time is up. All tools evaluate the same program, the function as lanewise compiled it. lanewise and NLopt are
timed in C, SciPy inside its objective. A cell is: hits/runs, then the expected time to a hit in milliseconds, which is
the time of all runs, with and without a hit, over the number of hits. The shortest is bold.
"""

import argparse
import contextlib
import ctypes
import fnmatch
import json
import math
import os
import pathlib
import sys
import time
import tomllib
import typing

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import scipy.optimize

FUNCTIONS = pathlib.Path(__file__).parent / "functions.toml"
TOLERANCE = 1e-5
STARTS = 100
WARM_UP = 0.01  # seconds


class Outcome(typing.NamedTuple):
    found: bool
    best: float
    seconds: float  # to the hit, or of the whole run
    evaluations: int


class OutcomeOfC(ctypes.Structure):
    _fields_ = [
        ("found", ctypes.c_bool),
        ("best", ctypes.c_double),
        ("seconds", ctypes.c_double),
        ("evaluations", ctypes.c_uint64),
    ]

    def outcome(self):
        return Outcome(self.found, self.best, self.seconds, self.evaluations)


def load(path):
    library = ctypes.CDLL(path)
    size, real, pointer = ctypes.c_size_t, ctypes.c_double, ctypes.c_void_p
    for name, result, arguments in (
        ("formula_create", pointer, (ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p), size)),
        ("formula_destroy", None, (pointer,)),
        ("formula_dimension", size, (pointer,)),
        ("formula_bounds", None, (pointer, pointer, pointer)),
        ("formula_evaluate", real, (pointer, pointer, pointer)),
        ("search_lanewise", OutcomeOfC, (pointer, ctypes.c_bool, ctypes.c_uint64, real, real, pointer)),
        ("search_mlsl", OutcomeOfC, (pointer, ctypes.c_bool, ctypes.c_uint64, real, real, pointer)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class Formula:
    """A function's program. `point` and `gradient` are those of the last call."""

    def __init__(self, library, function):
        variables = [variable.encode() for variable in function["variables"]]
        self.library = library
        self.handle = library.formula_create(
            function["expression"].encode(), (ctypes.c_char_p * len(variables))(*variables), len(variables)
        )
        if not self.handle:
            raise ValueError(function["name"])
        self.lower, self.upper, self.point, self.gradient = np.empty((4, library.formula_dimension(self.handle)))
        library.formula_bounds(self.handle, self.lower.ctypes.data, self.upper.ctypes.data)
        self.bounds = list(zip(self.lower, self.upper))
        self.evaluate, self.addresses = library.formula_evaluate, (self.point.ctypes.data, self.gradient.ctypes.data)

    def __del__(self):
        self.library.formula_destroy(self.handle)

    def __call__(self, x):
        self.point[:] = x
        return self.evaluate(self.handle, *self.addresses)

    def draw(self, generator):
        return generator.uniform(self.lower, self.upper)


class Ended(Exception):
    pass


class Timed:
    """What SciPy minimises: the formula, until the first value as good as the target or until the time is up."""

    def __init__(self, formula, target, max_time):
        self.formula, self.target, self.max_time = formula, target, max_time
        self.best, self.evaluations = math.inf, 0
        self.begin = time.perf_counter()

    def value(self, x):
        f = self.formula(x)
        self.evaluations += 1
        self.best = min(self.best, f)
        if self.best <= self.target or self.seconds() > self.max_time:
            raise Ended
        return f

    def gradient(self, x):
        if not np.array_equal(x, self.formula.point):
            self.formula(x)
        return self.formula.gradient.copy()

    def value_and_gradient(self, x):
        return self.value(x), self.gradient(x)

    def seconds(self):
        return time.perf_counter() - self.begin


def lanewise(lbfgs):
    def search(formula, seed, target, max_time):
        x = np.empty_like(formula.point)
        return formula.library.search_lanewise(
            formula.handle, lbfgs, seed, target, max_time, x.ctypes.data
        ).outcome()

    return search


def mlsl(low_discrepancy):
    def search(formula, seed, target, max_time):
        start = formula.draw(np.random.default_rng(seed))
        return formula.library.search_mlsl(
            formula.handle, low_discrepancy, seed, target, max_time, start.ctypes.data
        ).outcome()

    return search


def timed(search):
    def run(formula, seed, target, max_time):
        objective = Timed(formula, target, max_time)
        with contextlib.suppress(Ended), np.errstate(all="ignore"):
            search(objective, formula, seed)
        seconds = objective.seconds()
        return Outcome(objective.best <= target, objective.best, seconds, objective.evaluations)

    return run


@timed
def dual_annealing(objective, formula, seed):
    local = {"method": "L-BFGS-B", "jac": objective.gradient, "bounds": formula.bounds}
    scipy.optimize.dual_annealing(objective.value, formula.bounds, seed=seed, minimizer_kwargs=local)


@timed
def differential_evolution(objective, formula, seed):
    scipy.optimize.differential_evolution(objective.value, formula.bounds, seed=seed)


@timed
def multistart(objective, formula, seed):
    generator = np.random.default_rng(seed)
    for _ in range(STARTS):
        scipy.optimize.minimize(
            objective.value_and_gradient, formula.draw(generator), jac=True, method="L-BFGS-B", bounds=formula.bounds
        )


TOOLS = {
    "lanewise": lanewise(False),
    "lanewise-lbfgs": lanewise(True),
    "mlsl-lds": mlsl(True),
    "mlsl": mlsl(False),
    "dual-annealing": dual_annealing,
    "differential-evolution": differential_evolution,
    "multistart": multistart,
}


def hits(outcomes):
    return sum(outcome.found for outcome in outcomes)


def expected_time(outcomes):
    return sum(outcome.seconds for outcome in outcomes) / hits(outcomes) if hits(outcomes) else math.inf


def milliseconds(seconds):
    return f"{1e3 * seconds:.3g}" if seconds < 0.1 else f"{1e3 * seconds:.0f}"


def markdown(*cells):
    print("| " + " | ".join(cells) + " |", flush=True)


def header(*cells):
    markdown(*cells)
    markdown(*("---" for _ in cells))


def row(name, outcomes):
    best = min(map(expected_time, outcomes.values()))
    cells = []
    for runs in outcomes.values():
        cell = f"{hits(runs)}/{len(runs)}"
        if hits(runs):
            cell += f" {milliseconds(expected_time(runs))}"
            if expected_time(runs) == best:
                cell = f"**{cell}**"
        cells.append(cell)
    markdown(name, *cells)


def summary(table, tools):
    print(f"\n{len(table)} functions; lanewise faster, slower and the geometric mean of tool's time / lanewise's time")
    print("are over the functions where both have hits.\n")
    header("", "every run hits", "some run hits", "only lanewise", "only the tool", "faster", "slower", "time ratio")
    for tool in tools:
        found = [hits(outcomes[tool]) for outcomes in table.values()]
        every = sum(hits(outcomes[tool]) == len(outcomes[tool]) for outcomes in table.values())
        cells = [tool, str(every), str(sum(count > 0 for count in found))]
        if tool != "lanewise" and "lanewise" in tools:
            times = [(expected_time(row["lanewise"]), expected_time(row[tool])) for row in table.values()]
            ratios = [theirs / ours for ours, theirs in times if math.isfinite(ours) and math.isfinite(theirs)]
            cells += [
                str(sum(math.isfinite(ours) and not math.isfinite(theirs) for ours, theirs in times)),
                str(sum(math.isfinite(theirs) and not math.isfinite(ours) for ours, theirs in times)),
                str(sum(ratio > 1 for ratio in ratios)),
                str(sum(ratio < 1 for ratio in ratios)),
                f"{math.exp(np.mean(np.log(ratios))):.2g}" if ratios else "",
            ]
        markdown(*cells, *[""] * (8 - len(cells)))


def compare(library, functions, arguments):
    table, records = {}, []
    header("", *arguments.tools)
    for function in functions:
        formula = Formula(library, function)
        target = function["minimum"] + TOLERANCE
        outcomes = {}
        for tool in arguments.tools:
            # Once for a moment beforehand: caches are warm for every tool.
            TOOLS[tool](formula, arguments.seeds, target, WARM_UP)
            outcomes[tool] = [TOOLS[tool](formula, seed, target, arguments.max_time) for seed in range(arguments.seeds)]
        row(function["name"], outcomes)
        table[function["name"]] = outcomes
        for tool, runs in outcomes.items():
            for seed, outcome in enumerate(runs):
                records.append({"function": function["name"], "tool": tool, "seed": seed, **outcome._asdict()})
    summary(table, arguments.tools)
    if arguments.json:
        arguments.json.write_text(json.dumps(records, indent=1))


def polished(formula, x):
    """The value that L-BFGS-B reaches from x, or x has, whichever is lower."""

    def value_and_gradient(x):
        return formula(x), formula.gradient.copy()

    options = {"ftol": 0, "gtol": 1e-9}
    end = scipy.optimize.minimize(
        value_and_gradient, x, jac=True, method="L-BFGS-B", bounds=formula.bounds, options=options
    )
    return min(formula(x), formula(end.x))


def check(library, functions, arguments):
    """Are the minima of functions.toml attained, and nothing lower? Looks from their minimisers, and with lanewise."""
    wrong = 0
    for function in functions:
        formula = Formula(library, function)
        points = [np.array(function["minimiser"], float)] if "minimiser" in function else []
        for seed in range(arguments.seeds):
            x = np.empty_like(formula.point)
            library.search_lanewise(
                formula.handle, False, seed, function["minimum"] - 1e-9, arguments.max_time, x.ctypes.data
            )
            points.append(x)
        excess = min(polished(formula, x) for x in points) - function["minimum"]
        if not -1e-9 <= excess <= 1e-7:
            wrong += 1
            print(f"{function['name']}: the lowest value seen is {excess:g} above the minimum", flush=True)
    print(f"{len(functions)} minima checked, {wrong} wrong")
    return wrong


def tools(text):
    names = text.split(",")
    for name in names:
        if name not in TOOLS:
            raise argparse.ArgumentTypeError(f"'{name}' is none of {', '.join(TOOLS)}")
    return names


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", help="the built liblanewise_peers.so")
    parser.add_argument("--functions", default="*", metavar="PATTERN", help="only these, as in 'lennard-jones-*'")
    parser.add_argument("--seeds", type=int, default=5, metavar="N", help="runs per function and tool; 5")
    parser.add_argument("--tools", type=tools, default=list(TOOLS), metavar="LIST", help=",".join(TOOLS))
    parser.add_argument("--max-time", type=float, default=10, metavar="SECONDS", help="of a run; 10")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="every run, for other scripts")
    parser.add_argument("--check", action="store_true", help="instead: are the minima attained, and nothing lower?")
    arguments = parser.parse_args()

    functions = [
        function
        for function in tomllib.loads(FUNCTIONS.read_text())["function"]
        if fnmatch.fnmatchcase(function["name"], arguments.functions)
    ]
    library = load(arguments.library)
    if arguments.check:
        sys.exit(check(library, functions, arguments) > 0)
    compare(library, functions, arguments)


if __name__ == "__main__":
    main()
