"""Results: names, text, JSON; and looks at single points."""

from __future__ import annotations

import json
import pickle
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lanewise
from functions import HIMMELBLAU, HIMMELBLAU_BOUNDS, rosenbrock, rosenbrock_batch, sphere_batch


@pytest.fixture(scope="module")
def result() -> lanewise.Result:
    return lanewise.minimize(HIMMELBLAU, HIMMELBLAU_BOUNDS, seed=1)


def test_names_of_scipy_and_of_shgo(result: lanewise.Result) -> None:
    for name in ("x", "fun", "jac", "success", "status", "message", "nfev", "njev", "nit", "xl", "funl"):
        assert name in result.keys()  # noqa: SIM118  as SciPy's users write it
        assert result[name] is getattr(result, name)
    assert result.x.shape == result.jac.shape == (2,)  # type: ignore[union-attr]
    assert result.xl.shape == (4, 2) and result.funl.shape == result.hits.shape == (4,)
    assert (np.diff(result.funl) >= 0).all()
    assert np.array_equal(result.xl[0], result.x) and result.funl[0] == result.fun
    assert result.minima_found == len(result.minima) == 4
    assert sum(result.hits) <= result.runs["started"]
    assert dict(result)["fun"] == result.fun and len(result) == len(list(result))
    with pytest.raises(KeyError):
        result["y"]
    with pytest.raises(AttributeError):
        result.y  # type: ignore[attr-defined]  # noqa: B018
    assert {"x", "minima", "to_json"} <= set(dir(result))


def test_what_else_is_told(result: lanewise.Result) -> None:
    assert 0 < result.coverage.unseen_probability < 1  # type: ignore[operator]
    assert result.work.evaluations == result.nfev and result.work.run_iterations == result.nit
    assert result.options["seed"] == 1
    assert result.region is None
    first = result.minima[0]
    assert first.finished and first.polished and not first.continuum
    assert len(first.start_ids) == first.hits
    assert first.at_bound.tolist() == [0, 0]
    wide = lanewise.minimize("(x-3)^2 + (y+2)^2", {"x": (-1e9, 1e9), "y": (-1e9, 1e9)})
    assert wide.region is not None and wide.region.upper[0] < 1e9
    ring = lanewise.minimize("(x^2 + y^2 - 1)^2", {"x": (-2, 2), "y": (-2, 2)})
    assert ring.minima[0].continuum


def test_text_and_html(result: lanewise.Result) -> None:
    text = repr(result)
    assert "success: True" in text and "4 distinct" in text and "settled" in text
    assert max(map(len, text.splitlines())) < 130
    page = result._repr_html_()
    assert page.count("<tr>") == 10 + 4 and "</table>" in page
    long = lanewise.minimize("sum(i, 0, 199, x[i]^2)", {"x[200]": (-1, 1)}, starts=2)
    assert max(map(len, repr(long).splitlines())) < 130
    many = lanewise.minimize("sum(i, 0, 1, x[i]^2 - 10*cos(2*pi*x[i]))", [(-5, 5)] * 2, starts=500)
    assert f"{many.minima_found} distinct, the best 10 are" in repr(many)


def test_json_and_pickle(result: lanewise.Result) -> None:
    told = json.loads(result.to_json())
    assert told["best"]["f"] == result.fun and told["problem"]["expression"] == HIMMELBLAU
    again = lanewise.Result.from_json(result.to_json())
    assert again == result and np.array_equal(again.xl, result.xl)
    assert again.jac is None and again.history is None
    pickled = pickle.loads(pickle.dumps(result))
    assert pickled == result and np.array_equal(pickled.jac, result.jac)
    assert np.array_equal(pickled.history.fun, result.history.fun)  # type: ignore[union-attr]
    for bad in ("", "[]", "{}", '{"problem": 3}', "nothing"):
        with pytest.raises(ValueError, match="no result of lanewise"):
            lanewise.Result.from_json(bad)


