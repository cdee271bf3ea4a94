"""Searches and fits in parts: the same bits whoever works on them, and however often workers die."""

from __future__ import annotations

import inspect
import json
import logging
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lanewise
from functions import rastrigin, sphere_batch
from workers import Here, RayExecutor, sphere_that_fails, sphere_that_hangs, sphere_that_kills, sphere_that_waits

BOX = [(-5.12, 5.12)] * 2
SEARCH: dict[str, Any] = {"starts": 200, "iterations": 60, "seed": 3, "parts": 5}
SPHERE: dict[str, Any] = {"jac": True, "starts": 40, "iterations": 20, "parts": 4}


def make_pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(2, multiprocessing.get_context("spawn"))


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """As it was: Dask leaves OMP_NUM_THREADS behind."""
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="module")
def pool() -> Iterator[ProcessPoolExecutor]:
    with make_pool() as made:
        yield made


def told(result: lanewise.Result) -> Any:
    """All that a result tells, but for what depends on time and threads."""
    everything = json.loads(result.to_json())
    for name in ("seconds", "run_iterations_per_second", "lane_occupancy"):
        del everything["work"][name]
    del everything["lanewise"], everything["options"]
    return everything


def assert_same(one: Any, other: Any) -> None:
    for name, numbers in vars(one._numbers).items():
        assert np.array_equal(numbers, getattr(other._numbers, name), equal_nan=True), name
    assert repr(one) == repr(other)


# ---- The same bits ----


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"rounds": 3},
        {"rounds": 5, "settle": 0.3, "starts": 1000},
        {"target": 1e-3, "rounds": 2},
        {"maximize": True, "precision": "f32"},
        {"max_evaluations": 4000, "start_ids": True},
        {"x0": [[0.1, 0.2], [1, 2], [3, 3]]},
    ],
)
def test_searches_have_the_same_bits(pool: ProcessPoolExecutor, options: dict[str, Any]) -> None:
    options = {**SEARCH, **options}
    there = lanewise.minimize(rastrigin, BOX, executor=pool, **options)
    here = lanewise.minimize(rastrigin, BOX, **options)
    assert told(there) == told(here)
    assert np.array_equal(there.jac, here.jac) and there.reason == here.reason
    assert there.parts == here.parts and there.parts.of == 5
    assert told(lanewise.minimize(rastrigin, BOX, executor=Here(), **options)) == told(here)


def test_threads_of_a_part(pool: ProcessPoolExecutor) -> None:
    def threads(**options: Any) -> Any:
        return json.loads(lanewise.minimize(rastrigin, BOX, executor=pool, **options, **SEARCH).to_json())["lanewise"][
            "threads"
        ]

    assert threads() == 1 and threads(threads=2) == 2


def test_the_executor_in_the_documents() -> None:
    page = Path(__file__).parents[2] / "doc" / "python-parts.md"
    code = re.sub(r": Any| -> \w+|\n        import ray\n|; doc/.*(?=\.\"\"\")", "", inspect.getsource(RayExecutor))
    assert not page.exists() or code in page.read_text()


def test_what_travels(pool: ProcessPoolExecutor) -> None:
    def bowl(x: Any, at: float) -> Any:  # neither it nor a lambda can be pickled; what they do with x can
        return np.sum((x - at) ** 2)

    options = {"starts": 40, "iterations": 20, "parts": 4}
    data = {"t": [0.0, 1, 2, 3], "y": [8.0, 4, 2, 1]}
    for search in (
        lambda **more: lanewise.minimize(bowl, BOX, args=(1.5,), **options, **more),
        lambda **more: lanewise.minimize(lambda x: x[0] ** 2 + x[1] ** 4, BOX, **options, **more),
        lambda **more: lanewise.minimize(lanewise.trace(rastrigin, 2), BOX, **options, **more),
        lambda **more: lanewise.minimize(
            "x^2 + c[1]*k", {"x": (-1, 1)}, parameters={"k": 2}, tables={"c": [1, 2]}, **options, **more
        ),
        lambda **more: lanewise.minimize(
            "rows((y - a*exp(-k*t))^2)", ["a=1:20", "k=1e-3:5 log"], data=data, **options, **more
        ),
        lambda **more: lanewise.minimize(sphere_batch, BOX, jac=True, **options, **more),
    ):
        assert told(search(executor=pool)) == told(search())


