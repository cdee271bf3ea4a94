#!/usr/bin/env python3
"""Records what searches come to, to the bit, so that a reshape can be held against the build before it.

Usage: records.py record PROGRAM FILE     runs every search with PROGRAM (build/release/lanewise), writes FILE
       records.py compare PROGRAM FILE    runs them again; names each search whose record in FILE is another

A record is the JSON of a search without what depends on the machine and the moment: best point, minima with their hits,
runs by their status, coverage, audit, evaluations. A search that an instruction set is missing for is skipped.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

RASTRIGIN = "10*n(x) + sum(i, 0, n(x)-1, x[i]^2 - 10*cos(2*pi*x[i]))"
ROSENBROCK = "sum(i, 0, n(x)-2, 100*(x[i+1]-x[i]^2)^2 + (1-x[i])^2)"
STYBLINSKI = "sum(i, 0, n(x)-1, x[i]^4 - 16*x[i]^2 + 5*x[i])/2"
ACKLEY = "20 + e - 20*exp(-0.2*sqrt(sum(i, 0, n(x)-1, x[i]^2)/n(x))) - exp(sum(i, 0, n(x)-1, cos(2*pi*x[i]))/n(x))"
SIX_HUMP = "(4 - 2.1*x^2 + x^4/3)*x^2 + x*y + (4*y^2 - 4)*y^2"
HIMMELBLAU = "(x^2+y-11)^2 + (x+y^2-7)^2"
XY = ["--var", "x=-5:5", "--var", "y=-5:5"]
RULES = ["adam", "gradient-descent", "momentum", "adagrad", "rmsprop", "amsgrad", "adamax", "nadam"]
# Step sizes that suit the objective: those of the first are lengths, of descent they grow with the gradient.
ALPHAS = {"gradient-descent": "1e-5", "momentum": "1e-6"}


def searches() -> Iterator[tuple[str, list[str]]]:
    """Name and arguments of each search."""
    for rule in RULES:
        for precision in ("f64", "f32"):
            yield f"{rule} {precision}", [
                HIMMELBLAU, *XY, "--starts", "200", "--rule", rule, "--alpha", ALPHAS.get(rule, "0.05"), "--precision", precision,
            ]  # fmt: skip
        yield f"{rule} maximise a wave", [
            "sin(3*x)*cos(2*y) - 0.01*(x^2 + y^2)", *XY, "--maximize", "--rule", rule, "--starts", "100",
            "--alpha", "0.02", "--iterations", "300",
        ]  # fmt: skip
    for rule in ("adam", "momentum"):
        yield f"{rule} textbook", [
            ROSENBROCK, "--var", "x[2]=-2:2", "--scale", "none", "--rule", rule, "--alpha", "1e-3", "--starts", "64",
            "--explore", "1", "--offspring", "off", "--prune", "off", "--polish", "off", "--schedule", "constant",
            "--iterations", "2000",
        ]  # fmt: skip
    yield "one variable", ["sin(x) + sin(10*x/3)", "--var", "x=2.7:7.5", "--starts", "300"]
    yield "rastrigin 10", [RASTRIGIN, "--var", "x[10]=-5.12:5.12", "--starts", "3000"]
    yield "rastrigin 10 f32", [RASTRIGIN, "--var", "x[10]=-5.12:5.12", "--starts", "3000", "--precision", "f32"]
    yield "rosenbrock 30", [ROSENBROCK, "--var", "x[30]=-5:10", "--starts", "200"]
    yield "styblinski-tang 100", [STYBLINSKI, "--var", "x[100]=-5:5", "--starts", "100", "--iterations", "300"]
    yield "ackley 20", [ACKLEY, "--var", "x[20]=-32:32", "--starts", "500"]
    yield "ackley 20 f32 maximise", [
        f"-({ACKLEY})", "--var", "x[20]=-32:32", "--starts", "500", "--maximize", "--precision", "f32",
    ]  # fmt: skip
    yield "nan regions", ["if(x + y < 1, log(x^2 - y), sqrt(x - 2)*y)", *XY, "--starts", "500"]
    yield "nan regions f32", ["if(x + y < 1, log(x^2 - y), sqrt(x - 2)*y)", *XY, "--starts", "500", "--precision", "f32"]
    yield "infinite here and there", ["1/(x*y) + x^2 + y^2", *XY, "--starts", "300"]
    yield "walls", ["-x*y - z + x*z^2", "--var", "x=-1:2", "--var", "y=-3:1", "--var", "z=0:1", "--starts", "200"]
    yield "kinks", ["abs(x - 1) + max(y, -y - x)*abs(y)", *XY, "--starts", "200"]
    yield "fixed variables", [SIX_HUMP + " + z*x", *XY, "--var", "z=0.3:0.3", "--starts", "300"]
    yield "fixed variables f32 maximise", [
        "-(" + SIX_HUMP + ") - z*x", *XY, "--var", "z=0.3:0.3", "--starts", "300", "--precision", "f32", "--maximize",
    ]  # fmt: skip
    yield "fixed where the gradient is not finite", [
        SIX_HUMP + " + 1e-160*z^-1", *XY, "--var", "z=1e-160:1e-160", "--starts", "300",
    ]  # fmt: skip
    yield "compiled", [RASTRIGIN, "--var", "x[4]=-5.12:5.12", "--starts", "1000", "--jit", "auto"]
    yield "compiled, maximise", [f"-({RASTRIGIN})", "--var", "x[4]=-5.12:5.12", "--starts", "1000", "--jit", "auto", "--maximize"]
    yield "compiled, fixed", [
        RASTRIGIN + " + 1e-160*z^-1", "--var", "x[3]=-5.12:5.12", "--var", "z=1e-160:1e-160", "--starts", "1000",
        "--jit", "auto",
    ]  # fmt: skip
    yield "compiled f32", [RASTRIGIN, "--var", "x[4]=-5.12:5.12", "--starts", "1000", "--jit", "auto", "--precision", "f32"]
    yield "uniform sample", [HIMMELBLAU, *XY, "--starts", "500", "--explore", "1", "--prune", "off", "--design", "uniform"]
    yield "latin hypercube, warm-up", [
        HIMMELBLAU, *XY, "--starts", "500", "--design", "lhs", "--warm-up", "100", "--schedule", "exponential",
    ]  # fmt: skip
    yield "starts by hand", [HIMMELBLAU, *XY, "--start", "1,1", "--start=-1,2", "--start=-5,5", "--starts", "30"]
    yield "target", [RASTRIGIN, "--var", "x[6]=-5.12:5.12", "--starts", "2000", "--target", "0.5"]
    yield "settled", [HIMMELBLAU, *XY, "--settle", "0.01"]
    yield "memory", [RASTRIGIN, "--var", "x[5]=-5.12:5.12", "--starts", "2000", "--memory", "900K"]
    yield "one thread", [RASTRIGIN, "--var", "x[5]=-5.12:5.12", "--starts", "2000", "--threads", "1"]
    for limit in (3000, 50000, 400000, 1000000):
        for precision in ("f64", "f32"):
            yield f"{limit} evaluations {precision}, then resumed", [
                RASTRIGIN, "--var", "x[5]=-5.12:5.12", "--starts", "1500", "--precision", precision,
                "--max-evaluations", str(limit),
            ]  # fmt: skip


def run(program: str, arguments: list[str]) -> Any:
    result = subprocess.run([program, "minimize", *arguments, "--quiet"], capture_output=True, text=True, check=False)
    if result.returncode not in (0, 3):
        sys.exit(f"{program} minimize {' '.join(arguments)}\n{result.stderr}")
    return json.loads(result.stdout) if result.returncode == 0 else {"error": result.stderr}


def record(program: str, name: str, arguments: list[str]) -> Any:
    """What a search comes to; of the textbook's runs also their paths; of a search that a limit ends also what it comes to
    when it goes on.
    """
    with tempfile.TemporaryDirectory() as folder:
        if "textbook" in name:
            trace = pathlib.Path(folder) / "trace.csv"
            found = [run(program, [*arguments, "--json", "-", "--trace", str(trace)])]
            found[0]["trace"] = trace.read_text().splitlines()
        elif "--max-evaluations" not in arguments:
            found = [run(program, [*arguments, "--json", "-"])]
        else:
            state = str(pathlib.Path(folder) / "state")
            cut = run(program, [*arguments, "--json", "-", "--checkpoint", state, "--every", "0"])
            whole = arguments[: arguments.index("--max-evaluations")] + arguments[arguments.index("--max-evaluations") + 2 :]
            found = [cut, run(program, [*whole, "--resume", state, "--json", "-"])]
    for of in found:
        for of_the_moment in ("lanewise", "options"):
            of.pop(of_the_moment, None)
        for of_time in ("seconds", "run_iterations_per_second", "lane_occupancy"):
            of.get("work", {}).pop(of_time, None)
    return json.loads(json.dumps(found))


def records(program: str) -> Iterator[tuple[str, Any]]:
    for isa in ("sse2", "avx2", "avx512", "neon"):
        known = subprocess.run(
            [program, "minimize", "x", "--var", "x=0:1", "--isa", isa, "--quiet", "--starts", "1"],
            capture_output=True, check=False,
        )  # fmt: skip
        if known.returncode != 0:
            print(f"{isa}: not available here, skipped")
            continue
        for name, arguments in searches():
            yield f"{isa}: {name}", record(program, name, [*arguments, "--isa", isa])


def main() -> None:
    if len(sys.argv) != 4 or sys.argv[1] not in ("record", "compare"):
        sys.exit(__doc__)
    _, what, program, file = sys.argv
    if what == "record":
        text = json.dumps(dict(records(program)), indent=1)
        pathlib.Path(file).write_text(text + "\n")
        return
    before = json.loads(pathlib.Path(file).read_text())
    now = dict(records(program))
    others = [name for name in now if name not in before or before[name] != now[name]]
    others += [f"{name} (not run)" for name in before if name not in now]
    for name in others:
        print(f"differs: {name}")
    print(f"{len(now)} searches, {len(others)} differ")
    sys.exit(1 if others else 0)


if __name__ == "__main__":
    main()