def test_json_is_that_of_the_command_line(result: lanewise.Result, tmp_path: Path) -> None:
    program = Path(str(lanewise._library._path())).with_name("lanewise")
    if not program.exists():
        pytest.skip("the program is not beside the library")
    file = tmp_path / "result.json"
    command = [program, "minimize", HIMMELBLAU, "--var", "x=-5:5", "--var", "y=-5:5", "--seed", "1", "--json", file]
    subprocess.run(command, check=True, capture_output=True)
    written = lanewise.Result.from_json(file.read_text())
    for name in ("xl", "funl", "hits"):
        assert np.array_equal(written[name], result[name])
    assert written.options == result.options and written.runs == result.runs


def test_a_frame(result: lanewise.Result) -> None:
    pytest.importorskip("pandas")
    frame = result.to_frame()
    assert list(frame.columns) == [
        "fun",
        "hits",
        "offspring",
        "finished",
        "polished",
        "continuum",
        "gradient_norm",
        "x",
        "y",
    ]
    assert len(frame) == 4 and frame["fun"].iloc[0] == result.fun


def test_batch_result() -> None:
    ends = lanewise.minimize_batch(rosenbrock, [[0.0, 0.0], [2.0, 2.0]])
    assert ends.success.tolist() == [True, True]
    again = pickle.loads(pickle.dumps(ends))
    assert np.array_equal(again.x, ends.x)


def test_evaluate() -> None:
    f, g = lanewise.evaluate("x*y^2", [[1, 2], [3, 4]], {"x": (0, 1), "y": (0, 1)})
    assert f.tolist() == [4, 48] and g.tolist() == [[4, 4], [16, 24]]
    value, slope = lanewise.evaluate(rosenbrock, [1.0, 1.0, 1.0])
    assert value == 0 and slope.tolist() == [0, 0, 0] and isinstance(value, float)
    x = np.random.default_rng(0).uniform(-2, 2, (37, 3))
    expected = rosenbrock_batch(x)
    counts: list[int] = []

    def callback(x: Any) -> Any:
        counts.append(len(x))
        return rosenbrock_batch(x)

    f, g = lanewise.evaluate(callback, x, jac=True)
    assert np.array_equal(f, expected[0]) and np.array_equal(g, expected[1]) and counts == [37]
    f, g = lanewise.evaluate(lambda x: rosenbrock_batch(x)[0], x, jac="2-point")
    assert g == pytest.approx(expected[1], rel=1e-6, abs=1e-5)
    f, g = lanewise.evaluate(lambda x: np.log(x[0]), [[-1.0], [0.0], [1.0]])
    assert np.isnan(f[0]) and f[1] == -np.inf and f[2] == 0
    with pytest.raises(ValueError, match="coordinates"):
        lanewise.evaluate("x", [1, 2], {"x": (0, 1)})


def test_check_gradient() -> None:
    good = lanewise.check_gradient(sphere_batch, [(-2, 3)] * 3, jac=True)
    assert good and good.passed and good.points == 16 and not good.wrong

    def wrong(x: Any) -> Any:
        f, g = sphere_batch(x)
        g[:, 1] *= 1.01
        return f, g

    bad = lanewise.check_gradient(wrong, [(-2, 3)] * 3, jac=True, points=8)
    assert not bad and bad.wrong == ["x[1]"] and bad.worst is not None and bad.worst["variable"] == "x[1]"
    assert "worst in x[1]" in bad.text
    with pytest.raises(ValueError, match="tolerance"):
        lanewise.check_gradient("x", {"x": (0, 1)}, tolerance=2)


def test_profile() -> None:
    profile = lanewise.profile(rosenbrock, [(-5, 5)] * 4, starts=200, seed=3)
    assert profile.result.fun < 1e-20
    assert "limit" in profile.report and str(profile) == profile.report
    assert json.loads(profile.timeline)
    called = lanewise.profile(sphere_batch, [(-5, 5)] * 4, jac=True, starts=50)
    assert "evaluate" in called.report
