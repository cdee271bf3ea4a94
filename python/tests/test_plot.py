"""Pictures, and the command that draws them."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lanewise
from functions import HIMMELBLAU, HIMMELBLAU_BOUNDS, rastrigin, sphere_batch
from lanewise import plot

matplotlib = pytest.importorskip("matplotlib")
matplotlib.use("agg")
Figure = importlib.import_module("matplotlib.figure").Figure

RASTRIGIN = "20 + x^2 + y^2 - 10*(cos(2*pi*x) + cos(2*pi*y))"
RASTRIGIN_BOUNDS = {"x": (-5.12, 5.12), "y": (-5.12, 5.12)}


@pytest.fixture(scope="module")
def himmelblau() -> lanewise.Result:
    return lanewise.minimize(HIMMELBLAU, HIMMELBLAU_BOUNDS, starts=100, seed=1)


@pytest.fixture(scope="module")
def rastrigin_result() -> lanewise.Result:
    return lanewise.minimize(RASTRIGIN, RASTRIGIN_BOUNDS, starts=400, seed=1)


@pytest.fixture(scope="module")
def mixed() -> lanewise.Result:
    """Four variables: one on a log scale, one of a vector fixed; maximised."""
    bounds = {"k": (1e-6, 1, "log"), "v": [(2, 2), (-1, 1)], "w": (0, 3)}
    formula = "a - (log(k) + 7)^2 - v[0]*v[1]^2 - (w - 1)^2"
    return lanewise.minimize(formula, bounds, parameters={"a": 5}, starts=64, maximize=True)


def axes(**options: Any) -> Any:
    return Figure().add_subplot(**options)


def words(ax: Any) -> str:
    """All that can be read around the axes."""
    legend = ax.get_legend()
    return "\n".join(
        [
            ax.get_title(),
            ax.get_xlabel(),
            ax.get_ylabel(),
            *(label.get_text() for label in (*ax.get_xticklabels(), *ax.get_yticklabels())),
            *(text.get_text() for text in (legend.get_texts() if legend else ())),
            *(other.get_ylabel() for other in ax.figure.axes if other is not ax),
        ]
    )


def scattered(ax: Any) -> list[Any]:
    """The points of what is scattered with a name in the legend, which the stars of minima have not."""
    return [of.get_offsets() for of in ax.collections if not of.get_label().startswith("_")]


def dots(ax: Any) -> int:
    """How many dots were scattered."""
    return sum(len(points) for points in scattered(ax))


def test_every_picture_draws_on_the_axes_it_is_given(himmelblau: lanewise.Result) -> None:
    pictures: list[Callable[[Any], Any]] = [
        lambda ax: plot.waterfall(himmelblau, ax=ax),
        lambda ax: plot.history(himmelblau, ax=ax),
        lambda ax: plot.minima(himmelblau, ax=ax),
        lambda ax: plot.parallel(himmelblau, ax=ax),
        lambda ax: plot.contour(HIMMELBLAU, HIMMELBLAU_BOUNDS, ax=ax),
        lambda ax: plot.path(HIMMELBLAU, HIMMELBLAU_BOUNDS, ax=ax),
        lambda ax: plot.basins(HIMMELBLAU, himmelblau, ax=ax),
    ]
    for picture in pictures:
        ax = axes()
        assert picture(ax) is ax
        ax.figure.canvas.draw()
    ax = axes(projection="3d")
    assert plot.surface(HIMMELBLAU, HIMMELBLAU_BOUNDS, ax=ax) is ax
    ax.figure.canvas.draw()
    figure = Figure()
    assert plot.overview(himmelblau, figure) is figure
    figure.canvas.draw()


def test_without_axes_there_is_a_figure_of_pyplot(himmelblau: lanewise.Result) -> None:
    import matplotlib.pyplot as plt

    before = len(plt.get_fignums())
    for ax in (plot.waterfall(himmelblau), plot.surface(HIMMELBLAU, HIMMELBLAU_BOUNDS)):
        assert ax.figure.number in plt.get_fignums()
    assert plot.overview(himmelblau).number in plt.get_fignums()
    assert len(plt.get_fignums()) == before + 3
    plt.close("all")


def test_waterfall_has_a_dot_for_each_run(rastrigin_result: lanewise.Result) -> None:
    ax = plot.waterfall(rastrigin_result, axes())
    assert dots(ax) == rastrigin_result.hits.sum()
    text = words(ax)
    assert f"{rastrigin_result.hits.sum()} runs of 400 starts ended\nat {len(rastrigin_result.minima)} minima" in text
    assert f"1: f = 0 ({rastrigin_result.hits[0]} runs)" in text
    assert f"{len(rastrigin_result.minima) - 7} more" in text
    assert "maximised" not in text and "drawn" not in text


def test_runs_are_thinned_evenly(rastrigin_result: lanewise.Result, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lanewise.plot._style.MOST_DRAWN", 50)
    ax = plot.waterfall(rastrigin_result, axes())
    assert dots(ax) <= 50
    assert "50 runs drawn" in words(ax)
    assert "50 starts drawn" in words(plot.basins(RASTRIGIN, rastrigin_result, ax=axes()))
    assert "drawn" in words(plot.parallel(rastrigin_result, axes()))
    first, again = (plot.waterfall(rastrigin_result, axes()) for _ in range(2))
    for one, other in zip(scattered(first), scattered(again)):
        assert np.array_equal(one, other)


def test_thinning_at_its_limit() -> None:
    from lanewise.plot._style import thinned

    assert np.array_equal(thinned(100_000), np.arange(100_000))
    few = thinned(1_000_000)
    assert len(few) == 100_000 and few[0] == 0 and few[-1] == 999_999
    assert set(np.diff(few)) <= {9, 10, 11}


def test_values_of_many_decades_are_on_a_log_scale() -> None:
    bowl = lanewise.minimize("x^4/10000 - x^2/100 + y^2", {"x": (-9, 9), "y": (-1, 1)}, starts=40)
    assert plot.waterfall(bowl, axes()).get_yscale() == "linear"
    wells = "-exp(-(x-1)^2*9) - 0.9999*exp(-(x+1)^2*9) - 0.5*exp(-(x-3)^2*9)"
    result = lanewise.minimize(wells, {"x": (-2, 4)}, starts=40)
    ax = plot.waterfall(result, axes())
    assert ax.get_yscale() == "symlog"
    assert ax.get_ylabel().startswith("above best f = \N{MINUS SIGN}1")


def test_minima_with_hits(rastrigin_result: lanewise.Result) -> None:
    ax = plot.minima(rastrigin_result, most=3, ax=axes())
    best = rastrigin_result.minima[0]
    assert f"the best 3 of {rastrigin_result.minima_found} minima" in words(ax)
    assert ax.texts[0].get_text() == f"{best.hits} + {best.offspring}"
    assert "3: f = 0.99495906" in words(ax)
    with pytest.raises(ValueError, match="most: 0; at least 1"):
        plot.minima(rastrigin_result, most=0, ax=axes())


def test_history_is_not_in_json(himmelblau: lanewise.Result) -> None:
    ax = plot.history(himmelblau, axes())
    assert len(ax.lines[0].get_xdata()) == len(himmelblau.history.fun)  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="history is None"):
        plot.history(lanewise.Result.from_json(himmelblau.to_json()), axes())


def test_parallel_coordinates_of_mixed_variables(mixed: lanewise.Result) -> None:
    ax = plot.parallel(mixed, axes())
    text = words(ax)
    for part in (
        "k\n1e\N{MINUS SIGN}06\nto 1\n(log)",
        "v[0]",
        "v[1]\n\N{MINUS SIGN}1\nto 1",
        "w",
        "maximised",
    ):
        assert part in text
    k, fixed, v, w = ax.lines[0].get_ydata()
    assert k == pytest.approx(np.log(np.exp(-7) / 1e-6) / np.log(1e6))
    assert (fixed, v, w) == pytest.approx((0.5, 0.5, 1 / 3), abs=1e-6)


def test_many_variables_have_some_names() -> None:
    result = lanewise.minimize("sum(i, 0, n(x)-1, x[i]^2)", {"x[50]": (-1, 2)}, starts=4)
    text = words(plot.parallel(result, axes()))
    assert "x[0]" in text and "x[7]" in text and "x[1]\n" not in text
    assert "\N{MINUS SIGN}1" in text and "2" in text


def test_contour_of_the_textbook() -> None:
    ax = plot.contour("x^2 + y^2", {"x": (-1, 1), "y": (-1, 1)}, ax=axes())
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x", "y")
    assert ax.get_xlim() == (-1, 1) and ax.get_ylim() == (-1, 1)
    assert ax.figure.axes[1].get_ylabel() == "f"


def test_path_of_the_textbook() -> None:
    textbook: dict[str, Any] = {"alpha": 0.02, "beta1": 0.8, "scale": "none", "schedule": "constant"}
    start = [-0.165955990594852, 0.4406489868843162]
    bounds = {"x": (-1, 1), "y": (-1, 1)}
    ax = plot.path("x^2 + y^2", bounds, x0=start, iterations=60, ax=axes(), **textbook)
    (line,) = ax.lines
    x, y = line.get_data()
    assert len(x) == 61
    assert (x[0], y[0]) == tuple(start)
    assert (x[51], y[51]) == pytest.approx((-0.00056912, -0.00321961), abs=1e-8)
    assert line.get_color() == "white" and line.get_marker() == "o" and line.get_linestyle() == "-"
    assert "path of x0, 60 iterations" in words(ax)


def test_path_of_a_drawn_start_and_of_a_result(himmelblau: lanewise.Result) -> None:
    ax = plot.path(HIMMELBLAU, HIMMELBLAU_BOUNDS, start_id=3, seed=1, iterations=5, ax=axes())
    again = plot.path(HIMMELBLAU, himmelblau, start_id=3, iterations=5, ax=axes())
    assert np.array_equal(ax.lines[0].get_xydata(), again.lines[0].get_xydata())
    assert "path of start 3, 5 iterations" in words(ax)
    with pytest.raises(ValueError, match="start id 100"):
        plot.path(HIMMELBLAU, himmelblau, start_id=100, ax=axes())
    with pytest.raises(ValueError, match=r"x0: shape \(3,\); a point of 2 coordinates"):
        plot.path(HIMMELBLAU, himmelblau, x0=[1, 2, 3], ax=axes())
    with pytest.raises(ValueError, match="start_id: 3; with x0"):
        plot.path(HIMMELBLAU, himmelblau, start_id=3, x0=[0, 0], ax=axes())


def test_starts_lie_where_the_search_drew_them(himmelblau: lanewise.Result) -> None:
    ax = plot.basins(HIMMELBLAU, himmelblau, ax=axes())
    assert dots(ax) == 100
    first = plot.path(HIMMELBLAU, himmelblau, start_id=himmelblau.minima[0].start_ids[0], ax=axes())
    assert (np.abs(scattered(ax)[0] - first.lines[0].get_xydata()[0]).sum(axis=1) < 1e-12).any()


def test_given_starts_are_among_the_basins() -> None:
    given = [[1.0, 2.0], [-3.0, -3.0]]
    for starts in ({}, {"starts": 10}):
        result = lanewise.minimize(HIMMELBLAU, HIMMELBLAU_BOUNDS, x0=given, **starts)
        ax = plot.basins(HIMMELBLAU, result, ax=axes())
        for point in given:
            assert (np.abs(np.concatenate(scattered(ax)) - point).sum(axis=1) < 1e-12).any()


def test_results_in_parts() -> None:
    options: dict[str, Any] = {"starts": 60, "iterations": 50, "parts": 3}
    result = lanewise.minimize(RASTRIGIN, RASTRIGIN_BOUNDS, **options, start_ids=True)
    assert "60 starts" in words(plot.basins(RASTRIGIN, result, ax=axes()))
    plot.path(RASTRIGIN, result, start_id=59, ax=axes())
    silent = lanewise.minimize(RASTRIGIN, RASTRIGIN_BOUNDS, **options)
    with pytest.raises(ValueError, match=r"its parts do not tell which starts.* start_ids=True"):
        plot.basins(RASTRIGIN, silent, ax=axes())


def test_starts_without_a_minimum_are_told() -> None:
    result = lanewise.minimize("sqrt(x)*10 + y^2", {"x": (-1, 1), "y": (-1, 1)}, starts=40)
    assert result.runs["nan-at-start"]
    assert "came to no minimum" in words(plot.basins("sqrt(x)*10 + y^2", result, ax=axes()))


def test_titles_tell_of_minima_that_are_not_described() -> None:
    result = lanewise.minimize(RASTRIGIN, RASTRIGIN_BOUNDS, starts=400, seed=1, minima=5)
    found = result.minima_found
    assert f"ended\nat the best 5 of {found} minima" in words(plot.waterfall(result, axes()))
    assert f"the best 5 of {found} minima between" in words(plot.parallel(result, axes()))
    assert f"the best 5 of {found} minima" in words(plot.minima(result, ax=axes()))
    assert "not at the best 5 minima" in words(plot.basins(RASTRIGIN, result, ax=axes()))


def test_functions_and_callbacks() -> None:
    result = lanewise.minimize(rastrigin, [(-5, 5)] * 2, starts=50)
    assert "x[0]" in words(plot.basins(rastrigin, result, ax=axes()))
    assert "x[1]" in words(plot.contour(sphere_batch, [(-1, 1)] * 2, jac=True, ax=axes()))
    ax = plot.contour(lambda x, a: a * (x**2).sum(axis=1), [(-1, 1)] * 2, jac="2-point", args=(3,), ax=axes())
    assert ax.figure.axes[1].get_ylim()[1] == pytest.approx(6, abs=0.2)
    plot.path(sphere_batch, [(-1, 1)] * 2, jac=True, ax=axes())


@pytest.mark.parametrize(
    "bounds",
    [
        ["k=1e-6:1 log", "v[2]=0:1"],
        ["k=1e-6:1 log", "v=[0:1, 0:1]"],
        {"k": (1e-6, 1, "log"), "v[2]": (0, 1)},
    ],
)
def test_names_and_scales_of_bounds_in_every_shape(bounds: Any) -> None:
    ax = plot.contour(
        "log(k)^2 + v[0] + v[1]", bounds, variables=("v[1]", "k"), at=[0.1, 0.25, 0.5], points=11, ax=axes()
    )
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_title()) == ("v[1]", "k", "at v[0] = 0.25")
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "log")


def test_more_variables_are_held_at_the_best_point(mixed: lanewise.Result) -> None:
    ax = plot.contour(mixed.expression, mixed, variables=("w", 0), ax=axes())  # type: ignore[arg-type]
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_yscale()) == ("w", "k", "log")
    assert "at v[0] = 2, v[1] = " in words(ax) and "maximised" in words(ax)
    ax = plot.surface(mixed.expression, mixed, ax=axes(projection="3d"))  # type: ignore[arg-type]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("k", "v[1]")
    assert ax.get_xlim()[0] < -5.9  # the decades of k
    text = words(plot.basins(mixed.expression, mixed, ax=axes()))  # type: ignore[arg-type]
    assert "k\nv[1]" in text and "64 starts" in text and "maximised" in text


def test_no_finite_value_is_a_hole() -> None:
    ax = plot.contour("log(x) + y", {"x": (-1, 1), "y": (0, 1)}, ax=axes())
    ax.figure.canvas.draw()
    assert ax.figure.axes[1].get_ylim()[1] < 2
    plot.surface("log(x) + y", {"x": (-1, 1), "y": (0, 1)}, ax=axes(projection="3d")).figure.canvas.draw()
    with pytest.raises(ValueError, match="fun: there is no finite value"):
        plot.contour("log(-1 - x^2) + y", {"x": (-1, 1), "y": (0, 1)}, ax=axes())


def test_a_path_without_values_is_drawn() -> None:
    ax = plot.path("log(x) + y", {"x": (-1, 1), "y": (0, 1)}, x0=[-0.5, 0.5], iterations=3, ax=axes())
    assert ax.lines[0].get_xdata()[0] == -0.5


def test_an_error_leaves_no_figure_behind() -> None:
    import matplotlib.pyplot as plt

    before = plt.get_fignums()
    for picture in (plot.contour, plot.surface, plot.path):
        with pytest.raises(ValueError, match="variables: 'z'"):
            picture(HIMMELBLAU, HIMMELBLAU_BOUNDS, variables=("x", "z"))
    assert plt.get_fignums() == before


def test_a_constant_function_has_a_contour() -> None:
    plot.contour("3 + 0*x*y", {"x": (-1, 1), "y": (0, 1)}, ax=axes()).figure.canvas.draw()


@pytest.mark.parametrize(
    ("bounds", "options", "message"),
    [
        ([(0, 1)], {}, "bounds: 1 variables that are not fixed"),
        ([(0, 1), (2, 2)], {}, "bounds: 1 variables"),
        ([(0, 1), (0, None)], {}, r"bounds: x\[1\] from 0.0 to inf; a picture needs finite"),
        ([(0, 1)] * 3, {}, "at: None; the box has 3 variables"),
        ([(0, 1)] * 3, {"at": [1, 2]}, r"at: shape \(2,\); a point of 3 coordinates"),
        ([(0, 1)] * 2, {"variables": ("x[0]", "y")}, r"variables: 'y'; a name or index of x\[0\], x\[1\]"),
        ([(0, 1)] * 2, {"variables": (0, 2)}, "variables: 2; a name or index"),
        ([(0, 1)] * 2, {"variables": ("x[0]", 0)}, r"variables: 'x\[0\]' twice"),
        ([(0, 1)] * 2, {"variables": "x"}, "variables: 'x'; two names or indices"),
        ([(0, 1)] * 2, {"points": 1}, "points: 1; at least 2"),
    ],
)
def test_errors_name_the_argument(bounds: Any, options: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plot.contour("sum(i, 0, n(x)-1, x[i]^2)", bounds, ax=axes(), **options)


def test_a_surface_needs_axes_of_three_dimensions() -> None:
    with pytest.raises(ValueError, match="ax: rectilinear axes; a surface needs 3-D axes"):
        plot.surface(HIMMELBLAU, HIMMELBLAU_BOUNDS, ax=axes())


def test_overview_has_what_is_known(himmelblau: lanewise.Result) -> None:
    def titles(result: lanewise.Result) -> list[str]:
        return [ax.get_title() for ax in plot.overview(result, Figure()).axes if ax.get_title()]

    assert len(titles(himmelblau)) == 5
    assert len(titles(lanewise.Result.from_json(himmelblau.to_json()))) == 4
    assert len(titles(lanewise.minimize(sphere_batch, [(-1, 1)] * 2, jac=True, starts=10))) == 4
    assert len(titles(lanewise.minimize("x[0]^2", [(-1, 1)], starts=10))) == 4


def test_no_minimum_is_described() -> None:
    result = lanewise.minimize(HIMMELBLAU, HIMMELBLAU_BOUNDS, starts=10, minima=0)
    figure = plot.overview(result, Figure())
    figure.canvas.draw()
    assert "the best 0 of" in words(plot.waterfall(result, axes()))


def test_a_search_that_no_run_ended() -> None:
    result = lanewise.minimize(HIMMELBLAU, HIMMELBLAU_BOUNDS, starts=100, max_evaluations=20, polish=False)
    assert result.hits.sum() < 10
    plot.overview(result, Figure()).canvas.draw()


def run(*arguments: str | os.PathLike[str], python: tuple[str, ...] = ("-m", "lanewise")) -> Any:
    command = [sys.executable, *python, *map(os.fspath, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def file(tmp_path: Path, himmelblau: lanewise.Result) -> Path:
    path = tmp_path / "result.json"
    path.write_text(himmelblau.to_json())
    return path


@pytest.mark.parametrize(("suffix", "begin"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_command_writes_each_format(file: Path, suffix: str, begin: bytes) -> None:
    out = file.with_suffix(suffix)
    done = run("plot", file, "--out", out)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert out.read_bytes().startswith(begin)
    assert sorted(out.parent.iterdir()) == sorted([file, out])


def main(*arguments: str | os.PathLike[str]) -> int:
    from lanewise.__main__ import main as command

    return command(["plot", *map(os.fspath, arguments)])


@pytest.mark.parametrize("kind", ["waterfall", "minima", "parallel", "surface", "contour", "path", "basins"])
def test_command_draws_each_kind(file: Path, kind: str) -> None:
    out = file.with_name("picture.png")
    assert main(file, "--out", out, "--kind", kind) == 0
    assert out.stat().st_size > 5000


def test_command_draws_the_same_as_python(file: Path, himmelblau: lanewise.Result) -> None:
    out = file.with_name("picture.png")
    assert main(file, "--out", out, "--kind", "path", "--start-id", "3", "--variables", "y, x") == 0
    figure = Figure(layout="constrained")
    plot.path(HIMMELBLAU, himmelblau, start_id=3, variables=("y", "x"), ax=figure.add_subplot())
    figure.savefig(file.with_name("expected.png"), dpi=150)
    assert out.read_bytes() == file.with_name("expected.png").read_bytes()


def without_formula(file: Path) -> None:
    told = json.loads(file.read_text())
    del told["problem"]["expression"]
    file.write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "picture.gif"], "--out: picture.gif; a name that ends in .png, .svg, .pdf is expected"),
        (["--out", "nowhere/picture.png"], "nowhere"),
        (["--out", "a.png", "--kind", "history"], "history is None"),
        (["--out", "a.png", "--kind", "contour", "--variables", "x"], "--variables: x; two names"),
        (["--out", "a.png", "--kind", "contour", "--variables", "x,z"], "variables: 'z'"),
        (
            ["--out", "a.png", "--variables", "x,y"],
            "--variables: x,y; it is for surface, contour, path, basins",
        ),
        (["--out", "a.png", "--start-id", "3"], "--start-id: 3; it is for path, not for overview"),
        (["--out", "a.png", "--kind", "path", "--start-id", "100"], "start id 100"),
    ],
)
def test_command_refuses_bad_input(
    file: Path,
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(file.parent)
    assert main(file, *arguments) == 2
    told = capsys.readouterr()
    assert message in told.err and told.err.startswith("lanewise: ") and not told.out
    assert list(file.parent.iterdir()) == [file]


def test_command_refuses_bad_files(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = file.with_name("a.png")
    assert main(file.with_name("missing.json"), "--out", out) == 2
    assert "missing.json" in capsys.readouterr().err
    without_formula(file)
    assert main(file, "--out", out) == 0
    out.unlink()
    assert main(file, "--out", out, "--kind", "basins") == 2
    assert "is of a function, not of a formula; lanewise.plot.basins" in capsys.readouterr().err
    file.write_text("{}")
    assert main(file, "--out", out) == 2
    assert "no result of lanewise as JSON" in capsys.readouterr().err
    file.write_bytes(b"\xff\xfe")
    assert main(file, "--out", out) == 2
    assert not out.exists()


def test_command_line_itself() -> None:
    assert run().returncode == 2
    assert run("plot").returncode == 2
    assert run("plot", "a.json", "--out", "a.png", "--kind", "pie").returncode == 2
    shown = run("plot", "--help")
    assert shown.returncode == 0 and "--kind" in shown.stdout


def test_without_matplotlib_the_error_says_what_to_install(file: Path) -> None:
    hide = "import sys; sys.modules['matplotlib'] = None; import lanewise; "
    read = f"result = lanewise.Result.from_json(open({str(file)!r}).read()); "
    done = run(python=("-c", hide + read + "lanewise.plot.waterfall(result)"))
    assert "ImportError: lanewise.plot draws with matplotlib" in done.stderr
    assert "pip install matplotlib" in done.stderr
    command = "from lanewise.__main__ import main; sys.exit(main(sys.argv[1:]))"
    done = run("plot", file, "--out", file.with_suffix(".png"), python=("-c", hide + command))
    assert done.returncode == 2 and "pip install matplotlib" in done.stderr


def test_fits_have_data_curves_bands_and_residuals() -> None:
    t = np.linspace(0, 4, 12)
    y = np.array([3.0, 2, 1])[:, None] * np.exp(-t) + 0.05 * np.sin(9 * t)
    y[2, 4:] = np.nan
    y[1] = np.nan
    bounds = {"a": (0, 9), "k": (0, 9)}
    result = lanewise.fit("a*exp(-k*x)", t, y, bounds, starts=4)
    figure = plot.fits(result, figure=Figure())
    figure.canvas.draw()
    above, below = figure.axes[0], figure.axes[1]
    assert len(figure.axes) == 6
    dots, curve = above.lines
    assert np.array_equal(dots.get_ydata(), y[0])
    assert curve.get_ydata()[-1] == pytest.approx(result.predict([4.0]).value[0, 0])
    assert len(above.collections) == 1
    assert below.lines[-1].get_ydata() == pytest.approx(y[0] - result.predict().value[0])
    assert figure.axes[2].get_title() == "[1]: no-rows"
    assert "2 converged" in figure.get_suptitle()
    few = plot.fits(result, 1, problems=None, figure=Figure())
    assert "1 of 3 fits" in few.get_suptitle()
    two = plot.fits(result, problems=[2], figure=Figure())
    assert two.axes[0].get_title() == "[2]"
    with pytest.raises(ValueError, match="at least 1"):
        plot.fits(result, 0)
    with pytest.raises(ValueError, match="there are 3"):
        plot.fits(result, problems=[3])


def test_fits_of_groups_and_of_several_columns() -> None:
    t = np.tile(np.linspace(0, 4, 6), 2)
    data = {"t": t, "dose": t**2, "signal": 2 * t + 0.1 * np.cos(t), "who": np.repeat(["ann", "bob"], 6)}
    bounds = {"a": (-9, 9), "b": (-9, 9)}
    result = lanewise.fit("a*t + b*dose", y="signal", bounds=bounds, data=data, group="who", starts=2)
    figure = plot.fits(result, figure=Figure())
    figure.canvas.draw()
    assert [ax.get_title() for ax in figure.axes[::2]] == ["who ann", "who bob"]
    assert figure.axes[0].get_ylabel() == "signal"
    assert figure.axes[1].get_xlabel() == "t"
    assert not figure.axes[0].collections
    assert figure.axes[0].lines[1].get_ydata() == pytest.approx(result.predict().value[:6])