def test_fits_have_the_same_bits(pool: ProcessPoolExecutor) -> None:
    random = np.random.default_rng(1)
    t = np.linspace(0, 4, 12)
    y = random.normal(0, 1, (10, 20, 12)) + 3 * np.exp(-t)
    y[3, 4] = np.nan
    offset, upper = random.normal(0, 0.1, (10, 20)), random.uniform(2, 5, (10, 20))
    maps: dict[str, Any] = {"params": {"c": offset}, "p0": {"a": 1, "k": upper / 2}, "starts": 4}
    told_of: list[lanewise.FitProgress] = []
    for more in ({"parts": 7, "progress": told_of.append}, {}, {"parts": 1}):
        there = lanewise.fit(
            lambda x, a, k, c: a * np.exp(-k * x) + c,
            t,
            y,
            {"a": (0, 9), "k": (0, upper)},
            **maps,
            **more,
            executor=pool,
        )
        here = lanewise.fit(lambda x, a, k, c: a * np.exp(-k * x) + c, t, y, {"a": (0, 9), "k": (0, upper)}, **maps)
        assert_same(there, here)
    assert [at.done for at in told_of][-1] == 200 and len(told_of) == 7
    assert told_of[-1].runs == here.runs.sum() and told_of[-1].share == 1

    group = random.integers(0, 30, 300)
    data = {"id": group, "t": random.uniform(0, 3, 300), "y": random.normal(0, 1, 300), "s": random.uniform(1, 2, 300)}
    table: dict[str, Any] = {"y": "y", "data": data, "group": "id", "sigma": "s", "tables": {"q": [1, 2, 3]}}
    bounds = {"a": (0, 5), "k": (0, 3)}
    formula = "a*exp(-k*t) + q[1]"
    assert_same(
        lanewise.fit(formula, bounds=bounds, **table, executor=pool, parts=4),
        lanewise.fit(formula, bounds=bounds, **table),
    )


def test_problems_have_the_same_bits(pool: ProcessPoolExecutor) -> None:
    a = np.random.default_rng(0).uniform(1, 3, (5, 8))

    def wells(x: Any, y: Any, a: Any) -> Any:
        return (x**2 - a) ** 2 + y**2 + x / 10

    for more in ({"minima": 2}, {"x0": np.stack([np.sqrt(a), a - 2], axis=-1), "starts": 0}, {"maximize": True}):
        there = lanewise.minimize_problems(
            wells, {"x": (-5, 5), "y": (-1, 1)}, {"a": a}, executor=pool, parts=3, **more
        )
        assert_same(there, lanewise.minimize_problems(wells, {"x": (-5, 5), "y": (-1, 1)}, {"a": a}, **more))
    nobody = lanewise.minimize_problems("(x - a)^2", {"x": (-5, 5)}, {"a": np.empty(0)}, executor=pool)
    assert nobody.x.shape == (0, 1)


# ---- Losses ----


def test_a_part_that_is_lost_is_handed_out_again(caplog: pytest.LogCaptureFixture) -> None:
    expected = told(lanewise.minimize(rastrigin, BOX, **SEARCH))
    executor = Here(OSError("the network is gone"), "work", RuntimeError("no such worker"), OSError("gone again"))
    with caplog.at_level(logging.WARNING, "lanewise"):
        result = lanewise.minimize(rastrigin, BOX, executor=executor, in_flight=1, **SEARCH)
    assert told(result) == expected and executor.calls == 8
    assert [record.getMessage() for record in caplog.records] == [
        "part 1 of 5 was lost (OSError: the network is gone); it is handed out again",
        "part 2 of 5 was lost (RuntimeError: no such worker); it is handed out again",
        "part 2 of 5 was lost (OSError: gone again); it is handed out again",
    ]


