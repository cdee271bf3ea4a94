"""Searches: formulas, traced functions and callbacks, their options and errors."""

from __future__ import annotations

import inspect
import itertools
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_type_hints

import numpy as np
import pytest

import lanewise
from functions import HIMMELBLAU, HIMMELBLAU_BOUNDS, rastrigin, rosenbrock, rosenbrock_batch, sphere_batch
from lanewise import _library, _options


def test_formula_with_named_variables() -> None:
    result = lanewise.minimize(HIMMELBLAU, HIMMELBLAU_BOUNDS, seed=1)
    assert result.success and result.fun < 1e-20
    assert len(result.minima) == 4
    assert set(result.variables) == {"x", "y"}
    assert result.names == ["x", "y"]
    assert result.expression == HIMMELBLAU


@pytest.mark.parametrize(
    "bounds",
    [
        [(-5, 5)] * 2,
        np.array([[-5.0, 5.0]] * 2),
        SimpleNamespace(lb=[-5, -5], ub=[5, 5]),
        SimpleNamespace(lb=-5, ub=[5, 5]),
        {"x[2]": (-5, 5)},
        {"x": [(-5, 5), (-5, 5)]},
        {"x": SimpleNamespace(lb=[-5, -5], ub=[5, 5])},
        ["x[2]=-5:5"],
        "x[2]=-5:5",
    ],
)
def test_bounds_in_every_shape(bounds: Any) -> None:
    expected = lanewise.minimize("(x[0]-1)^2 + x[1]^2", [(-5, 5), (-5, 5)], starts=10)
    result = lanewise.minimize("(x[0]-1)^2 + x[1]^2", bounds, starts=10)
    assert np.array_equal(result.x, expected.x)
    assert np.array_equal(result.lower, [-5, -5]) and np.array_equal(result.upper, [5, 5])


