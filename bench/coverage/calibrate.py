#!/usr/bin/env python3
"""Is the chance of an unseen minimum that lanewise states the true one?

Usage: calibrate.py LANEWISE [--seeds N] [--json FILE] [--plot FILE.svg]

The landscapes are made so that the estimate has it hard: basins of very unequal sizes, needles, many equal minima, pairs
of minima 0.001 of the box apart, flats and rings, valleys of a large condition; and functions of the literature. A search
of each size states the chance that another run comes to a minimum that it has not found. The true chance is told by
50,000 other runs of which none is given up: the share of those that end at a minimum that is not on the search's list. Two points
are one minimum where they are within 2e-4 box widths; on flats and rings where they have the same value.

Prints a row for each landscape, then how often the stated chance was at least the true one, and how often it was more than
ten times that, among the searches that had anything left to find.
"""

import json
import math
import statistics
import typing

import searches

TRUTH_RUNS = 50_000
SIZES = (64, 256, 1024, 4096)
SAME = 2e-4


class Landscape(typing.NamedTuple):
    name: str
    formula: str
    variables: tuple[str, ...]
    is_flat: bool = False  # its minima are sets, of which all points have one value


def wells(count, ratio, dimension):
    """Wells in a bowl, each `ratio` as wide as the one before."""
    terms = []
    for k in range(count):
        width = 2.5 * ratio**k
        distance = "+".join(f"(x[{j}]-({4 * math.sin(1.7 * k + 2.3 * j + 1):.6f}))^2" for j in range(dimension))
        terms.append(f"{1 + 0.1 * k:.3f}*exp(-({distance})/{width * width:.8g})")
    return Landscape(
        f"{count} wells, each {ratio} as wide, {dimension}-d",
        f"0.01*sum(i,0,n(x)-1,x[i]^2) - ({' + '.join(terms)})",
        (f"x[{dimension}]=-5:5",),
    )


def needle(width, dimension=2):
    distance = "+".join(f"(x[{j}]-2)^2" for j in range(dimension))
    return Landscape(
        f"needle of width {width}, {dimension}-d",
        f"sum(i,0,n(x)-1,x[i]^2) - 60*exp(-({distance})/{width * width:.8g})",
        (f"x[{dimension}]=-5:5",),
    )


def lattice(waves, dimension):
    return Landscape(
        f"{waves} equal minima a side, {dimension}-d",
        f"sum(i,0,n(x)-1,sin({waves}*pi*x[i])^2)",
        (f"x[{dimension}]=0.01:0.99",),
    )


def pairs(count):
    """Minima in pairs 0.01 apart in a box 10 wide."""
    return Landscape(
        f"{count} pairs, 2-d",
        f"(2e4*sin(pi*x*{count}/10)^2 - 2e4*sin(pi*0.005*{count}/10)^2)^2 * 1e-4 + (y-0.3*x)^2",
        ("x=-5:5", "y=-5:5"),
    )