def test_a_part_that_is_lost_too_often() -> None:
    executor = Here("work", *[OSError(f"loss {i}") for i in range(4)])
    states: dict[int, bytes] = {}
    with pytest.raises(RuntimeError, match="part 2 of 5 was lost 4 times, at last by OSError: loss 3") as raised:
        lanewise.minimize(rastrigin, BOX, executor=executor, in_flight=1, checkpoint=states.__setitem__, **SEARCH)
    assert isinstance(raised.value.__cause__, OSError)
    assert list(states) == [1]
    broken = Here(*[BrokenProcessPool("a process ended") for _ in range(4)])
    with pytest.raises(
        RuntimeError, match=r"part 1 of 2 .problems 0 to 4. was lost 4 times.* a callable that makes pools"
    ):
        lanewise.minimize_problems(
            "(x - a)^2", {"x": (-5, 5)}, {"a": np.arange(10)}, executor=broken, parts=2, in_flight=1
        )


def test_what_takes_too_long_is_lost_and_may_come_late() -> None:
    executor = Here("work", "hang")
    parts_told: list[lanewise.Progress] = []

    def progress(at: lanewise.Progress) -> None:
        parts_told.append(at)
        if at.iteration == 3:  # part 2 was handed out again and is done: what comes late is not needed
            executor.hung.pop()()

    options = {**SEARCH, "in_flight": 1, "part_timeout": 0.2}
    result = lanewise.minimize(rastrigin, BOX, executor=executor, progress=progress, **options)
    assert told(result) == told(lanewise.minimize(rastrigin, BOX, **SEARCH))
    assert [at.iteration for at in parts_told] == [1, 2, 3, 4, 5] and executor.calls == 6


class Queue:
    """An executor with one worker that calls all futures running, as loky nearly does."""

    _max_workers = 1

    def __init__(self, seconds: float) -> None:
        self.calls = 0
        self._seconds = seconds
        self._pool = ThreadPoolExecutor(1)

    def submit(self, function: Callable[..., Any], /, *args: Any) -> Any:
        self.calls += 1

        def work() -> Any:
            time.sleep(self._seconds)
            return function(*args)

        future = self._pool.submit(work)
        future.running = lambda: not future.done()  # type: ignore[method-assign]
        return future


def test_waiting_is_not_taken_for_work() -> None:
    executor = Queue(0.2)
    options = {**SEARCH, "parts": 8}
    result = lanewise.minimize(rastrigin, BOX, executor=executor, in_flight=8, part_timeout=1.2, **options)
    assert executor.calls == 8
    assert told(result) == told(lanewise.minimize(rastrigin, BOX, **options))


def test_where_all_workers_hang_an_error_says_so() -> None:
    executor = Here("hang", "hang", "hang", "hang")
    with pytest.raises(RuntimeError, match=r"part \d of 5 was lost 4 times, at last by TimeoutError: .*0.05 s"):
        lanewise.minimize(rastrigin, BOX, executor=executor, in_flight=1, part_timeout=0.05, **SEARCH)


def test_a_pool_that_cannot_be_made_at_once_or_ended() -> None:
    class Stubborn:
        def __init__(self) -> None:
            self.here = Here()

        def submit(self, function: Callable[..., Any], /, *args: Any) -> Any:
            return self.here.submit(function, *args)

        def shutdown(self) -> None:
            raise OSError("gone")

    makings: list[int] = []

    def make() -> Stubborn:
        makings.append(1)
        if len(makings) == 1:
            raise OSError("no process can be made now")
        return Stubborn()

    result = lanewise.minimize(rastrigin, BOX, executor=make, **SEARCH)
    assert told(result) == told(lanewise.minimize(rastrigin, BOX, **SEARCH))
    assert len(makings) == 2


def test_what_a_future_raises_when_it_is_asked_is_the_loss_of_a_part() -> None:
    class Lost(Here):
        def submit(self, function: Callable[..., Any], /, *args: Any) -> Any:
            future = super().submit(function, *args)
            if self.calls == 2:
                future.result = lambda: (_ for _ in ()).throw(OSError("connection lost"))  # type: ignore[method-assign]
            return future

    executor = Lost()
    result = lanewise.minimize(rastrigin, BOX, executor=executor, **SEARCH)
    assert told(result) == told(lanewise.minimize(rastrigin, BOX, **SEARCH))
    assert executor.calls == 6


