#!/usr/bin/python3
"""Two commits side by side: builds lanewise_bench of each and runs them by turns.

Usage: compare_commits.py BEFORE [AFTER] [--filter REGEX] [--rounds N]

AFTER is the working tree unless given. Builds stay in build/commits. Figures are ns per run and iteration, each the best of
all rounds; the ratio is before / after: above 1, after is faster.
"""

import argparse
import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run(*command, **options):
    return subprocess.run(command, check=True, cwd=ROOT, **options)


def built(commit):
    """The benchmark program of a commit, or of the working tree for None."""
    if commit is None:
        source, build = ROOT, ROOT / "build" / "commits" / "working-tree"
    else:
        revision = run("git", "rev-parse", "--verify", f"{commit}^{{commit}}", stdout=subprocess.PIPE, text=True).stdout.strip()
        source = ROOT / "build" / "commits" / revision / "source"
        build = source.parent / "build"
        if not source.exists():
            run("git", "worktree", "add", "--detach", str(source), revision)
    run(
        "cmake", "-S", str(source), "-B", str(build), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DLANEWISE_BENCH=ON",
        "-DLANEWISE_TESTS=OFF", stdout=subprocess.DEVNULL,
    )  # fmt: skip
    run("cmake", "--build", str(build), "--target", "lanewise_bench", stdout=subprocess.DEVNULL)
    return build / "bench" / "lanewise_bench"


def figures(program, pattern):
    output = run(
        str(program), "--benchmark_format=json", f"--benchmark_filter={pattern}", "--benchmark_min_time=0.1", stdout=subprocess.PIPE
    ).stdout
    return {
        row["name"].removesuffix("/manual_time"): row["ns_per_run_iteration"]
        for row in json.loads(output)["benchmarks"]
        if "ns_per_run_iteration" in row
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before")
    parser.add_argument("after", nargs="?")
    parser.add_argument("--filter", default="/(text|interpreted|compiled|native)/1", help="which rows")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()

    programs = [built(arguments.before), built(arguments.after)]
    best = [{}, {}]
    for _ in range(arguments.rounds):
        for program, of in zip(programs, best):
            for name, nanoseconds in figures(program, arguments.filter).items():
                of[name] = min(of.get(name, float("inf")), nanoseconds)
    print(f"{'':34}{'before':>9}{'after':>9}{'ratio':>8}")
    for name in best[0]:
        if name in best[1]:
            before, after = best[0][name], best[1][name]
            print(f"{name:34}{before:9.2f}{after:9.2f}{before / after:8.2f}")
    for name in sorted(best[0].keys() ^ best[1].keys()):
        print(f"{name:34} in one of them only")


if __name__ == "__main__":
    main()