LANDSCAPES = [
    *(
        wells(count, ratio, d)
        for count, ratio, d in ((4, 0.5, 2), (8, 0.6, 2), (8, 0.75, 2), (12, 0.8, 2), (8, 0.7, 3))
    ),
    *(needle(width) for width in (1, 0.5, 0.3, 0.2, 0.1)),
    needle(0.5, 3),
    *(lattice(waves, d) for waves, d in ((3, 2), (6, 2), (12, 2), (25, 2), (3, 4), (6, 3), (2, 8))),
    *(pairs(count) for count in (1, 3, 8)),
    Landscape("disc of minima", "max(x^2+y^2, 1)", ("x=-5:5", "y=-5:5"), True),
    Landscape("ring", "(x^2+y^2-4)^2", ("x=-5:5", "y=-5:5"), True),
    Landscape("sphere of minima", "(sum(i,0,2,x[i]^2)-4)^2", ("x[3]=-5:5",), True),
    Landscape("two rings", "(x^2+y^2-4)^2*((x-3)^2+(y-1)^2+0.1)*((x^2+y^2-16)^2+10)", ("x=-5:5", "y=-5:5"), True),
    Landscape("condition 1e4", "x^2+1e4*(y-0.3*x)^2", ("x=-5:5", "y=-5:5")),
    Landscape("condition 1e8", "x^2+1e8*(y-0.3*x)^2", ("x=-5:5", "y=-5:5")),
    Landscape("Rosenbrock", "100*(y-x^2)^2+(1-x)^2", ("x=-5:5", "y=-5:5")),
    Landscape("Rosenbrock, 8-d", "sum(i,0,6,100*(x[i+1]-x[i]^2)^2+(1-x[i])^2)", ("x[8]=-5:5",)),
    Landscape("Himmelblau", "(x^2+y-11)^2+(x+y^2-7)^2", ("x=-5:5", "y=-5:5")),
    Landscape("Rastrigin, 2-d", "sum(i,0,1,x[i]^2-10*cos(2*pi*x[i]))", ("x[2]=-5.12:5.12",)),
    Landscape("Rastrigin, 3-d", "sum(i,0,2,x[i]^2-10*cos(2*pi*x[i]))", ("x[3]=-5.12:5.12",)),
    Landscape("Rastrigin, 6-d", "sum(i,0,5,x[i]^2-10*cos(2*pi*x[i]))", ("x[6]=-5.12:5.12",)),
    Landscape("Schwefel, 2-d", "-sum(i,0,1,x[i]*sin(sqrt(abs(x[i]))))", ("x[2]=-500:500",)),
    Landscape("Schwefel, 4-d", "-sum(i,0,3,x[i]*sin(sqrt(abs(x[i]))))", ("x[4]=-500:500",)),
    Landscape("Styblinski-Tang, 4-d", "sum(i,0,3,x[i]^4-16*x[i]^2+5*x[i])/2", ("x[4]=-5:5",)),
    Landscape("Styblinski-Tang, 8-d", "sum(i,0,7,x[i]^4-16*x[i]^2+5*x[i])/2", ("x[8]=-5:5",)),
    Landscape("Griewank, 2-d", "(x^2+y^2)/4000-cos(x)*cos(y/sqrt(2))", ("x=-50:50", "y=-50:50")),
    Landscape("Shubert", "sum(j,1,5,j*cos((j+1)*x+j))*sum(j,1,5,j*cos((j+1)*y+j))", ("x=-10:10", "y=-10:10")),
    Landscape("Michalewicz, 4-d", "-sum(i,0,3,sin(x[i])*sin((i+1)*x[i]^2/pi)^20)", ("x[4]=0:pi",)),
    Landscape("egg crate", "x^2+y^2+25*(sin(x)^2+sin(y)^2)", ("x=-5:5", "y=-5:5")),
    Landscape("six-hump camel", "(4-2.1*x^2+x^4/3)*x^2+x*y+(4*y^2-4)*y^2", ("x=-3:3", "y=-2:2")),
    Landscape("Bird", "sin(x)*exp((1-cos(y))^2)+cos(y)*exp((1-sin(x))^2)+(x-y)^2", ("x=-2*pi:2*pi", "y=-2*pi:2*pi")),
]


class Minima:
    """Distinct points, found again by their places on a grid."""

    def __init__(self, problem, is_flat):
        self.is_flat = is_flat
        self.lower, self.widths = [], []
        for variable in problem["variables"]:
            lower, upper = (variable[key] if "length" in variable else [variable[key]] for key in ("lower", "upper"))
            self.lower += lower
            self.widths += [high - low for low, high in zip(lower, upper, strict=True)]
        self.cells = {}
        self.count = 0

    def place(self, minimum):
        if self.is_flat:
            return (minimum["f"],)
        return tuple(
            (x - low) / width / SAME for x, low, width in zip(minimum["x"], self.lower, self.widths, strict=True)
        )

    def find(self, minimum):
        if self.is_flat:
            return next((n for f, n in self.cells.items() if abs(f - minimum["f"]) <= 1e-7 * (1 + abs(f))), None)
        place = self.place(minimum)
        # The first two variables tell cells apart, the others are compared.
        cell = tuple(math.floor(at) for at in place[:2])
        steps = [(i, k) for i in (-1, 0, 1) for k in ((-1, 0, 1) if len(cell) > 1 else (0,))]
        for i, k in steps:
            beside = (cell[0] + i, *(at + k for at in cell[1:]))
            for other, number in self.cells.get(beside, ()):
                if max(abs(a - b) for a, b in zip(place, other, strict=True)) <= 1:
                    return number
        return None

    def add(self, minimum):
        found = self.find(minimum)
        if found is not None:
            return found
        if self.is_flat:
            self.cells[minimum["f"]] = self.count
        else:
            place = self.place(minimum)
            self.cells.setdefault(tuple(math.floor(at) for at in place[:2]), []).append((place, self.count))
        self.count += 1
        return self.count - 1