def test_parts_that_found_nothing_finite_are_done(tmp_path: Path) -> None:
    search: dict[str, Any] = {"starts": 4, "parts": 4, "seed": 0}
    formula, box = "log(x - 0.97)^2", {"x": (0, 1)}
    expected = told(lanewise.minimize(formula, box, **search))
    with pytest.raises(lanewise.NothingFinite, match="in the parts that were worked on"):
        lanewise.minimize(
            formula,
            box,
            checkpoint=tmp_path,
            stop=lambda: len(list(tmp_path.iterdir())) > 0,
            executor=Here(),
            in_flight=1,
            **search,
        )
    assert list(tmp_path.iterdir())
    result = lanewise.minimize(formula, box, checkpoint=tmp_path, resume=tmp_path, executor=Here(), **search)
    assert told(result) == expected


def test_foreign_states_are_refused_before_the_work(tmp_path: Path) -> None:
    other, mine = tmp_path / "other", tmp_path / "mine"
    lanewise.minimize(rastrigin, BOX, checkpoint=other, **{**SEARCH, "seed": 9})
    executor = Here()
    with pytest.raises(ValueError, match=r"part-1-of-5\.state: seed"):
        lanewise.minimize(rastrigin, BOX, checkpoint=mine, resume=other, executor=executor, **SEARCH)
    assert executor.calls == 0 and not list(mine.iterdir())
    with pytest.raises(ValueError, match="of another number of parts than 4"):
        lanewise.minimize(rastrigin, BOX, resume=other, executor=executor, **{**SEARCH, "parts": 4})


def test_pools_that_break_are_made_anew(tmp_path: Path) -> None:
    made: list[ProcessPoolExecutor] = []

    def make() -> ProcessPoolExecutor:
        made.append(make_pool())
        return made[-1]

    expected = told(lanewise.minimize(sphere_batch, BOX, **SPHERE))
    result = lanewise.minimize(sphere_that_kills, BOX, args=(str(tmp_path), 2), executor=make, **SPHERE)
    assert told(result) == expected
    assert 2 <= len(made) <= 3 and len(list(tmp_path.iterdir())) == 2
    for pool in made:
        with pytest.raises(RuntimeError):
            pool.submit(print)


def test_a_worker_that_hangs_is_ended(tmp_path: Path) -> None:
    made: list[ProcessPoolExecutor] = []

    def make() -> ProcessPoolExecutor:
        made.append(make_pool())
        return made[-1]

    result = lanewise.minimize(sphere_that_hangs, BOX, args=(str(tmp_path),), executor=make, part_timeout=2, **SPHERE)
    assert told(result) == told(lanewise.minimize(sphere_batch, BOX, **SPHERE))
    assert len(made) >= 2


# ---- What is not lost ----


def test_errors_of_the_caller_are_raised_at_once(pool: ProcessPoolExecutor, tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="the name of a parameter") as raised:
        lanewise.minimize(sphere_that_fails, BOX, args=(str(tmp_path),), executor=pool, in_flight=1, **SPHERE)
    assert "sphere_that_fails" in str(raised.value.__cause__)
    assert len(list(tmp_path.iterdir())) == 1
    calls = Here()
    for more, message in (
        ({"parts": 41, "starts": 40}, "parts 41: must be at most the 40 starts"),
        ({"rounds": 6}, "rounds 6: must be 1 to 5"),
        ({"iterations": 0}, "iterations 0"),
    ):
        with pytest.raises(ValueError, match=message):
            lanewise.minimize(rastrigin, BOX, executor=calls, **{**SEARCH, **more})
    upper = np.ones(100)
    upper[77] = -1
    with pytest.raises(ValueError, match="bounds of 'k' in problem 77"):
        lanewise.minimize_problems("(k - 2)^2", {"k": (0, upper)}, executor=calls, parts=10)
    with pytest.raises(lanewise.NothingFinite):
        lanewise.minimize("log(x)", {"x": (-2, -1)}, executor=calls, starts=8, parts=2)
    assert calls.calls == 2


