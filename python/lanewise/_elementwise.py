"""numpy's functions of numbers, one element at a time: on traced values by recording, on numbers by numpy itself."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from lanewise._tracing import Condition, Recording, Traced, _as_float, refuse

Rule = Callable[..., Any]


def record(operation: str, *operands: Any) -> Any:
    """Records an operation, one of whose operands is traced."""
    recording: Recording = next(x._recording for x in operands if isinstance(x, Traced))
    return recording.apply(operation, operands)


def _direct(operation: str, number: Rule) -> Rule:
    """A function that the library has."""

    def rule(*operands: Any) -> Any:
        for x in operands:
            if isinstance(x, Traced):
                return x._recording.apply(operation, operands)
        return _float(number(*map(_as_float, operands)))

    return rule


def _composed(traced: Rule, number: Rule) -> Rule:
    """A function that is composed of others."""

    def rule(*operands: Any) -> Any:
        for x in operands:
            if isinstance(x, Traced):
                return traced(*operands)
        return _float(number(*map(_as_float, operands)))

    return rule


def _float(value: Any) -> Any:
    return bool(value) if isinstance(value, (bool, np.bool_)) else float(value)


def select(condition: Any, a: Any, b: Any) -> Any:
    """`a` where the condition holds, else `b`."""
    if not isinstance(condition, Traced):
        return a if condition else b
    return record("select", condition, a, b)


def _scipy(name: str) -> Rule:
    """A function of scipy.special on numbers, which is there where the user called it."""

    def number(*operands: float) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(*operands)

    return number


# ---- Functions that are composed ----


def _exp_of_minus_abs(x: Any) -> Any:
    """exp(-|x|), with the derivative of exp(-x) at 0."""
    return np.exp(select(x < 0, x, -x))


def _expit(x: Any) -> Any:
    e = _exp_of_minus_abs(x)
    return select(x < 0, e / (1 + e), 1 / (1 + e))


def _logaddexp(a: Any, b: Any) -> Any:
    apart = select(a < b, b + np.log1p(np.exp(a - b)), a + np.log1p(np.exp(b - a)))
    return select(a == b, a / 2 + b / 2 + math.log(2), apart)  # also where both are infinite


def _asinh(x: Any) -> Any:
    def positive(y: Any) -> Any:
        return np.log1p(y + y * (y / (1 + np.hypot(1.0, y))))

    return select(x < 0, -positive(-x), positive(x))


def _rint(x: Any) -> Any:
    """Halves go to the even neighbour."""
    up = np.floor(x + 0.5)
    is_odd = up - 2 * np.floor(up / 2)
    return select((up - x == 0.5) & (is_odd != 0), up - 1, up)


def _trunc(x: Any) -> Any:
    return select(x < 0, np.ceil(x), np.floor(x))


def _fmax(a: Any, b: Any) -> Any:
    return select(_isnan(a), b, select(_isnan(b), a, np.maximum(a, b)))


def _fmin(a: Any, b: Any) -> Any:
    return select(_isnan(a), b, select(_isnan(b), a, np.minimum(a, b)))


def _isnan(x: Any) -> Any:
    return x != x


def _xlogy(x: Any, y: Any) -> Any:
    return select((x == 0) & (y == y), 0.0, x * np.log(y))


def _xlog1py(x: Any, y: Any) -> Any:
    return select((x == 0) & (y == y), 0.0, x * np.log1p(y))


def _entr(x: Any) -> Any:
    return select(x > 0, -x * np.log(x), select(x == 0, 0.0, -math.inf))


def _rel_entr(x: Any, y: Any) -> Any:
    return select((x > 0) & (y > 0), x * np.log(x / y), select((x == 0) & (y >= 0), 0.0, math.inf))


def _sinc(x: Any) -> Any:
    y = math.pi * x
    return select(x == 0, 1.0, np.sin(y) / y)


def _heaviside(x: Any, at_zero: Any) -> Any:
    return select(x < 0, 0.0, select(x == 0, at_zero, select(x > 0, 1.0, x)))


def _exp10(x: Any) -> Any:
    return 10.0**x


def _ndtr(x: Any) -> Any:
    return record("erfc", -x / math.sqrt(2)) / 2


def _inverted(x: Any) -> Any:
    if not isinstance(x, Condition):
        refuse("~ of a traced number", "It is for conditions.")
    return record("logical_not", x)


def _logic(operation: str) -> Rule:
    """& and |, which numpy has for conditions and whole numbers."""

    def rule(a: Any, b: Any) -> Any:
        if not isinstance(a, Traced) and not isinstance(b, Traced):
            return bool(a and b) if operation == "logical_and" else bool(a or b)
        for x in (a, b):
            if not isinstance(x, (Condition, bool, np.bool_)):
                refuse("& or | of traced numbers", "They are for conditions, as in (x > 0) & (x < 1).")
        return record(operation, a, b)

    return rule


def _xor(a: Any, b: Any) -> Any:
    return record("ne", record("ne", a, 0.0) if isinstance(a, Traced) else float(bool(a)),
                  record("ne", b, 0.0) if isinstance(b, Traced) else float(bool(b)))  # fmt: skip


def _of_truths(operation: str, logic: str | None) -> Rule:
    """What numpy makes of two truths is another thing than of numbers: + is or, * is and, - is refused."""
    of_numbers = _direct(operation, getattr(np, {"add": "add", "mul": "multiply", "sub": "subtract"}[operation]))

    def rule(a: Any, b: Any) -> Any:
        if not (_is_truth(a) and _is_truth(b)):
            return of_numbers(a, b)
        if logic is None:
            refuse("- of two conditions", "Use ^ or np.logical_xor.")
        return _logic(logic)(a, b)

    return rule


def _is_truth(x: Any) -> bool:
    return isinstance(x, (Condition, bool, np.bool_))


def as_number(x: Any) -> Any:
    """A truth as 1 or 0."""
    if isinstance(x, Condition):
        return Traced(x._recording, x._node)
    return float(x) if isinstance(x, (bool, np.bool_)) else x


RULES: dict[str, Rule] = {
    # of the library
    **{
        name: _direct(operation, getattr(np, name))
        for name, operation in {
            "divide": "div",
            "negative": "neg",
            "power": "pow",
            "float_power": "pow",
            "minimum": "min",
            "maximum": "max",
            "absolute": "abs",
            "fabs": "abs",
            "sign": "sign",
            "floor": "floor",
            "ceil": "ceil",
            "sqrt": "sqrt",
            "cbrt": "cbrt",
            "exp": "exp",
            "exp2": "exp2",
            "expm1": "expm1",
            "log": "log",
            "log2": "log2",
            "log10": "log10",
            "log1p": "log1p",
            "sin": "sin",
            "cos": "cos",
            "tan": "tan",
            "arcsin": "asin",
            "arccos": "acos",
            "arctan": "atan",
            "arctan2": "atan2",
            "sinh": "sinh",
            "cosh": "cosh",
            "tanh": "tanh",
            "hypot": "hypot",
            "less": "lt",
            "less_equal": "le",
            "equal": "eq",
            "not_equal": "ne",
            "logical_and": "logical_and",
            "logical_or": "logical_or",
            "logical_not": "logical_not",
        }.items()
    },
    **{
        name: _direct(operation, _scipy(name))
        for name, operation in {
            "erf": "erf",
            "erfc": "erfc",
            "gammaln": "lgamma",
            "gamma": "gamma",
        }.items()
    },
    "add": _of_truths("add", "logical_or"),
    "multiply": _of_truths("mul", "logical_and"),
    "subtract": _of_truths("sub", None),
    # composed
    "greater": _composed(lambda a, b: record("lt", b, a), np.greater),
    "greater_equal": _composed(lambda a, b: record("le", b, a), np.greater_equal),
    "logical_xor": _composed(_xor, np.logical_xor),
    "bitwise_and": _logic("logical_and"),
    "bitwise_or": _logic("logical_or"),
    "bitwise_xor": _composed(_xor, np.logical_xor),
    "invert": _composed(_inverted, np.logical_not),
    "positive": _composed(lambda x: x, np.positive),
    "conjugate": _composed(lambda x: x, np.positive),
    "real": _composed(lambda x: x, np.positive),
    "square": _composed(lambda x: x * x, np.square),
    "reciprocal": _composed(lambda x: 1.0 / x, np.reciprocal),
    "deg2rad": _composed(lambda x: x * (math.pi / 180), np.deg2rad),
    "radians": _composed(lambda x: x * (math.pi / 180), np.radians),
    "rad2deg": _composed(lambda x: x * (180 / math.pi), np.rad2deg),
    "degrees": _composed(lambda x: x * (180 / math.pi), np.degrees),
    "arcsinh": _composed(_asinh, np.arcsinh),
    "arccosh": _composed(lambda x: np.log1p((x - 1) + np.sqrt(x - 1) * np.sqrt(x + 1)), np.arccosh),
    "arctanh": _composed(lambda x: (np.log1p(x) - np.log1p(-x)) / 2, np.arctanh),
    "rint": _composed(_rint, np.rint),
    "trunc": _composed(_trunc, np.trunc),
    "isnan": _composed(_isnan, np.isnan),
    "isfinite": _composed(lambda x: x - x == 0, np.isfinite),
    "isinf": _composed(lambda x: (x == math.inf) | (x == -math.inf), np.isinf),
    "signbit": _composed(lambda x: x < 0, np.signbit),
    "copysign": _composed(lambda x, y: select(y < 0, -abs(x), abs(x)), np.copysign),
    "heaviside": _composed(_heaviside, np.heaviside),
    "fmax": _composed(_fmax, np.fmax),
    "fmin": _composed(_fmin, np.fmin),
    "floor_divide": _composed(lambda a, b: np.floor(a / b), np.floor_divide),
    "remainder": _composed(lambda a, b: a - b * np.floor(a / b), np.remainder),
    "fmod": _composed(lambda a, b: a - b * _trunc(a / b), np.fmod),
    "logaddexp": _composed(_logaddexp, np.logaddexp),
    "logaddexp2": _composed(lambda a, b: _logaddexp(a * math.log(2), b * math.log(2)) / math.log(2), np.logaddexp2),
    "clip": _composed(lambda x, low, high: np.minimum(np.maximum(x, low), high), np.clip),
    "sinc": _composed(_sinc, np.sinc),
    "loggamma": _composed(lambda x: select(x < 0, math.nan, record("lgamma", x)), _scipy("loggamma")),
    "expit": _composed(_expit, _scipy("expit")),
    "log_expit": _composed(lambda x: -_logaddexp(-x, 0.0), _scipy("log_expit")),
    "logit": _composed(lambda x: np.log(x) - np.log1p(-x), _scipy("logit")),
    "xlogy": _composed(_xlogy, _scipy("xlogy")),
    "xlog1py": _composed(_xlog1py, _scipy("xlog1py")),
    "entr": _composed(_entr, _scipy("entr")),
    "rel_entr": _composed(_rel_entr, _scipy("rel_entr")),
    "exp10": _composed(_exp10, _scipy("exp10")),
    "ndtr": _composed(_ndtr, _scipy("ndtr")),
}
"""By the names of numpy's and SciPy's universal functions."""
