"""A search in parts beside one process, and what many workers would reach: Rastrigin's function in two variables.

Measures, with workers of one thread each:
1. one process that works on all starts as one search, one that works on all parts, and a Dask cluster of one worker and of two;
2. --starts in --parts by a cluster of two workers, for at most --seconds: seconds of a part, what is around it, bytes, and the
   merge of what all parts found;
3. what the coordinator and Dask's scheduler, which share a process here, spend on a part, from parts that are next to nothing;
4. from these, what any number of workers would reach: each works on as many parts as the others, the coordinator on one after
   the other. A part that was not worked on counts as the mean of those that were.

Usage: parts.py [--starts N] [--parts N] [--seconds S] [--repeat N]
"""

import argparse
import logging
import math
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import lanewise
from lanewise._objectives import Formula
from lanewise._problem import Problem

RASTRIGIN = "20 + x^2 - 10*cos(2*pi*x) + y^2 - 10*cos(2*pi*y)"
BOX = {"x": (-5.12, 5.12), "y": (-5.12, 5.12)}


def cluster(workers: int) -> tuple[Any, Any]:
    """Of Dask, with a client."""
    from distributed import Client, LocalCluster

    started = LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0", silence_logs=logging.ERROR)
    return started, Client(started)


def timed(search: Any) -> tuple[float, Any]:
    begin = time.perf_counter()
    found = search()
    return time.perf_counter() - begin, found


def beside_one_process(repeat: int) -> None:
    options: dict[str, Any] = {"starts": 2_000_000}
    parts = 10
    kinds: dict[str, Any] = {
        "one search": lambda: lanewise.minimize(RASTRIGIN, BOX, threads=1, **options),
        f"{parts} parts, one process": lambda: lanewise.minimize(RASTRIGIN, BOX, threads=1, parts=parts, **options),
    }
    started = {workers: cluster(workers) for workers in (1, 2)}
    for workers, (_, client) in started.items():
        kinds[f"{parts} parts, Dask, {workers} worker{'s' if workers > 1 else ''}"] = lambda client=client: (
            lanewise.minimize(RASTRIGIN, BOX, parts=parts, executor=client.get_executor(), **options)
        )
    seconds: dict[str, list[float]] = {kind: [] for kind in kinds}
    iterations: dict[str, int] = {}
    around: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _, client in started.values():
        client.submit(__import__, "lanewise").result()
    for _ in range(repeat):
        for kind, search in kinds.items():
            took, result = timed(search)
            seconds[kind].append(took)
            iterations[kind] = result.nit
            around[kind].append(took - result.work.seconds)
    for local, client in started.values():
        client.close()
        local.close()
    # What else the machine does makes some runs longer, and none shorter.
    least = {kind: min(took) for kind, took in seconds.items()}
    first = least[next(iter(least))]
    print(
        f"{options['starts']:,} starts\n\n| | seconds | run-iterations a second | beside one search |\n|---|---|---|---|"
    )
    for kind, took in least.items():
        print(f"| {kind} | {took:.2f} | {iterations[kind] / took / 1e6:.0f} M | {first / took:.2f}x |")
    _, here, one, two = kinds
    added = (statistics.median(around[one]) - statistics.median(around[here])) / parts
    part = least[here] / parts
    print(f"\ntwo workers beside one: {least[one] / least[two]:.2f}x")
    print(
        f"handing out adds {added * 1e3:.0f} ms to a part of {part:.2f} s ({added / part:.1%}), beside what its runs take\n"
    )


def many_parts(starts: int, parts: int, most_seconds: float) -> None:
    local, client = cluster(2)
    executor = client.get_executor()
    ends: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        lanewise.minimize(
            RASTRIGIN,
            BOX,
            starts=starts,
            parts=parts,
            executor=executor,
            checkpoint=folder,
            progress=lambda _at: ends.append(time.perf_counter() - begin),
            max_time=most_seconds,
        )
        states = [file.read_bytes() for file in sorted(Path(folder).iterdir())]
    coordinator = seconds_of_coordinator(executor)
    client.close()
    local.close()
    with Problem(["x=-5.12:5.12", "y=-5.12:5.12"], {"starts": starts, "parts": parts}) as problem:
        problem.set_objective(Formula(RASTRIGIN))
        merge, merged = timed(lambda: problem.merge(states, True))
        half, _ = timed(lambda: problem.merge(states[::2], True))
    result = lanewise.Result(merged.text)
    done = len(states)
    of_part = result.work.seconds / done
    around = 2 * ends[-1] / done - of_part
    sent = sum(map(len, states)) / done
    print(f"{starts:,} starts in {parts} parts, two workers of one thread: {done} parts in {ends[-1]:.0f} s")
    print(
        f"a part: {of_part:.3f} s where it is worked on, and {around * 1e3:.1f} ms ({around / of_part:.1%}) around it"
    )
    print(f"bytes of a part: {sent:,.0f}; merge of {done}: {merge:.2f} s, of every second one: {half:.2f} s")
    print(f"coordinator and scheduler: {coordinator * 1e3:.2f} ms of their process for a part")
    coverage = result.coverage
    print(f"{result.minima_found} minima; {coverage.found_once} of {coverage.runs:,} runs came to one alone")
    print("\n| workers | seconds | beside one worker |\n|---|---|---|")
    merge_all = merge * parts / done
    alone = parts * (of_part + around) + merge_all
    for workers in (1, 2, 10, 100, 1000):
        seconds = max(math.ceil(parts / workers) * (of_part + around), parts * coordinator) + merge_all
        print(f"| {workers} | {seconds:.1f} | {alone / seconds:.0f}x |")


def seconds_of_coordinator(executor: Any) -> float:
    """Of its process, for a part."""
    parts = 500
    before = time.process_time()
    lanewise.minimize(
        RASTRIGIN, BOX, starts=parts, parts=parts, polish=False, offspring=False, iterations=1, executor=executor
    )
    return (time.process_time() - before) / parts


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=100_000_000)
    parser.add_argument("--parts", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=3600)
    parser.add_argument("--repeat", type=int, default=5)
    asked = parser.parse_args()
    beside_one_process(asked.repeat)
    many_parts(asked.starts, asked.parts, asked.seconds)