def test_what_cannot_travel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cloudpickle", None)
    with pytest.raises(
        TypeError, match=r"<lambda> \(.*test_parts.py, line \d+\).*top level.*install cloudpickle.*traced"
    ):
        lanewise.minimize(lambda x: sphere_batch(x), BOX, executor=Here(), **SPHERE)
    with pytest.raises(TypeError, match=r"sphere_batch .* or its arguments cannot be sent"):
        lanewise.minimize(sphere_batch, BOX, args=(threading.Lock(),), executor=Here(), **SPHERE)


def test_what_travels_by_cloudpickle(pool: ProcessPoolExecutor) -> None:
    pytest.importorskip("cloudpickle")
    result = lanewise.minimize(lambda x: sphere_batch(x), BOX, executor=pool, **SPHERE)
    assert told(result) == told(lanewise.minimize(sphere_batch, BOX, **SPHERE))


@pytest.mark.parametrize(
    ("more", "kind", "message"),
    [
        ({"executor": 5}, TypeError, "executor: 5; an object with submit"),
        ({"executor": lambda: 5}, TypeError, "executor: it made 5; an object with submit"),
        ({"parts": None}, TypeError, "parts: None; with an executor a number of parts"),
        ({"part": "1/5"}, TypeError, "part: '1/5'; an executor works on all"),
        ({"in_flight": 0}, ValueError, "in_flight: 0"),
        ({"part_timeout": 0}, ValueError, "part_timeout: 0"),
        ({"resume": b"1"}, TypeError, "resume: bytes; .* the folder"),
        ({"resume": "nowhere"}, ValueError, "resume: 'nowhere'; a folder is expected"),
        ({"stop": 5}, TypeError, "stop: 5"),
    ],
)
def test_arguments_are_looked_at(more: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        lanewise.minimize(rastrigin, BOX, **{"executor": Here(), **SEARCH, **more})


def test_fits_keep_no_state() -> None:
    for more, name in (({"checkpoint": "f"}, "checkpoint"), ({"resume": b""}, "resume")):
        with pytest.raises(TypeError, match=f"{name}: fits that an executor works on keep no state"):
            lanewise.minimize_problems("x^2", {"x": (0, 1)}, executor=Here(), **more)
    with pytest.raises(ValueError, match="parts: 0"):
        lanewise.minimize_problems("x^2", {"x": (0, 1)}, parts=0)


# ---- States ----


@pytest.mark.parametrize("rounds", [1, 2])
@pytest.mark.parametrize("is_here", [False, True])
def test_a_coordinator_that_dies_goes_on(tmp_path: Path, rounds: int, is_here: bool) -> None:
    options = {**SEARCH, "rounds": rounds}
    expected = told(lanewise.minimize(rastrigin, BOX, **options))
    folder = tmp_path / "states"
    keeping: dict[str, Any] = {"checkpoint": folder, "resume": folder}

    class Death(Exception):
        pass

    def die_after(count: int) -> Callable[[lanewise.Progress], None]:
        def progress(at: lanewise.Progress) -> None:
            if at.phase == "parts" and at.iteration == count:
                raise Death

        return progress

    executor = None if is_here else Here()
    for count in (1, 3):
        with pytest.raises(Death):
            lanewise.minimize(
                rastrigin, BOX, executor=executor, progress=die_after(count), in_flight=1, **keeping, **options
            )
    assert sorted(file.name for file in folder.iterdir()) == [f"part-{k}-of-5.state" for k in (1, 2, 3)]
    assert told(lanewise.minimize(rastrigin, BOX, executor=executor, **keeping, **options)) == expected
    executor = Here()
    assert told(lanewise.minimize(rastrigin, BOX, executor=executor, **keeping, **options)) == expected
    assert executor.calls == 0

    # Some parts by hand, all brought together elsewhere.
    assert len(list(folder.iterdir())) == 5
    (folder / "part-5-of-5.state").unlink()
    if rounds == 1:
        lanewise.minimize(rastrigin, BOX, part="5/5", checkpoint=folder / "part-5-of-5.state", **options)
    copies = tmp_path / "copies"
    assert told(lanewise.minimize(rastrigin, BOX, checkpoint=copies, resume=folder, **options)) == expected
    assert sorted(file.name for file in copies.iterdir()) == [f"part-{k}-of-5.state" for k in range(1, 6)]


def test_a_part_goes_on_from_its_own_state(tmp_path: Path) -> None:
    options = {**SEARCH, "starts": 400}
    states: list[bytes] = []
    lanewise.minimize(rastrigin, BOX, part="2/5", checkpoint=states.append, every=0, **options)
    (tmp_path / "part-2-of-5.state").write_bytes(states[3])
    there = lanewise.minimize(rastrigin, BOX, executor=Here(), resume=tmp_path, checkpoint=tmp_path, **options)
    assert told(there) == told(lanewise.minimize(rastrigin, BOX, **options))


def test_states_of_another_search_are_refused_by_name(tmp_path: Path) -> None:
    lanewise.minimize(rastrigin, BOX, checkpoint=tmp_path, **SEARCH)
    third = tmp_path / "part-3-of-5.state"
    calls = Here()

    def refused(message: str, **more: Any) -> None:
        with pytest.raises(ValueError, match=message):
            lanewise.minimize(rastrigin, BOX, executor=calls, resume=tmp_path, **{**SEARCH, **more})

    refused(f"{re.escape(str(tmp_path))}/part-1-of-5.state: seed 4: the saved search has 3", seed=4)
    third.write_bytes((tmp_path / "part-1-of-5.state").read_bytes())
    refused(f"{re.escape(str(third))}: this is part 1")
    third.write_bytes(b"lanewise")
    refused(f"{re.escape(str(third))}: this is no checkpoint")
    states: list[bytes] = []
    lanewise.minimize(rastrigin, BOX, **{**SEARCH, "seed": 4, "part": "3/5", "checkpoint": states.append, "every": 0})
    third.write_bytes(states[0])
    refused(f"{re.escape(str(third))}: seed 3: the saved search has 4")
    assert calls.calls <= 1


# ---- Ends before the end ----


def test_stop_tells_what_is_there() -> None:
    executor = Here()
    result = lanewise.minimize(
        rastrigin, BOX, executor=executor, in_flight=1, stop=lambda: executor.calls == 3, **SEARCH
    )
    assert result.reason == "interrupted" and not result.success
    assert result.parts.merged == [1, 2, 3]
    assert result.runs["stopped"] == 80
    with pytest.raises(RuntimeError, match=r"interrupted. before any of its 5 parts"):
        lanewise.minimize(rastrigin, BOX, executor=executor, stop=lambda: True, **SEARCH)

    fits = lanewise.minimize_problems(
        "(x - a)^2", {"x": (-5, 5)}, {"a": np.arange(9)}, executor=Here(), parts=3, stop=lambda: True
    )
    assert fits.status.shape == (9,)


def test_parts_that_are_under_way_when_the_time_is_up(tmp_path: Path) -> None:
    calls, states = tmp_path / "calls", tmp_path / "states"
    calls.mkdir()
    with ThreadPoolExecutor(1) as threads, pytest.raises(RuntimeError, match=r"max-time. before any of its 4 parts"):
        lanewise.minimize(
            sphere_that_waits, BOX, args=(str(calls),), executor=threads, checkpoint=states, max_time=0.5, **SPHERE
        )
    assert "part-1-of-4.state" in [file.name for file in states.iterdir()]
    result = lanewise.minimize(sphere_batch, BOX, executor=Here(), resume=states, **SPHERE)
    assert told(result) == told(lanewise.minimize(sphere_batch, BOX, **SPHERE))


def test_ctrl_c(pool: ProcessPoolExecutor) -> None:
    def interrupt(at: lanewise.Progress) -> None:
        if at.iteration == 2:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt) as raised:
        lanewise.minimize(rastrigin, BOX, executor=Here(), in_flight=1, progress=interrupt, **SEARCH)
    assert raised.value.result.parts.merged == [1, 2]
    result = lanewise.minimize(
        rastrigin, BOX, executor=Here(), in_flight=1, progress=interrupt, on_interrupt="return", **SEARCH
    )
    assert result.reason == "interrupted" and result.fun == raised.value.result.fun


