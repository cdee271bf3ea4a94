"""Models: functions ``f(x, *params)`` of rows, recorded and written as formulas."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lanewise._bounds import Array, Variable
from lanewise._objectives import Formula
from lanewise._problem import Problem
from lanewise._tracing import (
    NUMBER_OF,
    Recording,
    Tape,
    Traced,
    TracingError,
    as_array,
    place_of,
    record,
    refuse,
)

WAY_OUT = "Or write the model as a formula (doc/language.md)."

Model = Callable[..., Any]


@dataclass(frozen=True)
class Signature:
    """The names of what a model takes behind x."""

    names: list[str]
    defaults: dict[str, Any] = field(default_factory=dict)
    keywords: frozenset[str] = frozenset()
    """Of these: what can be passed by name alone."""
    is_open: bool = False
    """There may be more, as of ``f(x, *params)``."""

    def call(self, model: Model, x: Any, values: Mapping[str, Any]) -> Any:
        """The model, called with these values by name; those that are not there have defaults."""
        positional: list[Any] = []
        by_name = {}
        for name in dict.fromkeys([*self.names, *values]):
            if name not in values:
                continue
            if name in self.keywords or len(positional) < self._place(name):
                by_name[name] = values[name]
            else:
                positional.append(values[name])
        return model(x, *positional, **by_name)

    def _place(self, name: str) -> int:
        return self.names.index(name) if name in self.names else 0


def signature_of(model: Model) -> Signature:
    """The names of a model's parameters.

    Raises
    ------
    TypeError
        Where it takes no x.
    """
    try:
        parameters = list(inspect.signature(model).parameters.values())
    except ValueError:  # as of functions of numpy
        return Signature([], is_open=True)
    kinds = inspect.Parameter
    if not parameters or parameters[0].kind in (kinds.KEYWORD_ONLY, kinds.VAR_KEYWORD):
        raise TypeError("model: a function f(x, *params) is expected; this one takes no x")
    if parameters[0].kind is kinds.VAR_POSITIONAL:
        return Signature([], is_open=True)
    named = [p for p in parameters[1:] if p.kind not in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)]
    return Signature(
        [p.name for p in named],
        {p.name: p.default for p in named if p.default is not kinds.empty},
        frozenset(p.name for p in named if p.kind is kinds.KEYWORD_ONLY),
        any(p.kind is kinds.VAR_POSITIONAL for p in parameters),
    )


class Names:
    """Names of a formula, each once: what users call it where the language allows that."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)

    def add(self, wanted: str, otherwise: str = "c") -> str:
        """A name that was not there yet, the one that is wanted if possible."""
        name = wanted if wanted.isascii() and wanted.isidentifier() else otherwise
        while name in self._taken or name in _OF_THE_LANGUAGE:
            name += "_"
        self._taken.add(name)
        return name


def formula_of(
    model: Model,
    signature: Signature,
    predictors: Mapping[str, str] | str,
    variables: Mapping[str, tuple[str, int | None]],
    parameters: Mapping[str, str],
    constants: Mapping[str, Any],
) -> str:
    """What a model does with a row, as a formula.

    Parameters
    ----------
    model, signature
        The function.
    predictors
        The name in the formula of what it gets as x, or such names by the names in the mapping that it gets as x.
    variables
        By the model's name: name in the formula, and length of a vector.
    parameters
        The names in the formula of what differs by problem, by the model's names.
    constants
        What else it gets, as it is.

    Raises
    ------
    TracingError
        Where it does something that cannot be recorded, or is no function of its row alone.
    """
    columns = [predictors] if isinstance(predictors, str) else list(predictors.values())
    names = [name for name in columns for _ in range(_ROWS)]
    for name, length in variables.values():
        names += [name] if length is None else [f"{name}[{j}]" for j in range(length)]
    names += parameters.values()

    def call(values: Any) -> Any:
        rows = values[: len(columns) * _ROWS].reshape(len(columns), _ROWS)
        x = rows[0] if isinstance(predictors, str) else dict(zip(predictors, rows))
        given = dict(constants)
        at = rows.size
        for name, (_, length) in variables.items():
            given[name] = values[at] if length is None else values[at : at + length]
            at += length or 1
        given.update(zip(parameters, values[at:]))
        return signature.call(model, x, given)

    def finish(recording: Recording, value: Any) -> str:
        texts = set()
        for row, of_row in enumerate(_rows_of(value, model)):
            tape = recording.tape(of_row, len(names))
            writer = _Writer(tape, names)
            rows = {node % _ROWS for node in writer.variables() if node < len(columns) * _ROWS}
            if rows - {row}:
                refuse(
                    "the value of a row depends on other rows, as a sum, mean or index over x makes it",
                    "A model is a function of each row by itself: pass what is known of all rows by params.",
                    place_of(model),
                )
            texts.add(writer.text())
        if len(texts) > 1:
            refuse("the value of a row depends on its place", "Pass what differs by row as a column.", place_of(model))
        return texts.pop()

    try:
        return record(call, len(names), finish, of=model, way_out=WAY_OUT)
    except TracingError:
        raise
    except Exception as error:
        raise TracingError(
            f"{place_of(model)}{type(error).__name__}: {error}. The model was called with {_ROWS} rows, as it can be with any "
            f"number: pass what differs by row as a column, x={{'t': t, ...}}, and what does not by params. {WAY_OUT}"
        ) from error


