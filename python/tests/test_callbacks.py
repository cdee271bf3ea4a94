"""Batched callbacks: what they may return, and what goes wrong in them."""

from __future__ import annotations

import traceback
from typing import Any

import numpy as np
import pytest

import lanewise
from functions import sphere_batch

BOX = [(-5, 5)] * 2


@pytest.mark.parametrize(
    "convert",
    [
        np.asarray,
        lambda a: a.astype(np.float32),
        lambda a: np.asfortranarray(a),
        lambda a: np.repeat(a, 2, axis=0)[::2],
        lambda a: a.tolist(),
        lambda a: np.ma.masked_array(a),
        lambda a: a.astype(">f8"),
        lambda a: a.astype(np.longdouble),
    ],
    ids=["plain", "float32", "fortran", "strided", "list", "masked", "big-endian", "longdouble"],
)
def test_arrays_of_other_kinds(convert: Any) -> None:
    def callback(x: Any) -> Any:
        f, g = sphere_batch(x)
        return convert(f), convert(g)

    assert lanewise.minimize(callback, BOX, jac=True, starts=20).fun < 1e-12


def test_read_only_arrays() -> None:
    def callback(x: Any) -> Any:
        f, g = sphere_batch(x)
        f.flags.writeable = g.flags.writeable = False
        return f, g

    assert lanewise.minimize(callback, BOX, jac=True, starts=20).fun < 1e-20


@pytest.mark.parametrize(
    ("returned", "kind", "message"),
    [
        (lambda f, g: f, TypeError, "with jac=True it returns two"),
        (lambda f, g: (f, g, f), TypeError, "tuple"),
        (lambda f, g: (f[:-1], g), ValueError, r"values f of shape \(\d+,\); shape"),
        (lambda f, g: (f, g.T[:1]), ValueError, "gradients g of shape"),
        (lambda f, g: (f[:, None], g), ValueError, "values f"),
        (lambda f, g: (f + 1j, g), TypeError, "complex"),
        (lambda f, g: (f, g.astype(object)), TypeError, "object"),
        (lambda f, g: (None, g), TypeError, "values f"),
        (lambda f, g: (f, ["a"]), TypeError, "gradients g"),
    ],
)
def test_what_cannot_be_taken_is_named(returned: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        lanewise.minimize(lambda x: returned(*sphere_batch(x)), BOX, jac=True)


def test_an_exception_comes_with_its_traceback() -> None:
    class Broken(Exception):
        pass

    calls = []

    def fails_here(x: Any) -> Any:
        calls.append(len(x))
        if len(calls) == 3:
            raise Broken("third call")
        return sphere_batch(x)

    for run in (
        lambda: lanewise.minimize(fails_here, BOX, jac=True, starts=64),
        lambda: lanewise.minimize_batch(fails_here, np.ones((5, 2)), BOX, jac=True),
    ):
        calls.clear()
        with pytest.raises(Broken, match="third call") as caught:
            run()
        assert len(calls) == 3
        names = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
        assert "fails_here" in names
    for bad in (SystemExit(3), KeyboardInterrupt()):

        def leaves(x: Any, bad: BaseException = bad) -> Any:
            raise bad

        with pytest.raises(type(bad)):
            lanewise.minimize(leaves, BOX, jac=True)
    with pytest.raises(ZeroDivisionError):
        lanewise.minimize("x[0]^2", [(-1, 1)], progress=lambda at: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        lanewise.minimize("x[0]^2", [(-1, 1)], stop=lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        lanewise.minimize("x[0]^2", [(-1, 1)], checkpoint=lambda state: 1 / 0)


def test_nan_ends_one_run_alone() -> None:
    def callback(x: Any) -> Any:
        f, g = sphere_batch(x - 1)
        f[x[:, 0] > 3] = np.nan
        g[x[:, 1] > 4] = np.inf
        return f, g

    result = lanewise.minimize(callback, BOX, jac=True, starts=200, explore=1)
    assert result.x == pytest.approx([1, 1])
    assert result.runs["nan-at-start"] > 10

    with pytest.raises(lanewise.NothingFinite):
        lanewise.minimize(lambda x: (np.full(len(x), np.nan), x), BOX, jac=True)


def test_a_search_within_a_callback() -> None:
    def callback(x: Any) -> Any:
        inner = lanewise.minimize("(x[0] - 1)^2", [(-2, 2)], starts=4)
        return sphere_batch(x - inner.x)

    result = lanewise.minimize_batch(callback, np.zeros((2, 2)), BOX, jac=True)
    assert result.x == pytest.approx(np.ones((2, 2)))


def test_tensors_by_dlpack() -> None:
    class Tensor:
        """An array that is known by DLPack alone."""

        def __init__(self, array: Any) -> None:
            self._array = array

        def __dlpack__(self, **options: Any) -> Any:
            return self._array.__dlpack__(**options)

        def __dlpack_device__(self) -> Any:
            return self._array.__dlpack_device__()

    def callback(x: Any) -> Any:
        f, g = sphere_batch(x)
        return Tensor(f), Tensor(g)

    assert lanewise.minimize(callback, BOX, jac=True, starts=20).fun < 1e-20
