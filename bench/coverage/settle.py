#!/usr/bin/env python3
"""How often is a search wrong that looks settled, and what does it save to end there?

Usage: settle.py LANEWISE [--seeds N] [--json FILE] [--plot FILE.svg]

Runs searches of 16 to 2048 starts on the 110 functions of ../global/functions.toml. A search of N starts that found no
better value than one of N / 2 has some number of hits of the best value: its runs that ended at a minimum as low, where
one of offspring counts an eighth. Prints for ranges of hits how many such searches there were, and how many of them had
missed the global minimum, beside the bound that lanewise takes for the chance of that, 1 / (1 + hits)^2. Then runs every
function by the default, which ends when it is settled, and with all 4096 starts, one thread each, and prints the
seconds and the misses of both.
"""

import collections
import json
import math
import pathlib
import statistics
import tomllib

import searches

FUNCTIONS = pathlib.Path(__file__).parent.parent / "global" / "functions.toml"
TOLERANCE = 1e-5
SIZES = (16, 32, 64, 128, 256, 512, 1024, 2048)


def as_low(result):
    """The values that count as the best, as src/search/coverage.cpp has it."""
    best = result["best"]["f"]
    values = [minimum["f"] for minimum in result["minima"] if minimum["finished"]] or [best]
    return best + 2**-40 * abs(best) + 1e-9 * max(0.0, statistics.median_high(values) - best)


def hits_of_best(result):
    low = as_low(result)
    return sum(minimum["hits"] + minimum["offspring"] / 8 for minimum in result["minima"] if minimum["f"] <= low)


def by_hits(rows):
    """Prints how many searches there were for ranges of hits, and how many of them missed; returns the same."""
    bins = collections.defaultdict(list)
    for row in rows:
        bins[round(2 * math.log2(max(row["hits"], 0.125)))].append(row)
    print("| hits | searches | missed | share | 1 / (1 + hits)^2 |")
    print("|---|---|---|---|---|")
    points = []
    for _, some in sorted(bins.items()):
        hits = statistics.geometric_mean(max(row["hits"], 0.125) for row in some)
        missed = sum(row["missed"] for row in some)
        points.append((hits, len(some), missed))
        print(f"| {hits:.3g} | {len(some)} | {missed} | {missed / len(some):.3f} | {1 / (1 + hits) ** 2:.4f} |")
    return points


def main():
    options = searches.arguments(__doc__, seeds=3)
    functions = tomllib.loads(FUNCTIONS.read_text())["function"]
    rows = []
    for function in functions:
        for seed in range(options.seeds):
            before = math.inf
            for size in SIZES:
                result = searches.search(
                    options.program, function["expression"], function["variables"], seed, "--starts", str(size)
                )
                is_stable = result["best"]["f"] >= before - (as_low(result) - result["best"]["f"])
                before = min(before, result["best"]["f"])
                missed = before > function["minimum"] + TOLERANCE
                if is_stable:
                    rows.append(
                        {
                            "function": function["name"],
                            "starts": size,
                            "hits": hits_of_best(result),
                            "missed": missed,
                        }
                    )
    points = by_hits(rows)
    print("\n| | seconds | missed | of |")
    print("|---|---|---|---|")
    for name, more in (("settled", ()), ("all 4096 starts", ("--settle", "off"))):
        results = [
            (f, searches.search(options.program, f["expression"], f["variables"], seed, *more))
            for f in functions
            for seed in range(options.seeds)
        ]
        seconds = sum(result["work"]["seconds"] for _, result in results) / options.seeds
        missed = sum(result["best"]["f"] > function["minimum"] + TOLERANCE for function, result in results)
        print(f"| {name} | {seconds:.2f} | {missed} | {len(results)} |")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    if options.plot:
        plot(points, options.plot)


def plot(points, file):
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4.5))
    for hits, count, missed in points:
        # Wilson's interval for two standard deviations.
        share, z = missed / count, 2
        middle = (share + z * z / (2 * count)) / (1 + z * z / count)
        half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count**2)) / (1 + z * z / count)
        axes.plot(
            [hits, hits],
            [max(middle - half, 1e-4), middle + half],
            color="tab:blue",
            linewidth=1,
        )
        axes.plot([hits], [max(share, 1e-4)], "o", color="tab:blue", markersize=4)
    grid = [2 ** (k / 4) / 8 for k in range(60)]
    axes.plot(
        grid,
        [1 / (1 + h) ** 2 for h in grid],
        color="black",
        linewidth=1,
        label="1 / (1 + hits)²",
    )
    axes.set(xscale="log", yscale="log", xlim=(0.1, 300), ylim=(1e-4, 1))
    axes.set_xlabel("hits of the best value; one of offspring counts an eighth")
    axes.set_ylabel("share that missed the minimum (0 is at 1e-4)")
    axes.legend(loc="upper right")
    figure.tight_layout()
    figure.savefig(file)


if __name__ == "__main__":
    main()
