"""Beside torch: the same trajectories, tensors taken back, and its threads left alone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import lanewise
from lanewise import _bounds, _problem
from lanewise._objectives import Formula

torch = pytest.importorskip("torch")

EXPRESSION = "x[0]^2 + 3*x[1]^2 + x[0]*x[1] + exp(x[2]/2) - x[2] + cos(x[0])"
START = [-3.2, 2.0, -1.7]
ITERATIONS = 100

RULES: dict[str, Any] = {
    "adam": lambda x: torch.optim.Adam([x], lr=0.02),
    "amsgrad": lambda x: torch.optim.Adam([x], lr=0.02, amsgrad=True),
    "nadam": lambda x: torch.optim.NAdam([x], lr=0.02),
    "adamax": lambda x: torch.optim.Adamax([x], lr=0.02),
    "rmsprop": lambda x: torch.optim.RMSprop([x], lr=0.02, alpha=0.9),
    "adagrad": lambda x: torch.optim.Adagrad([x], lr=0.02, eps=1e-8),
    "momentum": lambda x: torch.optim.SGD([x], lr=0.0005, momentum=0.9),
    "gradient-descent": lambda x: torch.optim.SGD([x], lr=0.0005),
}


@pytest.fixture(autouse=True)
def double_precision() -> Iterator[None]:
    """NAdam keeps its product of mu in the default type."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def torch_path(rule: str) -> Any:
    x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
    optimizer = RULES[rule](x)
    path = []
    for _ in range(ITERATIONS):
        optimizer.zero_grad()
        value = x[0] ** 2 + 3 * x[1] ** 2 + x[0] * x[1] + torch.exp(x[2] / 2) - x[2] + torch.cos(x[0])
        value.backward()
        optimizer.step()
        path.append(x.detach().numpy().copy())
    return np.array(path)


@pytest.mark.parametrize("rule", list(RULES))
def test_trajectories(rule: str) -> None:
    path: list[Any] = []
    options = {
        "rule": rule, "alpha": 0.0005 if rule in ("momentum", "gradient-descent") else 0.02, "schedule": "constant",
        "scale": "none", "iterations": ITERATIONS,
    }  # fmt: skip
    with _problem.Problem(_bounds.variables_of([(-50, 50)] * 3), options) as problem:
        problem.set_objective(Formula(EXPRESSION))
        problem.set_starts(np.array([START]))
        problem.paths(np.zeros(1, np.uint64), ITERATIONS, lambda start, k, f, x: path.append(x))
    ours, theirs = np.array(path[1:]), torch_path(rule)
    assert len(ours) == ITERATIONS
    assert np.abs((ours - theirs) / np.maximum(np.abs(theirs), 1e-3)).max() < 1e-12


def test_tensors_are_taken_back() -> None:
    def callback(x: Any) -> Any:
        point = torch.tensor(x, requires_grad=True)
        values = (point**2).sum(dim=1) + torch.cos(3 * point).sum(dim=1)
        (gradients,) = torch.autograd.grad(values.sum(), point)
        return values, gradients

    def in_single_precision(x: Any) -> Any:
        values, gradients = callback(x)
        return values.float(), gradients.float()

    plain = lanewise.minimize(lambda x: np.sum(x**2) + np.sum(np.cos(3 * x)), [(-5, 5)] * 2, starts=50)
    assert lanewise.minimize(callback, [(-5, 5)] * 2, jac=True, starts=50).fun == pytest.approx(plain.fun)
    single = lanewise.minimize(in_single_precision, [(-5, 5)] * 2, jac=True, starts=20)
    assert single.fun == pytest.approx(plain.fun, abs=1e-5)


@pytest.mark.parametrize("imports", ["torch, sklearn, lanewise", "lanewise, torch, sklearn"])
def test_imports_in_any_order(imports: str) -> None:
    pytest.importorskip("sklearn")
    code = f"""
import {imports}
import sklearn.cluster, numpy as np
a = lanewise.minimize("sum(i, 0, 3, x[i]^2 - 10*cos(2*pi*x[i]))", [(-5, 5)] * 4)
t = torch.rand(300, 300, dtype=torch.float64)
assert torch.allclose(t @ torch.linalg.inv(t), torch.eye(300, dtype=torch.float64), atol=1e-6)
sklearn.cluster.KMeans(3, n_init=1).fit(np.random.default_rng(0).random((500, 2)))
b = lanewise.minimize("sum(i, 0, 3, x[i]^2 - 10*cos(2*pi*x[i]))", [(-5, 5)] * 4)
assert a.fun == b.fun == -40
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=300)