def test_log_scale_fixed_variables_and_parameters() -> None:
    bounds = {"k": (1e-9, 1, "log"), "v": [(2, 2), (0, 1)]}
    result = lanewise.minimize("(log(k) + a)^2 + v[0]*(v[1]-0.5)^2", bounds, parameters={"a": 7})
    assert result.variables["k"] == pytest.approx(np.exp(-7))
    assert result.variables["v"] == pytest.approx([2, 0.5])
    assert result.parameters == {"a": 7}
    mixed = lanewise.minimize(lambda x: (np.log(x[0]) + 7) ** 2 + x[1] ** 2, [(1e-9, 1, "log"), (-1, 1)])
    assert mixed.names == ["x0", "x1"]
    assert mixed.x[0] == pytest.approx(np.exp(-7))


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        ([], "there is no variable"),
        (7, "pairs"),
        ([(0, 1, 2)], "coordinate 0"),
        ([(0, 1), 5], "coordinate 1"),
        ([(1, 0)], "x"),
        ([(0, float("nan"))], "NaN|nan"),
        ({"1x": (0, 1)}, "a name is expected"),
        ({"x[3]": [(0, 1)]}, "there are 1 pairs"),
        ([(0, None)], "infinite|finite"),
        ({"x[0]": (0, 1)}, "1 to"),
        (SimpleNamespace(lb=[], ub=[]), "no variable"),
    ],
)
def test_bounds_that_are_none(bounds: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        lanewise.minimize("1", bounds)


def test_traced_function_is_the_formula_to_the_bit() -> None:
    traced = lanewise.minimize(rastrigin, [(-5.12, 5.12)] * 3, starts=200)
    formula = lanewise.minimize(
        "10*n(x) + sum(i, 0, n(x)-1, x[i]^2 - 10*cos(2*pi*x[i]))", [(-5.12, 5.12)] * 3, starts=200
    )
    assert traced.fun == formula.fun
    assert traced.funl == pytest.approx(formula.funl, abs=1e-13)
    assert traced.hits.tolist() == formula.hits.tolist()


def test_args_and_trace_once() -> None:
    calls = []

    def bowl(x: Any, center: float, scale: float) -> Any:
        calls.append(type(x).__name__)
        return scale * np.sum((x - center) ** 2)

    result = lanewise.minimize(bowl, [(-5, 5)] * 2, args=(2.0, 3.0), starts=10)
    assert result.x == pytest.approx([2, 2])
    assert calls.count("TracedArray") == 1
    calls.clear()
    tape = lanewise.trace(bowl, 2, (2.0, 3.0))
    for seed in range(3):
        assert lanewise.minimize(tape, [(-5, 5)] * 2, seed=seed, starts=10).x == pytest.approx([2, 2])
    assert calls == ["TracedArray"]


def test_callback_sees_all_live_runs_in_rows() -> None:
    seen: list[Any] = []

    def callback(x: Any) -> Any:
        seen.append(x)
        assert x.flags.c_contiguous and x.flags.writeable and x.dtype == np.float64
        assert threading.current_thread() is threading.main_thread()
        return rosenbrock_batch(x)

    result = lanewise.minimize(callback, [(-5, 5)] * 3, jac=True, starts=100)
    assert result.x == pytest.approx([1, 1, 1])
    # The waves are of 32 and 36 starts, all of a wave at once.
    assert all(sum(len(x) == wave for x in seen) > 100 for wave in (32, 36))
    # They are the callback's to keep.
    kept = [x.copy() for x in seen]
    assert all(np.array_equal(a, b) for a, b in zip(seen, kept))
    # No lane beside those of runs is shown.
    assert all(len(np.unique(x, axis=0)) > len(x) // 2 for x in seen if len(x) == 36)


def test_callback_and_separate_gradient() -> None:
    both = lanewise.minimize(rosenbrock_batch, [(-5, 5)] * 2, jac=True, starts=50)
    apart = lanewise.minimize(
        lambda x: rosenbrock_batch(x)[0], [(-5, 5)] * 2, jac=lambda x: rosenbrock_batch(x)[1], starts=50
    )
    assert np.array_equal(both.x, apart.x) and both.nfev == apart.nfev


def test_values_alone() -> None:
    result = lanewise.minimize(lambda x: rosenbrock_batch(x)[0], [(-5, 5)] * 2, jac="2-point", starts=20)
    assert result.x == pytest.approx([1, 1], abs=1e-4)


def test_the_same_search_for_any_number_of_threads_and_calls() -> None:
    one = lanewise.minimize(rosenbrock, [(-5, 5)] * 4, threads=1, starts=300)
    for _ in range(2):
        again = lanewise.minimize(rosenbrock, [(-5, 5)] * 4, threads=2, starts=300)
        assert np.array_equal(one.x, again.x)
        assert np.array_equal(one.xl, again.xl)


def test_options_by_name() -> None:
    names = set(_library.option_names()) - {"start"}
    assert names == set(get_type_hints(_options.SearchOptions))
    result = lanewise.minimize(
        "x[0]^2", [(-1, 1)], rule="nadam", alpha=np.float64(0.01), iterations=np.int64(50), offspring=False,
        prune=np.bool_(False), memory="500M", settle="off", design="lhs", starts=20, maximize=True,
    )  # fmt: skip
    assert result.options["rule"] == "nadam"
    assert result.options["alpha"] == 0.01
    assert result.options["offspring"] == "off"
    assert abs(result.x[0]) == 1
    assert lanewise.minimize("x[0]^2", [(-1, 1)], starts=None).success


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"lr": 0.1}, TypeError, "did you mean 'alpha'"),
        ({"json": "out"}, TypeError, "unknown option"),
        ({"alpha": -1}, ValueError, "alpha"),
        ({"rule": "sgd"}, ValueError, "must be one of"),
        ({"starts": 0}, ValueError, "starts"),
        ({"tolerance": 1e-3}, ValueError, "minimize_batch"),
        ({"jac": "3-point"}, TypeError, "jac"),
        ({"jac": True}, TypeError, "formula"),
        ({"args": (1,)}, TypeError, "formula"),
        ({"x0": [[1, 2]]}, ValueError, "x0: 2 coordinates; the box has 1"),
        ({"x0": [[[1]]]}, ValueError, "x0: shape"),
        ({"x0": [[3]]}, ValueError, "start"),
        ({"on_interrupt": "ignore"}, ValueError, "on_interrupt"),
        ({"parameters": {"pi": 3}}, ValueError, "pi"),
        ({"parameters": {"a": [1, 2]}}, TypeError, "a: "),
        ({"stop": 5}, TypeError, "stop"),
        ({"nonsense": None}, TypeError, "unknown option"),
        ({"starts": np.array([4, 5])}, TypeError, "starts"),
        ({"x0": np.zeros((0, 1))}, ValueError, "x0"),
        ({"checkpoint": "/nonexistent/folder/state"}, OSError, "nonexistent"),
    ],
)
def test_options_that_are_none(options: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        lanewise.minimize("x[0]^2", [(-1, 1)], **options)


def test_errors_of_formulas_and_functions() -> None:
    with pytest.raises(ValueError, match="did you mean 'log'"):
        lanewise.minimize("ln(x)", {"x": (1, 2)})
    with pytest.raises(lanewise.NothingFinite):
        lanewise.minimize("log(x)", {"x": (-2, -1)})
    with pytest.raises(TypeError, match="a formula or a function"):
        lanewise.minimize(3, [(0, 1)])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="args"):
        lanewise.minimize(rosenbrock, [(0, 1)] * 2, args=5)  # type: ignore[arg-type]
    for jac in (0, 5.0, [1]):
        with pytest.raises(TypeError, match="jac"):
            lanewise.minimize(rosenbrock_batch, [(0, 1)] * 2, jac=jac)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="NUL"):
        lanewise.evaluate("x[0]\0+1", [1.0])
    with pytest.raises(ValueError, match="0 coordinates"):
        lanewise.evaluate(rosenbrock, np.empty((2, 0)))
    with pytest.raises(TypeError, match="parameters are for formulas"):
        lanewise.minimize(rosenbrock, [(0, 1)] * 2, parameters={"a": 1})


