"""Batches of rows beside all rows: logistic regression, and how long a search takes to come near its least value.

Both searches are the same but for `batch_rows`, and both are judged by all rows: a search ends when its best value is
within 1 % of the least. Usage: rows.py [--rows N] [--repeat N]
"""

import argparse
import statistics
import time

import numpy as np

import lanewise

PREDICTORS = 8


def make_data(rows: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(1)
    predictors = random.normal(size=(PREDICTORS, rows))
    weights = random.normal(size=PREDICTORS)
    odds = weights @ predictors - 0.5
    truth = (random.uniform(size=rows) < 1 / (1 + np.exp(-odds))).astype(float)
    return {"y": truth, **{f"x{j}": predictors[j] for j in range(PREDICTORS)}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    data = make_data(asked.rows)
    score = " + ".join(f"w[{j}]*x{j}" for j in range(PREDICTORS))
    formula = f"rows(m = {score} + b; max(m, 0) + log1p(exp(-abs(m))) - y*m)"
    box = {f"w[{PREDICTORS}]": (-5, 5), "b": (-5, 5)}
    fits = lanewise.fit(
        score.replace("[", "").replace("]", "") + " + b",
        y="y",
        bounds={**{f"w{j}": (-5, 5) for j in range(PREDICTORS)}, "b": (-5, 5)},
        data=data,
        loss="logistic",
        starts=1,
    )
    least = float(fits.rss) / 2
    print(f"{asked.rows} rows, {PREDICTORS + 1} variables; least value {least:.6g}, by lanewise.fit")
    print("| rows of an iteration | seconds | beside all rows |\n|---|---|---|")
    seconds = {}
    for rows in [None, 10_000, 1000]:
        times = []
        for _ in range(asked.repeat):
            begin = time.perf_counter()
            options = {} if rows is None else {"batch_rows": rows}
            result = lanewise.minimize(
                formula, box, data=data, starts=16, explore=1, alpha=0.1, target=1.01 * least, polish=False, **options
            )
            times.append(time.perf_counter() - begin)
            assert result.fun <= 1.01 * least, result
        seconds[rows] = statistics.median(times)
        print(f"| {rows or 'all'} | {seconds[rows]:.2f} | {seconds[None] / seconds[rows]:.1f}x |")


if __name__ == "__main__":
    main()