def test_progress_and_history(capsys: pytest.CaptureFixture[str]) -> None:
    parts_told: list[lanewise.Progress] = []
    result = lanewise.minimize(rastrigin, BOX, executor=Here(), in_flight=1, progress=parts_told.append, **SEARCH)
    assert [at.share for at in parts_told] == [0.2, 0.4, 0.6, 0.8, 1]
    assert [at.runs_begun for at in parts_told] == [40, 80, 120, 160, 200] and {at.runs for at in parts_told} == {200}
    assert parts_told[-1].best_f == result.fun and parts_told[-1].run_iterations == result.nit
    assert parts_told[-1].text().startswith("part 5 of 5  best ")
    assert result.history is not None and list(result.history.run_iterations[:5]) == [
        at.run_iterations for at in parts_told
    ]


# ---- Executors of others ----


def test_loky(tmp_path: Path) -> None:
    loky = pytest.importorskip("loky")
    expected = told(lanewise.minimize(sphere_batch, BOX, **SPHERE))

    def make() -> Any:
        return loky.get_reusable_executor(2)

    result = lanewise.minimize(sphere_that_kills, BOX, args=(str(tmp_path),), executor=make, **SPHERE)
    assert told(result) == expected


def test_dask(tmp_path: Path) -> None:
    distributed = pytest.importorskip("distributed")
    expected = told(lanewise.minimize(sphere_batch, BOX, **SPHERE))
    with (
        distributed.LocalCluster(2, threads_per_worker=1, processes=True, dashboard_address=":0") as cluster,
        distributed.Client(cluster) as client,
    ):

        def add(at: lanewise.Progress) -> None:
            if at.iteration == 1:
                cluster.scale(3)

        result = lanewise.minimize(
            sphere_that_kills, BOX, args=(str(tmp_path),), executor=client.get_executor(), progress=add, **SPHERE
        )
        assert told(result) == expected and len(list(tmp_path.iterdir())) == 1
        assert told(lanewise.minimize(sphere_batch, BOX, executor=client, **SPHERE)) == expected


