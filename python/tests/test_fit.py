"""Fits: formulas, functions, maps, groups and tables, and what goes wrong."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np
import numpy.typing as npt
import pytest

import lanewise
from lanewise import _library, _options

Array = npt.NDArray[np.float64]

T = np.linspace(0, 4, 9)
BOUNDS = {"a": (0, 10), "k": (0, 5)}
A, K = np.array([[1.0, 2, 3], [4, 5, 6]]), np.array([[0.5, 1, 1.5], [2, 0.7, 1.2]])


def decay(t: Any, a: Any, k: Any) -> Any:
    return a * np.exp(-k * t)


def noisy(y: Array, seed: int = 0) -> Array:
    return y + 0.01 * np.random.default_rng(seed).standard_normal(y.shape)


MAPS = noisy(decay(T, A[..., None], K[..., None]))


def same(a: lanewise.Fits, b: lanewise.Fits) -> bool:
    return all(
        np.array_equal(getattr(a, of), getattr(b, of), equal_nan=True) for of in ("x", "cov", "rss", "n_used", "agree")
    )


def test_one_fit_is_the_least_squares_fit() -> None:
    y = noisy(decay(T, 3, 1.5))
    fits = lanewise.fit(decay, T, y, BOUNDS)
    jacobian = np.column_stack([decay(T, 1, fits.x[1]), -T * decay(T, *fits.x)])
    residuals = y - decay(T, *fits.x)
    assert np.abs(jacobian.T @ residuals).max() < 1e-7
    assert fits.rss == pytest.approx(residuals @ residuals)
    cov = fits.rss / (len(T) - 2) * np.linalg.inv(jacobian.T @ jacobian)
    assert fits.cov == pytest.approx(cov, rel=1e-5)
    assert fits.stderr == pytest.approx(np.sqrt(np.diag(cov)), rel=1e-5)
    assert (fits.names, fits.x.shape, fits.n_used, fits.status, bool(fits.success)) == (
        ["a", "k"], (2,), 9, "converged", True,
    )  # fmt: skip
    value, half = fits.predict([0, 1])
    at = np.column_stack([decay(np.array([0, 1]), 1, fits.x[1]), [0, -decay(1, *fits.x)]])
    student = 2.364624251592785  # of 7 degrees of freedom, at 0.975
    assert value == pytest.approx(decay(np.array([0, 1]), *fits.x))
    assert half == pytest.approx(student * np.sqrt(np.einsum("ij,jk,ik->i", at, cov, at)), rel=1e-5)


def test_leading_axes_stay_and_a_function_is_its_formula() -> None:
    fits = lanewise.fit("a*exp(-k*x)", T, MAPS, BOUNDS, starts=4)
    assert (fits.x.shape, fits.cov.shape, fits.rss.shape, len(fits)) == ((2, 3, 2), (2, 3, 2, 2), (2, 3), 6)
    assert fits.x["k"] == pytest.approx(K, abs=0.05)
    assert type(fits.x["k"]) is type(fits.x + 1) is type(fits.x[0]) is np.ndarray
    assert fits.predict().value.shape == MAPS.shape
    assert fits.observed() == pytest.approx(MAPS)
    for other in (
        lanewise.fit(decay, T, MAPS, [(0, 10), (0, 5)], starts=4),
        lanewise.fit(decay, np.broadcast_to(T, MAPS.shape), MAPS[:, ::-1][:, ::-1], BOUNDS, starts=4),
        lanewise.fit("a*exp(-k*t)", {"t": T}, np.asfortranarray(MAPS), BOUNDS, starts=4, threads=1),
    ):
        assert same(fits, other)
    alone = lanewise.fit(decay, T, MAPS[1, 2], BOUNDS, starts=4)
    assert np.array_equal(alone.x, fits.x[1, 2])


def test_missing_values_and_failures() -> None:
    y = MAPS.copy()
    y[0, 0, 3] = np.nan
    y[1, 1] = np.nan
    fits = lanewise.fit(decay, T, y, BOUNDS, starts=4)
    assert fits.n_used.tolist() == [[8, 9, 9], [9, 0, 9]]
    assert fits.n_left_out[1, 1] == 9
    assert (fits.status[1, 1], bool(fits.success[1, 1])) == ("no-rows", False)
    assert np.isnan([*fits.x[1, 1], *fits.stderr[1, 1], fits.rss[1, 1]]).all()
    keep = np.delete(np.arange(9), 3)
    assert np.array_equal(fits.x[0, 0], lanewise.fit(decay, T[keep], y[0, 0, keep], BOUNDS, starts=4).x)
    masked = lanewise.fit(decay, T, np.ma.masked_invalid(y), BOUNDS, starts=4)
    assert same(fits, masked)
    nowhere = lanewise.fit("log(-1 - a)*x", T, MAPS[0, 0], {"a": (0, 1)}, starts=2)
    assert nowhere.status == "no-value"


def test_what_differs_by_problem() -> None:
    def shifted(t: Any, a: Any, k: Any, shift: Any, power: int = 1) -> Any:
        return a * np.exp(-k * t) ** power + shift

    shift = np.arange(6.0).reshape(2, 3)
    y = MAPS + shift[..., None]
    fits = lanewise.fit(shifted, T, y, BOUNDS, params={"shift": shift}, starts=4)
    assert fits.x["a"] == pytest.approx(A, abs=0.1)
    formula = lanewise.fit("a*exp(-k*x) + shift", T, y, BOUNDS, None, False, {"shift": shift}, starts=4)
    assert formula.x == pytest.approx(fits.x, rel=1e-6)
    twice = lanewise.fit(shifted, T, y, BOUNDS, params={"shift": shift, "power": 2}, starts=4)
    assert twice.x["k"] == pytest.approx(fits.x["k"] / 2, rel=1e-6)
    highest = A - 0.5
    bounded = lanewise.fit(decay, T, MAPS, {"a": (0, highest), "k": (0, 5)}, starts=4)
    assert (bounded.x["a"] <= highest).all()
    assert bounded.x["a"] == pytest.approx(highest)
    fixed = lanewise.fit(decay, T, MAPS, {"a": (A, A), "k": (0, 5)}, starts=4)
    assert np.array_equal(fixed.x["a"], A)
    assert not fixed.stderr["a"].any()


def test_given_starts() -> None:
    for p0 in ({"a": A, "k": 1}, np.stack([A, np.ones_like(A)], axis=-1)):
        fits = lanewise.fit(decay, T, MAPS, BOUNDS, p0=p0, starts=0)
        assert fits.x["k"] == pytest.approx(K, abs=0.05)
        assert (fits.runs == 1).all()
    assert (lanewise.fit(decay, T, MAPS, BOUNDS, p0=[3, 1], starts=2).runs == 3).all()


def test_sigma_weights_and_losses() -> None:
    y = MAPS[0, 1]
    sigma = 0.01 + 0.01 * T
    fits = lanewise.fit(decay, T, y, BOUNDS, sigma)
    assert fits.x != pytest.approx(lanewise.fit(decay, T, y, BOUNDS).x, rel=1e-9)
    for given in ({"weights": 1 / sigma**2}, {"sigma": "0.01 + 0.01*x"}):
        other = lanewise.fit("a*exp(-k*x)", T, y, BOUNDS, **given)
        assert other.x == pytest.approx(fits.x, rel=1e-6)
        assert other.rss == pytest.approx(fits.rss)
    known = lanewise.fit(decay, T, y, BOUNDS, sigma, True)
    assert fits.cov == pytest.approx(known.cov * fits.rss / 7)
    constant = lanewise.fit(decay, T, y, BOUNDS, 2.0, absolute_sigma=True)
    assert constant.cov == pytest.approx(4 * lanewise.fit(decay, T, y, BOUNDS, 1, True).cov)
    outlier = y.copy()
    outlier[4] += 3
    robust = lanewise.fit(decay, T, outlier, BOUNDS, loss="soft_l1", loss_scale=0.01)  # type: ignore[arg-type]
    assert robust.x == pytest.approx([2, 1], abs=0.1)
    assert lanewise.fit(decay, T, outlier, BOUNDS).x != pytest.approx([2, 1], abs=0.1)


class Frame:
    """A table as those of pandas and polars are: columns by name."""

    def __init__(self, **columns: Any) -> None:
        self._columns = columns
        self.columns = list(columns)

    def __getitem__(self, name: str) -> Any:
        return self._columns[name]


def tidy() -> dict[str, Any]:
    """Rows of two subjects at two sites, mixed."""
    order = np.random.default_rng(1).permutation(6 * 9)
    columns = {
        "time": np.tile(T, 6), "signal": MAPS.ravel(), "site": np.repeat(["B", "A"], 27),
        "subject": np.repeat(np.tile([30, 10, 20], 2), 9),
    }  # fmt: skip
    return {name: column[order] for name, column in columns.items()}


@pytest.mark.parametrize("table", [dict, lambda columns: Frame(**columns)])
def test_groups_of_a_table(table: Callable[[Any], Any]) -> None:
    columns = tidy()
    data = table({**columns, "site": columns["site"].astype(object)})
    fits = lanewise.fit(decay, "time", "signal", BOUNDS, data=data, group=["site", "subject"], starts=4)
    keys = list(zip(fits.groups["site"], fits.groups["subject"]))
    assert keys == list(dict.fromkeys(zip(columns["site"], columns["subject"])))
    assert len(fits) == 6
    for p, (site, subject) in enumerate(keys):
        mine = (columns["site"] == site) & (columns["subject"] == subject)
        alone = lanewise.fit(decay, columns["time"][mine], columns["signal"][mine], BOUNDS, starts=4)
        assert np.array_equal(alone.x, fits.x[p])
        assert np.array_equal(fits.predict().value[mine], alone.predict().value)
        assert np.array_equal(fits.predict([1, 2]).value[p], alone.predict([1, 2]).value)
    formula = lanewise.fit("a*exp(-k*time)", y="signal", bounds=BOUNDS, data=data, group=["site", "subject"], starts=4)
    assert same(fits, formula)
    written = formula.to_dict()
    assert list(written)[:5] == ["site", "subject", "a", "a_stderr", "k"]
    assert {len(column) for column in written.values()} == {6}
    assert formula.predict({"time": [0.5]}).value == pytest.approx(decay(0.5, *fits.x.T)[:, None])


def test_formulas_of_columns() -> None:
    data = {"time": T, "signal": decay(T, 2, 0.5), "se": np.full(9, 0.1), "note": ["x"] * 9}
    fits = lanewise.fit(
        "log(a) - k*time", y="log(signal)", sigma="se/signal", bounds={"a": (1e-3, 10), "k": (0, 5)}, data=data
    )
    assert fits.x == pytest.approx([2, 0.5])
    assert fits.observed() == pytest.approx(np.log(data["signal"]))
    function = lanewise.fit(lambda t, a, k: np.log(a) - k * t, "time", "log(signal)", BOUNDS, "se/signal", data=data)
    assert function.x == pytest.approx([2, 0.5])


def test_several_predictors_vectors_and_tables() -> None:
    def plane(x: Any, c: Any, *, e: Any) -> Any:
        return c[0] * x["t"] + c[1] * x["dose"] + e

    x = {"t": T, "dose": T**2}
    y = 2 * T - T**2 + 3
    fits = lanewise.fit(plane, x, y, {"c[2]": (-5, 5), "e": (0, 9)})
    assert fits.names == ["c[0]", "c[1]", "e"]
    assert fits.x == pytest.approx([2, -1, 3])
    assert fits.predict({"t": [1, 2], "dose": [0, 1]}).value == pytest.approx([5, 6])
    formula = lanewise.fit("c[0]*t*w[1] + c[1]*dose + h", x, y, {"c[2]": (-5, 5), "h": (0, 9)}, tables={"w": [0, 2]})
    assert formula.x == pytest.approx([1, -1, 3])
    everything = lanewise.fit(lambda x, *p: p[0] + p[1] * x, T, y, [(-50, 50)] * 2)
    assert everything.x == pytest.approx(np.polyfit(T, y, 1)[::-1], rel=1e-6)


def test_functions_become_formulas() -> None:
    def steps(t: Any, a: Any, gamma: Any, τ: Any) -> Any:
        y = np.zeros_like(t)
        late = t > 1
        y[late] = a * np.exp(-(t[late] - 1) / τ)
        return np.where(t < 3, y, np.minimum(y, gamma)) + np.hypot(t, 2) - np.sqrt(t * t + 4)

    true = (2, 0.1, 1.5)
    fits = lanewise.fit(steps, T, steps(T, *true), {"a": (0, 5), "gamma": (0, 1), "τ": (0.1, 5)})
    assert fits.names == ["a", "gamma", "τ"]
    assert fits.x == pytest.approx(true)
    shared = lanewise.fit(lambda x, a: (a + x) * np.sin(a + x), T, T, {"a": (0, 1)})
    assert shared.formula == "t1 = (a + x); t1 * sin(t1)"


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda x, a: a * (x - x.mean()), "depends on other rows"),
        (lambda x, a: a * x / x[-1], "depends on other rows"),
        (lambda x, a: a * x + np.arange(len(x)), "depends on its place"),
        (lambda x, a: a * T * x, "as a column"),
        (lambda x, a: a if x[0] > 0 else x, "np.where.*as a formula"),
        (lambda x, a: "a", "returns str"),
        (lambda x, a: x + a * np.random.default_rng().random(), "something else than x"),
    ],
)
def test_models_that_are_none(model: Any, message: str) -> None:
    with pytest.raises(lanewise.TracingError, match=message):
        lanewise.fit(model, T, T, {"a": (0, 1)})


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"y": None}, ValueError, "y: None"),
        ({"y": 1.0}, ValueError, "y: one number"),
        ({"x": T[:5]}, ValueError, r"x: x: shape \(5,\); \(9,\) is expected"),
        ({"y": ["a"] * 9}, ValueError, "real numbers"),
        ({"bounds": None}, ValueError, "bounds"),
        ({"bounds": {"a": (0, 1)}}, TypeError, "none of 'k'"),
        ({"bounds": {**BOUNDS, "q": (0, 1)}}, TypeError, "no 'q'; it has a, k"),
        ({"bounds": {"a": (0, 1), "k": 3}}, ValueError, "k: 3;"),
        ({"bounds": {"a": (0, [1, 2]), "k": (0, 1)}}, ValueError, r"a: shape \(2,\)"),
        ({"bounds": {"a": (2, 1), "k": (0, 1)}}, ValueError, "'a': lower bound 2"),
        ({"params": {"a": 1}}, TypeError, "'a' has bounds"),
        ({"params": {"q": 1}}, TypeError, "no 'q'"),
        ({"p0": {"a": 1}}, ValueError, "lacks 'k'"),
        ({"p0": [1, 2, 3]}, ValueError, "p0: shape"),
        ({"model": "a*exp(-k*t)"}, ValueError, "the formula has no x"),
        ({"model": "a*exp(-k*x"}, ValueError, r"\^"),
        ({"sigma": T, "weights": T}, ValueError, "sigma"),
        ({"loss": "l1"}, ValueError, "squared, huber"),
        ({"starts": 0}, ValueError, "starts"),
        ({"lr": 1}, TypeError, "alpha"),
        ({"json": "f"}, TypeError, "unknown option"),
        ({"data": 3}, TypeError, "table"),
        ({"data": {"t": T}, "x": "time"}, ValueError, "no column 'time'; did you mean 't'|there are 't'"),
        ({"group": [1, 2]}, ValueError, "2 keys"),
        ({"stop": 1}, TypeError, "stop"),
    ],
)
def test_what_is_refused(arguments: dict[str, Any], kind: type[Exception], message: str) -> None:
    given: dict[str, Any] = {"model": decay, "x": T, "y": T, "bounds": BOUNDS, **arguments}
    with pytest.raises(kind, match=message):
        lanewise.fit(**given)


def test_options_have_their_names() -> None:
    own = {"absolute_sigma", "loss", "loss_scale", "starts"}
    assert set(_library.option_names("fit_option")) - own == set(get_type_hints(_options.FitOptions))


def test_progress_stop_and_states() -> None:
    seen: list[lanewise.FitProgress] = []
    states: list[bytes] = []
    fits = lanewise.fit(
        decay, T, MAPS, BOUNDS, progress=seen.append, checkpoint=states.append, every=0, starts=4, threads=1
    )
    assert seen[-1].done == seen[-1].problems == 6
    assert seen[-1].share == 1
    assert same(fits, lanewise.fit(decay, T, MAPS, BOUNDS, resume=states[-1], starts=4))
    stopped = lanewise.fit(decay, T, MAPS, BOUNDS, stop=lambda: True)
    assert set(stopped.status.ravel()) <= {"stopped", "converged"}

    def fail(_: object) -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        lanewise.fit(decay, T, MAPS, BOUNDS, progress=fail, threads=1)


def test_results_can_be_shown_kept_and_written(tmp_path: Path) -> None:
    fits = lanewise.fit(decay, T, MAPS, BOUNDS, starts=4)
    text = repr(fits)
    assert "6 converged (2 x 3)" in text
    assert "1,2" in text
    assert "<td>1,2</td>" in fits._repr_html_()
    again = pickle.loads(pickle.dumps(fits))
    assert same(again, fits)
    assert np.array_equal(again.x["a"], fits.x["a"])
    assert np.array_equal(again.predict([1]).half_width, fits.predict([1]).half_width)
    with pytest.raises(KeyError, match="the variables are a, k"):
        fits.x["q"]
    parquet = pytest.importorskip("pyarrow.parquet")
    fits.to_parquet(tmp_path / "fits.parquet")
    assert parquet.read_table(tmp_path / "fits.parquet")["k"].to_pylist() == fits.x["k"].ravel().tolist()


def test_minimising_over_the_rows_of_data() -> None:
    data = {"t": T, "y": MAPS[0, 2], "note": ["text"] * 9}
    formula = "rows((y - a*exp(-k*t))^2)*w[1]"
    result = lanewise.minimize(formula, BOUNDS, data=data, tables={"w": [0, 2]}, starts=50)
    fits = lanewise.fit(decay, T, MAPS[0, 2], BOUNDS)
    assert result.x == pytest.approx(fits.x, rel=1e-5)
    assert result.fun == pytest.approx(2 * fits.rss)
    f, _ = lanewise.evaluate(formula, result.x, BOUNDS, data=data, tables={"w": [0, 2]})
    assert f == result.fun
    with pytest.raises(TypeError, match="for formulas"):
        lanewise.minimize(lambda x: x[0], [(0, 1)], data=data)
    with pytest.raises(ValueError, match="column 'note'"):
        lanewise.minimize("rows(note*a)", BOUNDS, data=data)
