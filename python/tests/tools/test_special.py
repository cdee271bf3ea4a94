"""Functions of scipy.special, traced."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import lanewise

special = pytest.importorskip("scipy.special")
from scipy.special import erf, expit, gammaln, logsumexp, softmax, xlogy  # noqa: E402


def compare(function: Any, x: Any) -> None:
    x = np.asarray(x, float)
    f, g = lanewise.evaluate(lanewise.trace(function, x.size), x)
    assert f == pytest.approx(float(function(x)), rel=1e-12, abs=1e-13)
    for j in range(x.size):
        h = 1e-5
        step = h * np.eye(x.size)[j]
        assert g[j] == pytest.approx((function(x + step) - function(x - step)) / (2 * h), rel=1e-6, abs=1e-7)


@pytest.mark.parametrize(
    "name",
    [
        "erf",
        "erfc",
        "gammaln",
        "loggamma",
        "gamma",
        "expit",
        "log_expit",
        "logit",
        "entr",
        "exp10",
        "ndtr",
        "expm1",
        "log1p",
        "exp2",
        "cbrt",
    ],
)
def test_functions_of_one(name: str) -> None:
    function = getattr(special, name)
    compare(lambda x: np.sum(function(x)), [0.1, 0.35, 0.8])
    if name in ("erf", "erfc", "expit", "log_expit", "ndtr", "exp10"):
        compare(lambda x: np.sum(function(x)), [-3.0, -0.2, 2.5])


def test_functions_of_two() -> None:
    for name in ("xlogy", "xlog1py", "rel_entr"):
        function = getattr(special, name)
        compare(lambda x, function=function: function(x[0], x[1]) + np.sum(function(2.0, x)), [0.4, 1.7])
    assert lanewise.evaluate(lanewise.trace(lambda x: xlogy(0 * x[0], 0 * x[0]), 1), [1.0])[0] == 0


def test_functions_that_are_imported_by_name() -> None:
    compare(lambda x: logsumexp(x) + np.sum(erf(x)) + np.sum(gammaln(1 + x**2)) + np.sum(expit(x)), [0.3, -1.0, 2.0])


def test_sums_of_exponentials() -> None:
    x = [0.3, -1.0, 2.0, 0.5]
    compare(lambda x: logsumexp(x), x)
    compare(lambda x: special.logsumexp(1000 * x) / 1000, x)
    compare(lambda x: np.sum(logsumexp(x.reshape(2, 2), axis=1) ** 2), x)
    compare(lambda x: np.sum(logsumexp(x.reshape(2, 2), axis=0, keepdims=True) * x.reshape(2, 2)), x)
    compare(lambda x: logsumexp(x, b=[1.0, 2.0, 0.5, 0.1]), x)
    compare(lambda x: np.sum(softmax(x) * np.arange(4)), x)
    compare(lambda x: np.sum(special.log_softmax(x.reshape(2, 2), axis=1) * np.arange(2)), x)
    with pytest.raises(lanewise.TracingError, match="return_sign"):
        lanewise.trace(lambda x: logsumexp(x, return_sign=True)[0], 2)
    assert logsumexp([1.0, 1.0]) == pytest.approx(1 + np.log(2))


def test_values_far_out() -> None:
    _, g = lanewise.evaluate(lanewise.trace(lambda x: np.sum(expit(x)), 3), [-800.0, 0.0, 800.0])
    assert g.tolist() == [0, 0.25, 0]


def test_what_has_no_derivative_here() -> None:
    for name in ("psi", "jv", "i0", "erfinv", "ndtri"):
        function = getattr(special, name)
        with pytest.raises(lanewise.TracingError, match=name):
            lanewise.trace(lambda x, function=function: function(*([x[0]] if function.nin == 1 else [x[0], x[1]])), 2)