def test_ray(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    folder = str(tmp_path)

    def sphere(x: Any) -> Any:  # by cloudpickle: the workers of Ray do not find the modules of the tests
        import os
        import signal

        if not os.path.exists(f"{folder}/killed"):
            os.close(os.open(f"{folder}/killed", os.O_CREAT))
            os.kill(os.getpid(), signal.SIGKILL)
        return (x**2).sum(axis=1), 2 * x

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    try:
        result = lanewise.minimize(sphere, BOX, executor=RayExecutor(), **SPHERE)
    finally:
        ray.shutdown()
    assert told(result) == told(lanewise.minimize(sphere_batch, BOX, **SPHERE))


def test_mpi(tmp_path: Path) -> None:
    pytest.importorskip("mpi4py")
    if shutil.which("mpiexec") is None:
        pytest.skip("there is no mpiexec")
    script = tmp_path / "search.py"
    script.write_text(
        f"""
import lanewise
from functions import rastrigin
from mpi4py.futures import MPIPoolExecutor
if __name__ == "__main__":
    with MPIPoolExecutor() as executor:
        result = lanewise.minimize(rastrigin, {BOX}, executor=executor, **{SEARCH})
        print(executor.num_workers, result.to_json())
"""
    )
    path = os.pathsep.join(path for path in (str(Path(__file__).parent), os.environ.get("PYTHONPATH")) if path)
    root = {
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "OMPI_MCA_rmaps_base_oversubscribe": "1",
    }
    words = ["mpiexec", "-n", "3", sys.executable, "-m", "mpi4py.futures", str(script)]
    ran = subprocess.run(
        words, capture_output=True, text=True, timeout=120, env={**os.environ, **root, "PYTHONPATH": path}
    )
    workers, _, text = ran.stdout.partition(" ")
    assert workers == "2", ran.stderr
    assert told(lanewise.Result.from_json(text)) == told(lanewise.minimize(rastrigin, BOX, **SEARCH))