_ROWS = 3
"""A model is recorded for so many rows; each has to come to the same."""


def _rows_of(value: Any, model: Model) -> list[Any]:
    if isinstance(value, (Traced, float, int, np.number)):
        return [value] * _ROWS
    if not isinstance(value, (np.ndarray, list, tuple)):
        refuse(f"the model returns {type(value).__name__}", "Return a number for each row.", place_of(model))
    array = as_array(value)
    if array.size != 1 and array.shape != (_ROWS,):
        refuse(
            f"the model returns shape {array.shape} for {_ROWS} rows", "Return a number for each row.", place_of(model)
        )
    return list(np.broadcast_to(array.view(np.ndarray).reshape(-1), (_ROWS,)))


# ---- Formulas ----

_INFIX = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^", "lt": "<", "le": "<=", "eq": "==", "ne": "!=",
    "logical_and": "and", "logical_or": "or",
}  # fmt: skip
_CALLS = {
    **{
        name: 1
        for name in (
            "abs", "sign", "floor", "ceil", "sqrt", "cbrt", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos",
            "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "erf", "erfc", "gamma", "lgamma",
        )
    },
    **dict.fromkeys(("min", "max", "atan2", "hypot"), 2),
    "select": 3,
}  # fmt: skip
_PREFIX = {"neg": "-", "logical_not": "not "}

_OF_THE_LANGUAGE = frozenset(_CALLS) | frozenset(
    ("if", "sum", "prod", "rows", "and", "or", "not", "pi", "e", "inf", "pow", "round", "trunc", "mod", "clamp")
)

_MOST_DEEP = 40
"""A subexpression that nests deeper becomes a definition."""


