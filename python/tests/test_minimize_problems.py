"""One objective for many problems: shapes, functions, groups of rows, minima, and what goes wrong."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import lanewise

A = np.array([[1.0, 4.0], [9.0, np.nan]])
BOUNDS = {"x": (-5, 5), "y": (-1, 1)}
WELLS = "(x^2 - a)^2 + x/100 + y^2"


def wells(x: Any, y: Any, a: Any) -> Any:
    return (x**2 - a) ** 2 + x / 100 + y**2


def test_problems_have_the_shape_of_what_differs() -> None:
    ends = lanewise.minimize_problems(WELLS, BOUNDS, {"a": A}, starts=12, minima=2)
    assert (ends.x.shape, ends.f.shape, len(ends), ends.names) == ((2, 2, 2), (2, 2), 4, ["x", "y"])
    assert ends.x["x"][0] == pytest.approx([-1.00125, -2.0003], abs=1e-4)
    assert ends.status.tolist() == [["converged", "converged"], ["converged", "no-value"]]
    assert np.isnan([*ends.x[1, 1], ends.f[1, 1]]).all()
    assert (ends.runs == 12).all()
    best, other = ends.minima[0, 0]
    assert (best.f, best.x.tolist()) == (ends.f[0, 0], ends.x[0, 0].tolist())
    assert other.x["x"] == pytest.approx(0.99875, abs=1e-4)
    assert best.runs + other.runs == 12
    assert ends.minima[1, 1] == []
    alone = lanewise.minimize_problems(WELLS, BOUNDS, {"a": 4.0}, starts=12)
    assert (alone.x.tolist(), alone.f, alone.minima) == (ends.x[0, 1].tolist(), ends.f[0, 1], [])
    bounded = lanewise.minimize_problems(WELLS, {"x": ([[1, 4]], 5), "y": (0, 0)}, {"a": 4})
    assert bounded.x.shape == (1, 2, 2)
    assert bounded.x["x"][0] == pytest.approx([1.9997, 4], abs=1e-3)


def test_a_function_is_its_formula() -> None:
    ends = lanewise.minimize_problems(WELLS, BOUNDS, {"a": A}, starts=8)
    for given in (BOUNDS, [(-5, 5), (-1, 1)]):
        traced = lanewise.minimize_problems(wells, given, {"a": A}, starts=8)
        assert traced.f == pytest.approx(ends.f, abs=1e-9, nan_ok=True)
    with pytest.raises(lanewise.TracingError, match=r"test_minimize_problems\.py, line"):
        lanewise.minimize_problems(lambda x: x if x > 0 else -x, {"x": (-1, 1)})


def test_groups_of_rows() -> None:
    data = {"id": ["b", "a", "b", "b"], "t": [1.0, 2.0, 5.0, np.nan]}
    ends = lanewise.minimize_problems("-rows((t - m)^2)", {"m": (-9, 9)}, data=data, group="id", maximize=True)
    assert ends.groups["id"].tolist() == ["b", "a"]
    assert ends.x["m"] == pytest.approx([3, 2])
    assert ends.f == pytest.approx([-8, 0])
    assert (ends.n_used.tolist(), ends.n_left_out.tolist()) == ([2, 1], [1, 0])
    assert list(ends.to_dict()) == ["id", "m", "f", "n_used", "n_left_out", "runs", "agree", "status"]
    columns = {"t": np.array([[1.0, 5.0], [2.0, 2.0]]), "w": [1.0, 3.0]}
    shaped = lanewise.minimize_problems("rows(w*(t - m)^2)", {"m": (-9, 9)}, data=columns)
    assert shaped.x["m"] == pytest.approx([4, 2])


def test_results_can_be_shown_and_kept() -> None:
    ends = lanewise.minimize_problems(WELLS, BOUNDS, {"a": A}, starts=4, minima=1)
    assert "minima: 3 converged, 1 no-value (2 x 2)" in repr(ends)
    assert "<td>1,1</td>" in ends._repr_html_()
    again = pickle.loads(pickle.dumps(ends))
    assert np.array_equal(again.x, ends.x, equal_nan=True)
    assert again.minima[0, 1][0].x["x"] == ends.minima[0, 1][0].x["x"]


def test_states_and_starts() -> None:
    states: list[bytes] = []
    ends = lanewise.minimize_problems(WELLS, BOUNDS, {"a": A}, starts=0, x0=[2, 0], checkpoint=states.append)
    assert (ends.runs == 1).all()
    assert ends.x["x"][0] == pytest.approx([0.99875, 1.9997], abs=1e-4)
    again = lanewise.minimize_problems(WELLS, BOUNDS, {"a": A}, starts=0, x0=[2, 0], resume=states[-1])
    assert np.array_equal(again.x, ends.x, equal_nan=True)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"params": {"a": [1, 2]}, "bounds": {"x": ([0, 0, 0], 5), "y": (0, 1)}}, ValueError, "no shape in common"),
        ({"loss": "huber"}, TypeError, "loss: is an option of fit alone"),
        ({"offspring": True}, TypeError, "unknown option"),
        ({"minima": -1}, ValueError, "minima: -1"),
        ({"fun": 3}, TypeError, "fun: int"),
        ({"fun": wells, "data": {"t": [1]}}, TypeError, "data: of formulas alone"),
        ({"group": "id"}, TypeError, "group: is of rows"),
        ({"params": {}}, ValueError, "'a' is not known"),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], kind: type[Exception], message: str) -> None:
    given: dict[str, Any] = {"fun": WELLS, "bounds": BOUNDS, "params": {"a": 1}, **arguments}
    with pytest.raises(kind, match=message):
        lanewise.minimize_problems(**given)