def test_a_function_that_changes_is_refused() -> None:
    generator = np.random.default_rng(1)
    with pytest.raises(lanewise.TracingError, match="the traced function is"):
        lanewise.minimize(lambda x: x[0] ** 2 + generator.random(), [(-1, 1)])
    state = {"calls": 0}

    def counts(x: Any) -> Any:
        state["calls"] += 1
        return x[0] ** 2 * state["calls"]

    with pytest.raises(lanewise.TracingError, match="jac=True"):
        lanewise.minimize(counts, [(-1, 1)])
    assert lanewise.minimize(counts, [(-1, 1)], check=False).fun == 0


def test_starts_of_an_earlier_result() -> None:
    first = lanewise.minimize(HIMMELBLAU, HIMMELBLAU_BOUNDS, seed=1)
    second = lanewise.minimize(HIMMELBLAU, HIMMELBLAU_BOUNDS, x0=first)
    assert second.runs["started"] == 4
    assert np.allclose(np.sort(second.xl, axis=0), np.sort(first.xl, axis=0))
    third = lanewise.minimize(HIMMELBLAU, HIMMELBLAU_BOUNDS, x0=first.x, starts=10)
    assert third.runs["started"] == 11


def test_progress_stop_and_history(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[lanewise.Progress] = []
    result = lanewise.minimize(rastrigin, [(-5.12, 5.12)] * 4, progress=told.append, starts=500)
    assert told and told[-1].share == 1
    assert all(a.seconds <= b.seconds for a, b in itertools.pairwise(told))
    assert "best" in told[0].text()
    assert result.history is not None
    assert (np.diff(result.history.fun) <= 0).all()
    assert result.history.fun[-1] == result.fun
    stopped = lanewise.minimize(lambda x: sphere_batch(x), [(-5, 5)] * 2, jac=True, starts=1000, stop=lambda: True)
    assert stopped.reason == "interrupted" and not stopped.success and stopped.status == 2
    limited = lanewise.minimize(rastrigin, [(-5.12, 5.12)] * 4, max_evaluations=3000, starts=500)
    assert limited.status == 1 and limited.nfev <= 3000
    lanewise.minimize("x[0]^2", [(-1, 1)], progress=True)
    assert "100" in capsys.readouterr().err


def test_checkpoint_and_resume(tmp_path: Path) -> None:
    whole = lanewise.minimize(rastrigin, [(-5.12, 5.12)] * 5, starts=500)
    file = tmp_path / "search.state"
    cut = lanewise.minimize(rastrigin, [(-5.12, 5.12)] * 5, starts=500, checkpoint=file, max_evaluations=60_000)
    assert cut.status == 1
    assert [path.name for path in tmp_path.iterdir()] == ["search.state"]
    for state in (file, str(file), file.read_bytes()):
        resumed = lanewise.minimize(rastrigin, [(-5.12, 5.12)] * 5, starts=500, resume=state)
        assert np.array_equal(resumed.xl, whole.xl) and resumed.nfev == whole.nfev
    states: list[bytes] = []
    lanewise.minimize(rastrigin, [(-5.12, 5.12)] * 5, starts=500, checkpoint=states.append, every=0)
    assert len(states) > 3
    with pytest.raises(ValueError, match="no checkpoint"):
        lanewise.minimize(rastrigin, [(-5.12, 5.12)] * 5, starts=500, resume=b"nothing")
    with pytest.raises(OSError):
        lanewise.minimize(rastrigin, [(-5.12, 5.12)], resume=tmp_path / "none")


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Python's own handler, also where the tests run in the background of a shell, which ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _interrupt_soon() -> None:
    time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_returns_when_the_callback_has() -> None:
    finished: list[bool] = []

    def slow(x: Any) -> Any:
        finished.append(False)
        time.sleep(0.05)
        finished[-1] = True
        return sphere_batch(x)

    for how in ("raise", "return"):
        threading.Thread(target=_interrupt_soon).start()
        begin = time.monotonic()
        if how == "raise":
            with pytest.raises(KeyboardInterrupt) as caught:
                lanewise.minimize(slow, [(-5, 5)] * 2, jac=True, starts=64)
            result = caught.value.result  # type: ignore[attr-defined]
        else:
            result = lanewise.minimize(slow, [(-5, 5)] * 2, jac=True, starts=64, on_interrupt="return")
        assert time.monotonic() - begin < 10
        assert result.reason == "interrupted" and np.isfinite(result.fun)
        assert all(finished)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_a_formula() -> None:
    threading.Thread(target=_interrupt_soon).start()
    with pytest.raises(KeyboardInterrupt):
        lanewise.minimize(rastrigin, [(-5.12, 5.12)] * 30, starts=1_000_000, iterations=100_000, max_time=60)


def test_every_public_name_has_a_docstring() -> None:
    for name in lanewise.__all__:
        thing = getattr(lanewise, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert inspect.getdoc(thing), name