def truth(program, landscape):
    """The minima, and the share of runs that come to each."""
    options = ("--starts", str(TRUTH_RUNS), "--offspring", "off", "--prune", "off")
    result = searches.search(program, landscape.formula, landscape.variables, 10**6, *options)
    minima, hits = Minima(result["problem"], landscape.is_flat), []
    for minimum in result["minima"]:
        number = minima.add(minimum)
        hits += [0] * (minima.count - len(hits))
        hits[number] += minimum["hits"]
    return minima, [h / sum(hits) for h in hits]


def main():
    options = searches.arguments(__doc__, seeds=10)
    rows = []
    print("| landscape | minima | searches | stated (median) | true (median) | stated >= true | > 10 times |")
    print("|---|---|---|---|---|---|---|")
    for landscape in LANDSCAPES:
        minima, shares = truth(options.program, landscape)
        of_landscape = []
        for size in (*SIZES, None):
            for seed in range(options.seeds):
                asked = ("--starts", str(size)) if size else ()
                result = searches.search(options.program, landscape.formula, landscape.variables, seed, *asked)
                stated = result["coverage"]["unseen_probability"]
                found = {minima.find(minimum) for minimum in result["minima"]}
                unseen = sum(share for number, share in enumerate(shares) if number not in found)
                of_landscape.append(
                    {"landscape": landscape.name, "size": size, "seed": seed, "stated": stated, "true": unseen}
                )
        rows += of_landscape
        told = [row for row in of_landscape if row["stated"] is not None]
        if not told:
            print(f"| {landscape.name} | {minima.count} | 0 | | | | |")
            continue
        right = sum(row["stated"] >= row["true"] for row in told)
        loose = sum(row["stated"] > 10 * row["true"] for row in told)
        print(
            f"| {landscape.name} | {minima.count} | {len(told)} "
            f"| {statistics.median(row['stated'] for row in told):.2g} "
            f"| {statistics.median(row['true'] for row in told):.2g} "
            f"| {right / len(told):.0%} | {loose / len(told):.0%} |",
            flush=True,
        )
    told = [row for row in rows if row["stated"] is not None]
    open_ones = [row for row in told if row["true"] > 0]
    print(
        f"\nstated >= true in {sum(row['stated'] >= row['true'] for row in told) / len(told):.1%} of {len(told)} searches"
    )
    for name, some in (("all", told), ("those with something left to find", open_ones)):
        print(
            f"more than 10 times the true one in {sum(r['stated'] > 10 * r['true'] for r in some) / len(some):.1%} of {name}"
        )
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    if options.plot:
        plot(told, options.plot)


def plot(rows, file):
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    least = 1e-5  # where nothing is left to find
    figure, axes = plt.subplots(figsize=(6, 5.5))
    for size in (*SIZES, None):
        of_size = [row for row in rows if row["size"] == size]
        axes.scatter(
            [max(row["true"], least) for row in of_size],
            [row["stated"] for row in of_size],
            s=9,
            alpha=0.6,
            label=f"{size} starts" if size else "settled",
        )
    axes.plot([least, 1], [least, 1], color="black", linewidth=1)
    axes.plot([least, 0.1], [10 * least, 1], color="black", linewidth=1, linestyle="dotted")
    axes.set(xscale="log", yscale="log", xlabel="true chance that another run finds a new minimum (0 is drawn at 1e-5)")
    axes.set_ylabel("stated chance")
    axes.legend(loc="lower right")
    figure.tight_layout()
    figure.savefig(file)


if __name__ == "__main__":
    main()
