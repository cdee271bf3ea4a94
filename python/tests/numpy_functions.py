"""Functions the way numpy users write them: each with the width of its box and its dimension."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

FUNCTIONS: list[Case] = []


@dataclass(frozen=True)
class Case:
    """A function of a vector of `dimension` elements between `lower` and `upper`."""

    function: Callable[[Any], Any]
    dimension: int
    lower: float
    upper: float
    is_of_jax: bool
    """Whether JAX can run it: it has no assignment to items, and none of numpy's functions that JAX lacks."""

    def __str__(self) -> str:
        return self.function.__name__


def case(
    dimension: int = 4, lower: float = -2, upper: float = 2, jax: bool = True
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Adds a function to the list."""

    def add(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        FUNCTIONS.append(Case(function, dimension, lower, upper, jax))
        return function

    return add


RNG = np.random.default_rng(20260101)
MATRIX = RNG.normal(size=(4, 4))
TIMES = np.linspace(0.1, 3, 25)
DATA = 2.5 * np.exp(-1.3 * TIMES) + 0.5 + 0.05 * RNG.normal(size=25)
LABELS = RNG.integers(0, 2, 30)
FEATURES = RNG.normal(size=(30, 3))
CENTERS = RNG.uniform(-2, 2, size=(5, 2))


# ---- Benchmarks of the literature ----


@case()
def sphere(x: Any) -> Any:
    return np.sum(x**2)


@case()
def rosenbrock(x: Any) -> Any:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@case()
def rastrigin(x: Any) -> Any:
    return 10 * len(x) + (x**2 - 10 * np.cos(2 * np.pi * x)).sum()


@case()
def ackley(x: Any) -> Any:
    n = x.size
    return -20 * np.exp(-0.2 * np.sqrt((x @ x) / n)) - np.exp(np.cos(2 * np.pi * x).mean()) + 20 + np.e


@case(upper=5, lower=-5)
def griewank(x: Any) -> Any:
    i = np.arange(1, x.size + 1)
    return 1 + np.sum(x**2) / 4000 - np.prod(np.cos(x / np.sqrt(i)))


@case(lower=-400, upper=400)
def schwefel(x: Any) -> Any:
    return 418.9829 * x.shape[0] - np.dot(x, np.sin(np.sqrt(np.abs(x))))


@case()
def levy(x: Any) -> Any:
    w = 1 + (x - 1) / 4
    middle = (w[:-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:-1] + 1) ** 2)
    return np.sin(np.pi * w[0]) ** 2 + np.sum(middle) + (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)


@case(lower=0.1, upper=3)
def michalewicz(x: Any) -> Any:
    i = np.arange(len(x)) + 1.0
    return -np.sum(np.sin(x) * np.sin(i * x**2 / np.pi) ** 20)


@case()
def styblinski_tang(x: Any) -> Any:
    return 0.5 * np.add.reduce(x**4 - 16 * np.square(x) + 5 * x)


@case()
def zakharov(x: Any) -> Any:
    weighted = np.inner(0.5 * np.arange(1, len(x) + 1), x)
    return np.linalg.norm(x) ** 2 + weighted**2 + weighted**4


@case()
def dixon_price(x: Any) -> Any:
    i = np.arange(2, len(x) + 1)
    return (x[0] - 1) ** 2 + sum(i * (2 * x[1:] ** 2 - x[:-1]) ** 2)


@case(dimension=2, lower=-5, upper=5)
def himmelblau(p: Any) -> Any:
    x, y = p
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


@case(dimension=2)
def six_hump_camel(p: Any) -> Any:
    x, y = p[0], p[1]
    return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2


@case(dimension=2, lower=-5, upper=10)
def branin(p: Any) -> Any:
    x, y = p
    return (y - 5.1 / (4 * np.pi**2) * x**2 + 5 / np.pi * x - 6) ** 2 + 10 * (1 - 1 / (8 * np.pi)) * np.cos(x) + 10


@case(dimension=2)
def easom(p: Any) -> Any:
    return -np.prod(np.cos(p)) * np.exp(-np.sum((p - np.pi) ** 2))


@case(dimension=4, lower=-5, upper=5)
def powell(x: Any) -> Any:
    a, b, c, d = x
    return (a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4


@case(lower=0, upper=10)
def shekel(x: Any) -> Any:
    a = np.array([[4, 4, 4, 4], [1, 1, 1, 1], [8, 8, 8, 8], [6, 6, 6, 6]])
    c = np.array([0.1, 0.2, 0.2, 0.4])
    return -np.sum(1 / (np.sum((x - a) ** 2, axis=1) + c))


@case(dimension=3, lower=0, upper=1)
def hartmann(x: Any) -> Any:
    alpha = np.array([1.0, 1.2, 3.0, 3.2])
    a = np.array([[3, 10, 30], [0.1, 10, 35], [3, 10, 30], [0.1, 10, 35]])
    p = 1e-4 * np.array([[3689, 1170, 2673], [4699, 4387, 7470], [1091, 8732, 5547], [381, 5743, 8828]])
    return -alpha @ np.exp(-np.einsum("ij,ij->i", a, (x - p) ** 2))


@case(dimension=6, lower=-2, upper=2)
def lennard_jones(x: Any) -> Any:
    atoms = x.reshape(-1, 3)
    energy = 0.0
    for i in range(len(atoms)):
        for j in range(i):
            r6 = (np.sum((atoms[i] - atoms[j]) ** 2) + 0.3) ** 3
            energy = energy + 4 * (1 / r6**2 - 1 / r6)
    return energy


@case(dimension=2)
def drop_wave(x: Any) -> Any:
    r = np.hypot(*x)
    return -(1 + np.cos(12 * r)) / (0.5 * r**2 + 2)


# ---- Models and data ----


@case(dimension=3, lower=0.1, upper=3)
def exponential_fit(p: Any) -> Any:
    a, k, b = p
    return np.sum((a * np.exp(-k * TIMES) + b - DATA) ** 2)


@case(dimension=3)
def logistic_regression(w: Any) -> Any:
    margins = (2 * LABELS - 1) * (FEATURES @ w)
    return np.logaddexp(0, -margins).mean() + 0.01 * w.dot(w)


@case(dimension=3)
def logistic_likelihood(w: Any) -> Any:
    p = 1 / (1 + np.exp(-np.dot(FEATURES, w)))
    return -np.mean(LABELS * np.log(p) + (1 - LABELS) * np.log1p(-p))


@case(dimension=3)
def poisson_regression(w: Any) -> Any:
    rate = FEATURES @ w
    return np.sum(np.exp(rate) - LABELS * rate)


@case(dimension=13, lower=-1, upper=1)
def small_network(w: Any) -> Any:
    hidden = np.tanh(FEATURES @ w[:9].reshape(3, 3))
    out = hidden @ w[9:12] + w[12]
    return np.mean((out - LABELS) ** 2)


@case(dimension=3, lower=0.2, upper=2)
def gaussian_process(theta: Any) -> Any:
    scale, length, noise = theta
    r2 = (TIMES[:2, None] - TIMES[None, :2]) ** 2
    k = scale * np.exp(-r2 / (2 * length**2)) + noise * np.eye(2)
    det = k[0, 0] * k[1, 1] - k[0, 1] * k[1, 0]
    inverse = np.array([[k[1, 1], -k[0, 1]], [-k[1, 0], k[0, 0]]]) / det
    y = DATA[:2]
    return 0.5 * y @ inverse @ y + 0.5 * np.log(det)


@case(dimension=6, lower=0.1, upper=3)
def mixture(p: Any) -> Any:
    weights, means, widths = p[:2] / np.sum(p[:2]), p[2:4], p[4:6]
    z = (DATA[:, np.newaxis] - means) / widths
    return -np.sum(np.log(np.sum(weights / widths * np.exp(-0.5 * z**2), axis=1)))


@case(dimension=2, lower=0.3, upper=2)
def robust_location(p: Any) -> Any:
    r = np.abs(DATA - p[0]) / p[1]
    return np.where(r < 1, 0.5 * r**2, r - 0.5).sum() + len(DATA) * np.log(p[1])


@case(dimension=10)
def clusters(c: Any) -> Any:
    distances = ((CENTERS[:, None, :] - c.reshape(5, 2)[None, :, :]) ** 2).sum(-1)
    return distances.min(axis=1).sum()


@case(dimension=4, lower=0.1, upper=2)
def portfolio(w: Any) -> Any:
    w = w / w.sum()
    covariance = MATRIX @ MATRIX.T
    return np.sqrt(w @ covariance @ w) - 0.1 * np.average(MATRIX[0], weights=w)


@case(dimension=2, lower=0.2, upper=2)
def oscillator(p: Any) -> Any:
    position, speed, total = 1.0, 0.0, 0.0
    for _ in range(20):
        speed = speed + 0.1 * (-p[0] * position - p[1] * speed)
        position = position + 0.1 * speed
        total += position**2
    return total


@case(dimension=3, jax=False)
def spectrum(x: Any) -> Any:
    signal = np.sum([x[k] * np.sin((k + 1) * TIMES) for k in range(3)], axis=0)
    return np.var(signal - DATA) + np.std(signal) + np.ptp(x)


# ---- Pieces and branches ----


@case(dimension=3)
def relu_wall(x: Any) -> Any:
    return np.maximum(0, 1 - x.sum()) ** 2 + np.sum(np.minimum(x, 0) ** 2)


@case()
def clipped(x: Any) -> Any:
    return np.sum(np.clip(x, -1, 0.5) ** 3) + x.clip(-0.5, None).sum() + np.clip(x[0], 0.1, 0.9)


@case(jax=False)
def in_pieces(x: Any) -> Any:
    return np.sum(np.piecewise(x, [x < -1, x >= 1], [lambda v: -v, lambda v: v**2, 0.5]))


@case()
def selected(x: Any) -> Any:
    return np.sum(np.select([x < -0.5, x < 0.5], [x**2, np.sin(x)], default=x))


@case()
def wheres(x: Any) -> Any:
    return np.where(x[0] > x[1], x[0] ** 2, np.exp(x[1])) + np.sum(np.where((x > 0) & (x < 1) | ~(x > -1), x, x**2))


@case()
def extrema(x: Any) -> Any:
    return np.max(x) * np.min(x) + x.max() - np.amin(x**2) + np.ptp(np.exp(x))


@case()
def signs(x: Any) -> Any:
    return np.sum(np.sign(x) * x**2) + np.sum(np.floor(3 * x) * x) + np.abs(x[0]) * np.ceil(x[1]) + np.fabs(x[2])


@case()
def conditions_as_numbers(x: Any) -> Any:
    return np.sum((x > 0) * x) + (x < 1).sum() + np.count_nonzero(x > 0.5) + np.mean(x != 0)


@case()
def any_and_all(x: Any) -> Any:
    return np.where(np.all(x > -1), x[0], x[1] ** 2) + np.where(np.any(x > 1.5), x[2], 3 * x[3])


@case(jax=False)
def rounded(x: Any) -> Any:
    return np.sum(np.round(x) * x + np.rint(2 * x) + np.trunc(x) * x + np.fix(3 * x)) + np.around(x[0], 1)


@case(lower=0.2)
def remainders(x: Any) -> Any:
    return np.sum(np.mod(x, 0.7) + x % 0.3 + np.fmod(-x, 0.9) + np.remainder(-x, 1.1)) + np.sum(x // 0.5 * x)


@case()
def not_numbers(x: Any) -> Any:
    return np.where(np.isnan(x[0]) | np.isinf(x[1]), 0, x[0] * x[1]) + np.sum(np.where(np.isfinite(x), x, 0))


@case()
def fmaxes(x: Any) -> Any:
    return np.sum(np.fmax(x, 0.3) - np.fmin(x**2, 1)) + np.nansum(x) + np.heaviside(x[0], 0.5) * x[0]


@case(jax=False)
def interpolated(x: Any) -> Any:
    return np.sum(np.interp(x, [-1.5, -0.5, 0.2, 1.4], [0.0, 2.0, -1.0, 3.0]))


@case()
def copied_signs(x: Any) -> Any:
    return np.sum(np.copysign(x**2 + 1, x)) + np.sum(np.logical_xor(x > 0, x > 1) * x) + np.sum(np.logical_not(x > 0))


# ---- Arrays moved, made and filled ----


@case(jax=False)
def assigned(x: Any) -> Any:
    y = np.zeros(4)
    y[0] = x[0] * x[1]
    y[1:3] = np.sin(x[2:])
    y[-1] = 2.0
    return np.sum(y**2)


@case(jax=False)
def in_place(x: Any) -> Any:
    y = np.zeros_like(x)
    y += x
    y *= 2
    y[1:] -= x[:-1]
    y[0] **= 2
    y /= 3.0
    return np.dot(y, y)


@case(jax=False)
def masked(x: Any) -> Any:
    y = x.copy()
    y[y < 0] = 0
    y[x > 1] **= 3
    y[x < -1] = -2 * np.sin(x[x < -1]) + 1
    return np.sum(y**2)


@case(jax=False)
def filled(x: Any) -> Any:
    m = np.empty((2, 2))
    m[0, 0], m[0, 1] = x[0], x[1]
    m[1] = x[2:]
    out = np.full(2, 3.0)
    out[0] = m[0, 0] * m[1, 1] - m[0, 1] * m[1, 0]
    return out.sum() + np.trace(m) + np.ones(2) @ m @ np.ones(2)


@case()
def arrays_of_lists(x: Any) -> Any:
    rotation = np.array([[np.cos(x[0]), -np.sin(x[0])], [np.sin(x[0]), np.cos(x[0])]])
    return np.sum((rotation @ np.array([x[1], 1.0]) - np.asarray([x[2], x[3]])) ** 2)


@case()
def shifted(x: Any) -> Any:
    return np.sum((np.roll(x, 1) - x) ** 2) + np.sum(np.diff(x) ** 2) + np.sum(np.diff(x, n=2) ** 4)


@case()
def cumulated(x: Any) -> Any:
    return np.sum(np.cumsum(x) ** 2) + np.cumprod(1 + x**2)[-1] + x.cumsum()[2] + np.add.accumulate(x)[1] ** 2


@case(lower=0.5, jax=False)
def joined(x: Any) -> Any:
    y = np.concatenate([x[:2], [1.0], np.log(x[2:])])
    z = np.stack([x, x**2])
    return np.sum(y**2) + np.sum(z[0] * z[1]) + np.sum(np.hstack((x, y))) + np.sum(np.vstack([x, x]) ** 3)


@case()
def repeated(x: Any) -> Any:
    y = np.repeat(x, 2) * np.tile(np.array([1.0, -2.0]), 4)
    return np.sum(y**2) + np.sum(np.append(x, 3.0)) + np.sum(np.flip(x) * x) + np.sum(x[::-1][::2])


@case()
def triangles(x: Any) -> Any:
    m = np.outer(x, x) + MATRIX
    return np.sum(np.tril(m) ** 2) + np.sum(np.triu(m, 1)) + np.sum(np.diag(m)) + np.trace(m.T @ m)


@case()
def products_of_matrices(x: Any) -> Any:
    m = x.reshape(2, 2)
    return (
        np.sum(m @ m)
        + np.sum(np.matmul(m, m.T) * np.eye(2))
        + np.sum(np.kron(m, m))
        + np.tensordot(m, m, 2)
        + np.vdot(m, m)
    )


@case()
def sums_of_einstein(x: Any) -> Any:
    m = x.reshape(2, 2)
    return (
        np.einsum("ij,jk,ki->", m, m, m)
        + np.einsum("ii", m)
        + np.sum(np.einsum("i,j->ij", x, x) ** 2)
        + np.einsum("i,i", x, x)
    )


@case()
def quadratic_form(x: Any) -> Any:
    return x @ MATRIX @ x + x.T.dot(MATRIX.T).dot(x) + np.inner(x, MATRIX[0]) + MATRIX[1] @ x


@case()
def norms(x: Any) -> Any:
    return (
        np.linalg.norm(x) + np.linalg.norm(x, 1) + np.linalg.norm(x, np.inf) + np.linalg.norm(x, ord=3)
        + np.linalg.norm(x.reshape(2, 2)) + np.sum(np.linalg.norm(x.reshape(2, 2), axis=1))
    )  # fmt: skip


@case()
def axes(x: Any) -> Any:
    m = x.reshape(2, 2)
    return (
        np.sum(m.mean(axis=0) ** 2) + np.prod(m, axis=1).sum() + np.var(m, axis=0).sum() + np.std(m, axis=1, ddof=1).sum()
        + np.sum(m.max(axis=1, keepdims=True) * m) + np.mean(m)
    )  # fmt: skip


@case()
def new_axes(x: Any) -> Any:
    d = x[:, None] - x[None, :]
    return np.sum(np.exp(-(d**2))) + np.sum(np.expand_dims(x, 0) * np.atleast_2d(x).T) + np.squeeze(x[np.newaxis])[1]


@case()
def grids(x: Any) -> Any:
    a, b = np.meshgrid(x[:2], x[2:])
    return np.sum(a * b**2) + np.sum(np.broadcast_to(x[:2], (3, 2)) ** 2) + np.sum(np.column_stack([x, x**2])[:, 1])


@case(jax=False)
def split_up(x: Any) -> Any:
    a, b = np.split(x, 2)
    return (
        np.dot(a, b)
        + np.sum(np.array_split(x, 3)[0])
        + np.sum(np.take(x, [0, 2]))
        + np.sum(np.moveaxis(x.reshape(2, 2), 0, 1)[0])
    )


@case(jax=False)
def convolved(x: Any) -> Any:
    return (
        np.sum(np.convolve(x, [1.0, -2.0, 1.0]) ** 2)
        + np.sum(np.correlate(x, x, "full") ** 2)
        + np.sum(np.convolve(x, x[:2], "same"))
    )


@case()
def crossed(x: Any) -> Any:
    return np.sum(np.cross(x[:3], np.array([1.0, 2.0, 3.0])) ** 2) + np.linalg.norm(np.cross(x[:3], x[1:]))


@case(jax=False)
def integrals(x: Any) -> Any:
    trapezoid = getattr(np, "trapezoid" if hasattr(np, "trapezoid") else "trapz")
    return trapezoid(x**2, dx=0.1) + trapezoid(x, [0.0, 1.0, 3.0, 4.0]) + np.sum(np.gradient(x) ** 2)


@case(jax=False)
def polynomials(x: Any) -> Any:
    return (
        np.polyval([1.0, -2.0, 0.5], x[0])
        + np.polyval(x, 0.7)
        + np.sum(np.polynomial.polynomial.polyval(x, [1.0, 0.3, -0.2]))
    )


@case(jax=False)
def indexed(x: Any) -> Any:
    return (
        x[[0, 2]] @ x[[1, 3]]
        + x[np.array([True, False, True, False])].sum()
        + x[-1] * x[..., 0]
        + x.flatten()[1]
        + x.ravel()[2]
    )


@case(jax=False)
def python_loops(x: Any) -> Any:
    total = 0
    for i, value in enumerate(x):
        total += value ** (i + 1) * (-1) ** i
    return total + sum(v**2 for v in x.tolist()) + abs(x[0]) + pow(x[1], 3) + -x[2] + +x[3]


# ---- Elementary and special functions ----


@case(lower=0.1, upper=0.9)
def trigonometry(x: Any) -> Any:
    return np.sum(np.sin(x) + np.cos(x) + np.tan(x) + np.arcsin(x) + np.arccos(x) + np.arctan(x)) + np.arctan2(
        x[0], x[1]
    )


@case(lower=0.1, upper=0.9)
def hyperbolics(x: Any) -> Any:
    return np.sum(np.sinh(x) + np.cosh(x) + np.tanh(x) + np.arcsinh(x) + np.arctanh(x) + np.arccosh(1 + x))


@case()
def hyperbolics_of_both_signs(x: Any) -> Any:
    return np.sum(np.arcsinh(x)) + np.sum(np.arctanh(x / 3)) + np.sum(np.sinh(-x))


@case(lower=0.1)
def exponents(x: Any) -> Any:
    return np.sum(np.exp(x) + np.exp2(x) + np.expm1(x) + np.log(x) + np.log2(x) + np.log10(x) + np.log1p(x))


@case(lower=0.1)
def powers(x: Any) -> Any:
    return (
        np.sum(x**1.5 + np.power(x, -2) + np.sqrt(x) + np.cbrt(x) + 2**x + np.square(x) + np.reciprocal(x))
        + np.sum(x ** x[0])
        + np.float_power(x[1], 3)
    )


@case()
def degrees(x: Any) -> Any:
    return np.sum(np.deg2rad(x) ** 2 + np.degrees(x) + np.radians(x) * np.rad2deg(x)) + np.hypot(x[0], x[1])


@case()
def log_sums(x: Any) -> Any:
    return (
        np.logaddexp(x[0], x[1])
        + np.logaddexp.reduce(x)
        + np.logaddexp2(x[2], x[3])
        + np.log(np.sum(np.exp(x - x.max())))
        + x.max()
    )


@case()
def sincs(x: Any) -> Any:
    return np.sum(np.sinc(x)) + np.sinc(x[0] * 0)


@case()
def ufuncs_of_two(x: Any) -> Any:
    return (
        np.sum(np.add(x, 1)) + np.sum(np.subtract(2, x)) + np.sum(np.multiply.outer(x, x)) + np.sum(np.divide(x, 3))
        + np.multiply.reduce(x) + np.maximum.reduce(x) + np.sum(np.minimum.accumulate(x))
        + np.sum(np.negative(x)) + np.sum(np.positive(x))
    )  # fmt: skip


@case()
def numbers_of_numpy(x: Any) -> Any:
    return (
        np.float64(2) * x[0]
        + x[1] * np.int32(3)
        + np.pi * x[2]
        + np.array(1.5) * x[3]
        + np.float32(0.5)
        - x[0] / np.array([2.0])[0]
    )


@case()
def attributes(x: Any) -> Any:
    return (
        x.size * x.sum()
        + x.ndim
        + x.shape[0] * x.mean()
        + x.std()
        + x.var()
        + x.prod()
        + len(x)
        + x.dot(x)
        + x.astype(float).min()
    )
