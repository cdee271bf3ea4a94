"""lanewise as the optimizer of BoTorch's acquisition functions."""

from __future__ import annotations

from typing import Any

import pytest

import lanewise

torch = pytest.importorskip("torch")
pytest.importorskip("botorch")
from botorch.acquisition import LogExpectedImprovement, qLogExpectedImprovement  # noqa: E402
from botorch.models import SingleTaskGP  # noqa: E402
from botorch.optim import optimize_acqf  # noqa: E402
from botorch.optim.initializers import gen_batch_initial_conditions  # noqa: E402

DOUBLE = torch.float64


@pytest.fixture(scope="module")
def model() -> Any:
    torch.manual_seed(0)
    x = torch.rand(40, 3, dtype=DOUBLE)
    y = -((x - 0.4) ** 2).sum(-1, keepdim=True) + 0.1 * torch.sin(10 * x).sum(-1, keepdim=True)
    return SingleTaskGP(x, y), y.max()


BOUNDS = torch.tensor([[0.0] * 3, [1.0] * 3], dtype=DOUBLE)


@pytest.mark.parametrize("q", [1, 3])
def test_as_good_as_its_own(model: Any, q: int) -> None:
    gp, best = model
    acquisition = LogExpectedImprovement(gp, best) if q == 1 else qLogExpectedImprovement(gp, best)
    starts = gen_batch_initial_conditions(acquisition, BOUNDS, q=q, num_restarts=8, raw_samples=64)
    found = {}
    for name, more in (("ours", {"gen_candidates": lanewise.botorch.gen_candidates}), ("theirs", {})):
        found[name] = optimize_acqf(acquisition, BOUNDS, q=q, num_restarts=8, batch_initial_conditions=starts, **more)
    x, value = found["ours"]
    assert x.shape == (q, 3) and x.dtype == DOUBLE
    assert (x >= 0).all() and (x <= 1).all()
    assert value > found["theirs"][1] - 1e-5
    assert value == pytest.approx(float(acquisition(x).detach()), rel=1e-9)


def test_all_restarts_in_their_order(model: Any) -> None:
    gp, best = model
    acquisition = LogExpectedImprovement(gp, best)
    starts = torch.rand(5, 1, 3, dtype=DOUBLE)
    x, values = lanewise.botorch.gen_candidates(starts, acquisition, 0.0, 1.0)
    assert x.shape == (5, 1, 3) and values.shape == (5,)
    for i in range(5):
        alone, value = lanewise.botorch.gen_candidates(starts[i : i + 1], acquisition, BOUNDS[0], BOUNDS[1])
        assert alone == pytest.approx(x[i : i + 1], abs=1e-6) and value == pytest.approx(values[i : i + 1])
    one, value = lanewise.botorch.gen_candidates(starts[0], acquisition, 0.0, 1.0)
    assert one.shape == (1, 3) and value.shape == (1,)


def test_fixed_features(model: Any) -> None:
    gp, best = model
    acquisition = LogExpectedImprovement(gp, best)
    x, _ = optimize_acqf(
        acquisition, BOUNDS, q=1, num_restarts=4, raw_samples=32, fixed_features={1: 0.25},
        gen_candidates=lanewise.botorch.gen_candidates,
    )  # fmt: skip
    assert x[0, 1] == 0.25
    starts = torch.rand(4, 1, 3, dtype=DOUBLE)
    each = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=DOUBLE)
    x, values = lanewise.botorch.gen_candidates(starts, acquisition, 0.0, 1.0, fixed_features={2: each})
    assert torch.equal(x[:, 0, 2], each)
    assert values == pytest.approx(acquisition(x).detach())


def test_single_precision_options_and_errors(model: Any) -> None:
    def bumps(x: Any) -> Any:
        return -((x - 0.3) ** 2).sum(dim=(-1, -2))

    starts = torch.rand(3, 2, 2)
    x, values = lanewise.botorch.gen_candidates(starts, bumps, 0.0, 1.0)
    assert x.dtype == values.dtype == torch.float32 and x == pytest.approx(torch.full((3, 2, 2), 0.3), abs=1e-3)
    free, _ = lanewise.botorch.gen_candidates(starts + 5, bumps)
    assert free == pytest.approx(torch.full((3, 2, 2), 0.3), abs=1e-3)
    calls = []

    def counted(x: Any) -> Any:
        calls.append(len(x))
        return bumps(torch.sin(9 * x))

    lanewise.botorch.gen_candidates(starts, counted, 0.0, 1.0, options={"maxiter": 1})
    assert len(calls) < 8
    with pytest.raises(NotImplementedError, match="constraints"):
        lanewise.botorch.gen_candidates(starts, bumps, 0.0, 1.0, inequality_constraints=[(None, None, 0.0)])
    with pytest.raises(TypeError, match="unknown option"):
        lanewise.botorch.gen_candidates(starts, bumps, 0.0, 1.0, options={"ftoll": 1})

    def broken(x: Any) -> Any:
        return bumps(x).where(x[:, 0, 0] > 0.5, torch.nan)

    some = torch.full((2, 1, 2), 0.2)
    some[1] = 0.7
    x, values = lanewise.botorch.gen_candidates(some, broken, 0.0, 1.0)
    assert values[0] == -torch.inf and torch.equal(x[0], some[0]) and values[1] > -0.1
    with pytest.raises(lanewise.NothingFinite, match="acquisition_function"):
        lanewise.botorch.gen_candidates(some[:1], broken, 0.0, 1.0)

    def fails(x: Any) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        lanewise.botorch.gen_candidates(starts, fails, 0.0, 1.0)


def test_it_ends_where_the_value_has_settled(model: Any) -> None:
    gp, best = model
    acquisition = qLogExpectedImprovement(gp, best)
    starts = gen_batch_initial_conditions(acquisition, BOUNDS, q=3, num_restarts=8, raw_samples=64)

    def rounds(**options: float) -> tuple[int, Any]:
        calls = []

        def counted(x: Any) -> Any:
            calls.append(len(x))
            return acquisition(x)

        _, values = lanewise.botorch.gen_candidates(starts, counted, 0.0, 1.0, options=options)
        return len(calls), values

    usual, values = rounds()
    rough, rough_values = rounds(ftol=1e-3)
    assert rough < usual and rough_values.max() > values.max() - 0.1
    assert rounds(factr=1e12)[0] < usual and rounds(pgtol=10.0)[0] == 1 and rounds(tol=10.0)[0] == 1
