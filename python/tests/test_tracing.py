"""Functions of numpy, traced: values and gradients, and what cannot be traced."""

from __future__ import annotations

import functools
import itertools
import math
import pickle
import threading
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy import array as imported_array

import lanewise
from numpy_functions import FUNCTIONS, Case


def differences(function: Any, x: Any) -> Any:
    """The gradient, by central differences extrapolated once (Richardson)."""
    gradient = np.empty_like(x)
    for j in range(x.size):
        slopes = []
        for h in (1e-3, 5e-4, 2.5e-4):
            step = np.zeros_like(x)
            step[j] = h
            slopes.append((function(x + step) - function(x - step)) / (2 * h))
        once = [(4 * b - a) / 3 for a, b in itertools.pairwise(slopes)]
        gradient[j] = (16 * once[1] - once[0]) / 15
    return gradient


def points(case: Case, count: int = 8) -> Any:
    return np.random.default_rng(7).uniform(case.lower, case.upper, (count, case.dimension))


def test_there_are_eighty() -> None:
    assert len(FUNCTIONS) >= 80


@pytest.mark.parametrize("case", FUNCTIONS, ids=str)
def test_value_and_gradient(case: Case) -> None:
    tape = lanewise.trace(case.function, case.dimension)
    x = points(case)
    f, g = lanewise.evaluate(tape, x)
    plain = np.array([float(case.function(point.copy())) for point in x])
    assert f == pytest.approx(plain, rel=1e-12, abs=1e-12)
    slopes = np.array([differences(case.function, point) for point in x])
    # Near a kink or jump differences tell nothing: most of the points are away from any.
    agrees = np.abs(g - slopes).max(axis=1) < 1e-6 * (1 + np.abs(g).max(axis=1))
    assert agrees.sum() >= 6


@pytest.mark.parametrize("case", FUNCTIONS[::4], ids=str)
def test_minimised_with_the_comparison(case: Case) -> None:
    result = lanewise.minimize(case.function, [(case.lower, case.upper)] * case.dimension, starts=4, iterations=20)
    assert np.isfinite(result.fun)
    assert float(case.function(result.x)) == pytest.approx(result.fun, rel=1e-9, abs=1e-9)


def test_a_formula_is_the_same_program() -> None:
    tape = lanewise.trace(lambda x: np.sin(x[0]) * x[1] ** 2 - np.exp(x[0] / x[1]), 2)
    x = np.random.default_rng(0).uniform(0.1, 2, (50, 2))
    f, g = lanewise.evaluate(tape, x)
    of_text, g_of_text = lanewise.evaluate("sin(x[0])*x[1]^2 - exp(x[0]/x[1])", x)
    assert np.array_equal(f, of_text) and np.array_equal(g, g_of_text)


UNARY = {
    "sin": np.sin, "tanh": np.tanh, "exp": np.exp, "cbrt": np.cbrt, "abs": np.abs, "square": np.square, "sign": np.sign,
    "floor": np.floor, "rint": np.rint, "trunc": np.trunc, "arcsinh": np.arcsinh, "expm1": np.expm1, "sinc": np.sinc,
}  # fmt: skip
BINARY = {"+": np.add, "-": np.subtract, "*": np.multiply, "max": np.maximum, "min": np.minimum, "hypot": np.hypot,
          "logaddexp": np.logaddexp, "mod": np.remainder}  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([*UNARY, *BINARY]), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=12),
       st.integers(0, 2**32 - 1))  # fmt: skip
def test_random_functions(steps: Any, seed: int) -> None:
    def function(x: Any) -> Any:
        values = [x[0], x[1], x[2], 0.5]
        for name, i, j in steps:
            a, b = values[i % len(values)], values[j % len(values)]
            values.append(UNARY[name](a) if name in UNARY else BINARY[name](a, b))
        return np.sum(values[-3:])

    x = np.random.default_rng(seed).uniform(-2, 2, (4, 3))
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = np.array([float(function(point)) for point in x])
    f, _ = lanewise.evaluate(lanewise.trace(function, 3), x)
    scale = np.maximum(1, np.abs(plain))
    same = (f == plain) | (np.abs(f - plain) < 1e-6 * scale) | ~np.isfinite(plain)
    # A jump may be on either side by rounding.
    assert same.sum() >= 3


def refused(function: Any, match: str) -> None:
    with pytest.raises(lanewise.TracingError, match=match) as caught:
        lanewise.trace(function, 3)
    line = function.__code__.co_firstlineno
    assert any(f"test_tracing.py, line {line + k}:" in str(caught.value) for k in range(6)), caught.value
    assert "jac=True" in str(caught.value)