class _Writer:
    """Writes a tape as a formula: what is used more than once becomes a definition."""

    def __init__(self, tape: Tape, names: Sequence[str]) -> None:
        self._names = names
        self._numbers = tape.numbers
        self._value = tape.value
        name_of = {NUMBER_OF[name]: name for name in ("variable", "constant", *_INFIX, *_CALLS, *_PREFIX)}
        self._operations = [name_of.get(number, "") for number in tape.operations]
        self._operands = [self._operands_of(tape, node) for node in range(len(tape))]
        self._variables = tape.a
        self._order, self._uses = self._reached()

    def variables(self) -> list[int]:
        """The numbers of those that the value depends on."""
        return [int(self._variables[node]) for node in self._order if self._operations[node] == "variable"]

    def text(self) -> str:
        """The formula."""
        names = Names(self._names)
        texts: dict[int, str] = {}
        depths: dict[int, int] = {}
        definitions: list[str] = []
        for node in self._order:
            text = self._text(node, texts)
            operands = self._operands[node]
            depth = 1 + max((depths[operand] for operand in operands), default=-1)
            is_shared = operands and self._uses[node] > 1
            if (is_shared or depth > _MOST_DEEP) and node != self._value:
                name = names.add(f"t{len(definitions) + 1}")
                definitions.append(f"{name} = {text}")
                text, depth = name, 0
            texts[node], depths[node] = text, depth
        value = texts[self._value]
        is_bracketed = self._operations[self._value] in (*_INFIX, *_PREFIX)
        return "; ".join([*definitions, value[1:-1] if is_bracketed else value])

    def _operands_of(self, tape: Tape, node: int) -> tuple[int, ...]:
        operation = self._operations[node]
        count = 2 if operation in _INFIX else 1 if operation in _PREFIX else _CALLS.get(operation, 0)
        return tuple(int(column[node]) for column in (tape.a, tape.b, tape.c)[:count])

    def _reached(self) -> tuple[list[int], dict[int, int]]:
        """The nodes that the value depends on, operands first, in the order in which it does; and how often each is used."""
        order: list[int] = []
        uses = {self._value: 1}
        todo = [(self._value, iter(self._operands[self._value]))]
        while todo:
            node, operands = todo[-1]
            operand = next(operands, None)
            if operand is None:
                order.append(node)
                todo.pop()
            elif operand in uses:
                uses[operand] += 1
            else:
                uses[operand] = 1
                todo.append((operand, iter(self._operands[operand])))
        return order, uses

    def _text(self, node: int, texts: Mapping[int, str]) -> str:
        operation = self._operations[node]
        operands = [texts[operand] for operand in self._operands[node]]
        if operation == "variable":
            return str(self._names[self._variables[node]])
        if operation == "constant":
            return _number(float(self._numbers[node]))
        if operation in _INFIX:
            return f"({operands[0]} {_INFIX[operation]} {operands[1]})"
        if operation in _PREFIX:
            return f"({_PREFIX[operation]}{operands[0]})"
        if operation in _CALLS:
            return f"{'if' if operation == 'select' else operation}({', '.join(operands)})"
        raise TracingError(f"the model uses an operation that formulas have no name for. {WAY_OUT}")


def _number(number: float) -> str:
    if math.isnan(number):
        return "(inf - inf)"
    text = repr(number)
    return f"({text})" if text.startswith("-") else text


# ---- Whether the formula is the model ----

_TOLERANCE = 1e-8


def verify_model(
    formula: str,
    names: Sequence[str],
    call: Callable[[Array, Array], Any],
    rows: Array,
    points: Array,
) -> None:
    """Compares the formula of a traced model with the plain one.

    Parameters
    ----------
    formula, names
        The formula, and what its names are: those of the columns of `rows`, then those of `points`.
    call
        The plain model at rows [n, columns] with the variables and parameters of a point.
    rows, points
        Where.

    Raises
    ------
    TracingError
        Where they differ.
    """
    with Problem(_vectors(names)) as problem:
        problem.set_objective(Formula(formula))
        for point in points:
            at = np.column_stack([rows, np.broadcast_to(point, (len(rows), point.size))])
            f, g = problem.evaluate(np.ascontiguousarray(at))
            with np.errstate(all="ignore"):
                plain = np.broadcast_to(np.asarray(call(rows, point), float), f.shape)
                scale = np.abs(f) + np.abs(g * at).sum(axis=1)
                differ = np.isfinite(plain) | np.isfinite(f)
                differ &= ~((plain == f) | (np.abs(plain - f) <= _TOLERANCE * scale))
            if differ.any():
                row = int(np.argmax(differ))
                raise TracingError(
                    f"the traced model is {float(f[row])!r} at {dict(zip(names, at[row].tolist()))}, and the plain one "
                    f"{float(plain[row])!r}: it depends on something else than x and its parameters, as random numbers, or takes "
                    f"another way there. {WAY_OUT} check=False leaves this comparison out."
                )


def _vectors(names: Sequence[str]) -> list[Variable]:
    """Variables without bounds with these names of coordinates."""
    lengths: dict[str, int | None] = {}
    for name in names:
        base, bracket, _ = name.partition("[")
        lengths[base] = (lengths.get(base) or 0) + 1 if bracket else None
    infinite = {name: np.full(length or 1, np.inf) for name, length in lengths.items()}
    return [Variable(name, length, -infinite[name], infinite[name]) for name, length in lengths.items()]
