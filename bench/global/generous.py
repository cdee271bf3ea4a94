"""Which functions of functions.toml grow outward, and whether they are minimised in boxes far too wide.

A function grows outward if its value at random points of the box +-1e9 is a thousand times that in +-1e6, and that
again a thousand times that in +-1e3, by the median. Each of them is searched for in the boxes that are named, all its
variables in the same bounds, by the program's default search on one thread.
"""

import argparse
import collections
import json
import pathlib
import random
import re
import statistics
import subprocess
import tomllib

FUNCTIONS = pathlib.Path(__file__).parent / "functions.toml"


def variables(function, bound):
    """The variables, each in the bounds +-bound, and how many numbers they are."""
    names = [variable.partition("=")[0] for variable in function["variables"]]
    count = sum(int(length) for name in names for length in re.findall(r"\[(\d+)\]", name) or ["1"])
    return [part for name in names for part in ("--var", f"{name}=-{bound}:{bound}")], count


def median_value(program, function, bound):
    flags, dimension = variables(function, bound)
    generator = random.Random(0)
    points = [[generator.uniform(-1, 1) * float(bound) for _ in range(dimension)] for _ in range(33)]
    table = "\n".join(",".join(map(repr, point)) for point in points)
    command = [program, "evaluate", function["expression"], *flags, "--at-file", "-", "--json", "-"]
    done = subprocess.run(command, input=table + "\n", capture_output=True, text=True)
    if done.returncode != 0:
        return None
    values = [point["f"] for point in json.loads(done.stdout)]
    return statistics.median(value if value is not None else float("inf") for value in values)


def grows_outward(program, function):
    near, far, farther = (median_value(program, function, bound) for bound in ("1e3", "1e6", "1e9"))
    return None not in (near, far, farther) and near > 0 and far > 1000 * near and farther > 1000 * far


def is_found(program, function, bound, seed):
    command = [program, "minimize", function["expression"], *variables(function, bound)[0], "--seed", str(seed)]
    command += ["--threads", "1", "--quiet", "--json", "-"]
    best = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["best"]["f"]
    return best <= function["minimum"] + 1e-6 * max(1, abs(function["minimum"]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--bounds", default="10,1e6,1e9")
    parser.add_argument("--seeds", type=int, default=10)
    arguments = parser.parse_args()
    functions = tomllib.loads(FUNCTIONS.read_text())["function"]
    growing = [function for function in functions if grows_outward(arguments.program, function)]
    print(f"{len(growing)} of {len(functions)} functions grow outward; found with each of {arguments.seeds} seeds in\n")
    bounds = arguments.bounds.split(",")
    print("| function | " + " | ".join(f"±{bound}" for bound in bounds) + " |")
    print("| --- |" + " ---: |" * len(bounds))
    on_all = collections.Counter()
    for function in growing:
        found = {
            bound: sum(is_found(arguments.program, function, bound, seed) for seed in range(arguments.seeds))
            for bound in bounds
        }
        on_all.update(bound for bound in bounds if found[bound] == arguments.seeds)
        print(f"| {function['name']} | " + " | ".join(str(found[bound]) for bound in bounds) + " |", flush=True)
    print("| on every seed | " + " | ".join(str(on_all[bound]) for bound in bounds) + " |")


if __name__ == "__main__":
    main()