def branch(x: Any) -> Any:
    if x[0] > 0:
        return x[1]
    return x[2]


def chained(x: Any) -> Any:
    return x[1] * (0 < x[0] < 1)


def branch_on_equal(x: Any) -> Any:
    return 1.0 if x[0] == 0 else x[1]


def branch_on_an_array(x: Any) -> Any:
    return x[0] if (x > 0).any() else x[1]


def loop_on_a_value(x: Any) -> Any:
    while x[0] > 1:
        x = x / 2
    return x[0]


def swallows(x: Any) -> Any:
    try:
        return x[0] if x[1] > 0 else x[2]
    except Exception:
        return x[0]


def equal_of_a_plain_array(x: Any) -> Any:
    plain = np.ndarray.__new__(np.ndarray, 2, object)
    plain[:] = [x[0], x[1]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return x[0] + np.sum(plain == 0)


OUTER = np.zeros(3)


def writes_outside(x: Any) -> Any:
    OUTER[0] = x[0]
    return OUTER.sum()


def adds_outside(x: Any) -> Any:
    global OUTER
    OUTER += x
    return OUTER.sum()


def formats(x: Any) -> Any:
    return float(f"{x[0]:.3f}")


@pytest.mark.parametrize(
    ("function", "match"),
    [
        (branch, "np.where"),
        (chained, "np.where"),
        (branch_on_equal, "np.where"),
        (branch_on_an_array, "np.where"),
        (loop_on_a_value, "np.where"),
        (swallows, "np.where"),
        (equal_of_a_plain_array, "np.where"),
        (lambda x: x[0] and x[1], "np.where"),
        (lambda x: not x[0], "np.where"),
        (lambda x: max(x[0], x[1]), "np.maximum"),
        (lambda x: sorted(x)[0], "np.where"),
        (lambda x: 1.0 if x[0] in [1.0, 2.0] else 2.0, "np.where"),
        (lambda x: int(x[0]), "np.floor"),
        (lambda x: float(x[0]), "float"),
        (lambda x: math.sin(x[0]), "np.sin"),
        (lambda x: math.floor(x[0]), "np.floor"),
        (lambda x: np.arange(3)[x[0]], "index"),
        (lambda x: sum(range(x[0])), "index"),
        (lambda x: x[x > 0].sum(), "np.where"),
        (lambda x: len(x[x > 0]), "np.where"),
        (lambda x: np.sum(x[x > 0]), "np.where"),
        (lambda x: (x[x > 0] + x[x < 0])[0], "one traced mask"),
        (lambda x: np.sort(x)[0], "np.sort"),
        (lambda x: x[np.argmax(x)], "np.argmax"),
        (lambda x: np.median(x), "np.median"),
        (lambda x: np.linalg.inv(np.outer(x, x)).sum(), "linalg.inv"),
        (lambda x: np.linalg.solve(np.eye(3), x).sum(), "linalg.solve"),
        (lambda x: np.fft.fft(x)[0], "fft"),
        (lambda x: (1j * x[0]) * 2, "complex"),
        (lambda x: np.exp(1j * x).real.sum(), "complex"),
        (lambda x: x, "shape"),
        (lambda x: None, "NoneType"),
        (lambda x: "a", "str"),
        (lambda x: x.astype(int).sum(), "astype"),
        (lambda x: np.array([x[0]], dtype=int)[0], "dtype"),
        (lambda x: np.nextafter(x[0], 1), "nextafter"),
        (lambda x: np.where(x > 0)[0], "np.where"),
        (lambda x: complex(x[0]), "complex"),
        (lambda x: pickle.dumps(x[0]), "pickled"),
        (lambda x: ~x[0], "condition"),
        (writes_outside, "made in the function|np.zeros"),
        (adds_outside, "np.zeros"),
        (formats, "float"),
    ],
)
def test_what_cannot_be_traced_is_told_with_its_line(function: Any, match: str) -> None:
    refused(function, match)
    assert np.zeros(2).dtype == np.float64 and type(np.array([1.0])) is np.ndarray


def test_values_of_another_trace() -> None:
    kept: list[Any] = []
    lanewise.trace(lambda x: kept.append(x[0]) or x[0], 1)
    with pytest.raises(lanewise.TracingError, match="outside of the trace"):
        lanewise.trace(lambda x: x[0] * kept[0], 1)
    with pytest.raises(lanewise.TracingError, match="outside of the trace"):
        kept[0] * 2

    def in_another_thread(x: Any) -> Any:
        seen: list[Any] = []

        def work() -> None:
            try:
                seen.append(x[0] * 2)
            except lanewise.TracingError as error:
                seen.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        raise seen[0]

    with pytest.raises(lanewise.TracingError, match="thread"):
        lanewise.trace(in_another_thread, 1)


def test_too_many_operations() -> None:
    def endless(x: Any) -> Any:
        while True:
            x = x * 1.1

    with pytest.raises(lanewise.TracingError, match="2000000"):
        lanewise.trace(endless, 1000)


def test_exceptions_of_the_function_pass() -> None:
    def fails(x: Any) -> Any:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        lanewise.trace(fails, 1)
    with pytest.raises(ValueError, match="dimension"):
        lanewise.trace(fails, 0)
    with pytest.raises(IndexError):
        lanewise.trace(lambda x: x[5], 2)
    assert lanewise.trace(lambda x: np.sum(x), 2).dimension == 2


def test_printing_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    def prints(x: Any) -> Any:
        print(x, f"{x[0]}", repr(x[1] > 0))
        return x[0]

    lanewise.trace(prints, 2)
    assert "traced" in capsys.readouterr().out


def test_functions_of_many_kinds() -> None:
    class Bowl:
        def __call__(self, x: Any) -> Any:
            return imported_array([x[0], x[1]]).max()

        def method(self, x: Any, k: float) -> Any:
            return k * np.sum(np.array(x) ** 2)

    bowl = Bowl()
    for function, args, expected in (
        (bowl, (), 3.0),
        (bowl.method, (2.0,), 26.0),
        (functools.partial(bowl.method, k=2.0), (), 26.0),
        (lambda x: 5, (), 5.0),
        (lambda x: np.array([x[0] * x[1]]), (), 6.0),
        (lambda x: np.array(2.0) * 3, (), 6.0),
    ):
        tape = lanewise.trace(function, 2, args)
        assert lanewise.evaluate(tape, [3.0, 2.0])[0] == expected


def test_a_trace_within_a_trace() -> None:
    def outer(x: Any) -> Any:
        inner = lanewise.trace(lambda y: np.sum(np.array([y[0], 2 * y[0]])), 1)
        constant, _ = lanewise.evaluate(inner, [2.0])
        return np.array([x[0], constant]).sum()

    assert lanewise.evaluate(lanewise.trace(outer, 1), [1.0])[0] == 7


def test_tapes_are_picklable() -> None:
    tape = lanewise.trace(lambda x: np.sum(x**3), 3)
    again = pickle.loads(pickle.dumps(tape))
    assert lanewise.evaluate(again, [1.0, 2.0, 3.0])[0] == 36
    assert "3 variables" in repr(tape)


def test_derivatives_where_pieces_meet() -> None:
    for function, x, expected in (
        (lambda x: np.logaddexp(x[0], x[1]), [1.0, 1.0], [0.5, 0.5]),
        (lambda x: np.arcsinh(x[0]), [0.0], [1.0]),
        (lambda x: np.sinc(x[0]), [0.0], [0.0]),
        (lambda x: np.abs(x[0]), [0.0], [0.0]),
    ):
        _, g = lanewise.evaluate(lanewise.trace(function, len(x)), x)
        assert g.tolist() == expected


@functools.cache
def basis() -> Any:
    return np.ones((2, 2)) + np.eye(2)


def cases_of_meaning() -> list[Any]:
    """Functions in which numpy's meaning is easily missed."""

    def row_mask(x: Any) -> Any:
        m = np.outer(x, [1.0, 2, 4])
        m[x > 0.5] = -50
        return np.sum(m * [1, 2, 3])

    def selection_is_a_copy(x: Any) -> Any:
        r = x - 1.0
        big = r < -0.2
        s = r[big]
        r *= 0.5
        r[big] = s * 100
        return np.sum(r)

    def out_of_mean(x: Any) -> Any:
        b = np.zeros(3)
        np.mean(np.outer(x, x), axis=0, out=b)
        np.add(b, x, out=b)
        return np.dot(b, [1, 2, 3])

    def literal_is_assigned(x: Any) -> Any:
        y = np.array([1.0, 0.0, 2.0])
        y[0] = x[0]
        y += x
        y[1:] *= np.linspace(1, 2, 2)
        m = np.eye(3)
        m[0, 1] = x[1]
        return np.sum(y) + np.linalg.norm(m) + np.full(2, x[2]).sum()

    def constants_are_numbers(x: Any) -> Any:
        m = np.zeros((2, 2))
        m[0, 0] = m[1, 1] = 2.0
        inverse = np.linalg.inv(m)
        order = np.argsort(np.array([3.0, 1.0, 2.0]))
        chosen = np.arange(3)[np.ones(3) > 0]
        return inverse[0, 0] * x[order[0]] + np.sort(np.array([2.0, 1.0]))[0] * x[chosen[1]]

    def aliases(x: Any) -> Any:
        y = np.array(x)
        y[0] = 5
        z = np.array(x, ndmin=2)
        v = x[1:]
        v[0] = 7
        return np.sum(x * y) + z.shape[0] * z[0, 2]

    return [
        row_mask,
        selection_is_a_copy,
        out_of_mean,
        literal_is_assigned,
        constants_are_numbers,
        aliases,
        lambda x: 1.0 * ((x[0] > 0.1) + (x[1] > 0.1)) + np.sum((x > 0) * (x < 2)) + np.dot(x > 0, x > -9),
        lambda x: np.sum([x[0] > 0, x[1] > 0]) + np.cumsum(x > 0)[2] + np.mean(x > 0),
        lambda x: np.sum(np.outer(x, x) / np.sum(np.outer(x, x) + 5, axis=1, keepdims=1)),
        lambda x: np.sum(np.piecewise(x, np.array([x < 0.5, x >= 0.5]), [lambda t: t**2, lambda t: 3 * t])),
        lambda x: np.sum(np.correlate(x[:2], np.append(x, 2.0), "same")),
        lambda x: np.logaddexp(-np.inf, np.log(0 * x[0])) < 0,
        lambda x: np.arcsinh(1e200 * x[0]) + np.arccosh(1e200 * (1 + x[0])),
        lambda x: np.sum(basis() @ x[:2]),
        lambda x: np.max([x[0], x[1], 0.3]) + np.mean([x, 2 * x]) + np.std((x[0], x[2])) + np.min([[x[0]], [x[1]]]),
    ]


@pytest.mark.parametrize("function", cases_of_meaning())
def test_meaning(function: Any) -> None:
    for seed in range(4):
        x = np.random.default_rng(seed).uniform(0.05, 1.5, 3)
        with np.errstate(all="ignore"):
            plain = float(function(x.copy()))
        assert lanewise.evaluate(lanewise.trace(function, 3), x)[0] == pytest.approx(plain, rel=1e-12)


def test_what_a_trace_leaves_behind() -> None:
    lanewise.trace(lambda x: np.sum(basis() @ x[:2]), 3)
    assert np.linalg.inv(basis()).shape == (2, 2)
    assert np.sort(basis(), axis=None)[-1] == 2
    assert (basis() / 2).dtype == np.float64


def test_a_trace_waits_for_no_other() -> None:
    done: list[Any] = []

    def function(x: Any) -> Any:
        thread = threading.Thread(target=lambda: done.append(lanewise.trace(lambda y: np.array(y).max(), 1)))
        thread.start()
        thread.join(30)
        return np.sum(np.array(x))

    assert len(lanewise.trace(function, 3)) > 3 and len(done) == 1
    assert type(np.array([1.0])) is np.ndarray


@pytest.mark.parametrize(
    ("function", "match"),
    [
        (lambda x: np.sum((x > 0) - (x > 1)), "two conditions"),
        (lambda x: np.sum(x, dtype=np.float32), "float32"),
        (lambda x: np.outer(x, x)[x > 0, 0].sum(), "part of an index"),
    ],
)
def test_what_else_is_refused(function: Any, match: str) -> None:
    refused(function, match)


def test_tapes_are_checked() -> None:
    tape = lanewise.trace(lambda x: np.sum(x**2), 3)
    strided = lanewise.Tape(
        tape.operations, np.repeat(tape.a, 2)[::2], tape.b.astype(np.int64), tape.c, tape.numbers, tape.value, 3
    )
    assert lanewise.evaluate(strided, [1.0, 2.0, 3.0])[0] == 14
    short = lanewise.Tape(tape.operations, tape.a, tape.b, tape.c, tape.numbers[:1], tape.value, 3)
    with pytest.raises(ValueError, match="equally long"):
        lanewise.evaluate(short, [1.0, 2, 3])
    with pytest.raises(ValueError, match="3 variables; the box has 4"):
        lanewise.minimize(tape, [(-1, 1)] * 4)
    with pytest.raises(TypeError, match="args"):
        lanewise.minimize(tape, [(-1, 1)] * 3, args=(3,))
