"""The options of searches and batches, once: by name, with their types."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

import numpy as np

Rule = Literal[
    "adam",
    "gradient-descent",
    "momentum",
    "adagrad",
    "rmsprop",
    "amsgrad",
    "adamax",
    "nadam",
    "lbfgs",
]


class RunOptions(TypedDict, total=False):
    """What searches and batches have in common. The default of each is the library's."""

    rule: Rule
    alpha: float
    """Step size, in box widths where `scale` is "box"."""
    beta1: float
    beta2: float
    eps: float
    iterations: int
    """Of each run."""
    schedule: Literal["constant", "cosine", "exponential"]
    warm_up: int
    final_alpha: float
    scale: Literal["box", "none"]
    maximize: bool
    target: float
    """Ends the search, or the run of a batch, at a value that is as good."""
    threads: int
    isa: str
    """"sse2", "avx2", "avx512" or "neon"."""
    jit: Literal["off", "auto", "on"]
    memory: int | str
    """Bytes that runs may take: 500_000_000, or "500M"."""
    max_time: float
    """Seconds."""
    max_evaluations: int


class SearchOptions(RunOptions, total=False):
    """The options of `minimize`, as the command line has them (doc/command-line.md)."""

    starts: int
    """Starts that are drawn; unless set as many as it takes, at most 4096."""
    seed: int
    design: Literal["uniform", "sobol", "lhs"]
    batch_rows: int
    """Rows of `data` that an iteration looks at; unless set all."""
    explore: int
    offspring: bool
    polish: bool
    prune: bool
    same_distance: float
    precision: Literal["f64", "f32"]
    settle: float | Literal["off"]
    parts: int
    """The starts are worked on in so many parts, which are merged (doc/python-parts.md)."""
    part: str
    """One of them alone: "3/100"."""
    rounds: int
    """Of parts, between which their minima are brought together."""
    start_ids: bool
    """Parts tell the start ids of their minima, too."""
    minima: int
    """How many minima are described at most."""
    every: float
    """Seconds between two checkpoints."""


class BatchOptions(RunOptions, total=False):
    """The options of `minimize_batch`."""

    tolerance: float
    """Of L-BFGS: a run has converged where its steps are this small, relative to x."""


class FitOptions(TypedDict, total=False):
    """The options of `fit` and `minimize_problems`. The default of each is the library's (lanewise/fit.hpp)."""

    seed: int
    iterations: int
    """Of Adam, which brings runs of drawn starts into a basin."""
    rule: Rule
    """Of these iterations."""
    alpha: float
    beta1: float
    beta2: float
    eps: float
    max_steps: int
    """Of Levenberg-Marquardt or Newton's method, which bring runs to the minimum of the basin."""
    tolerance: float
    """A run has converged where its steps are this small, relative to x."""
    precision: Literal["f64", "f32"]
    threads: int
    isa: str
    """"sse2", "avx2", "avx512" or "neon"."""
    jit: Literal["off", "auto", "on"]
    memory: int | str
    """Bytes for what is worked on at once: 500_000_000, or "500M"."""
    max_time: float
    """Seconds."""
    every: float
    """Seconds between two checkpoints."""


def as_text(name: str, value: Any) -> str:
    """The value of an option as the library reads it.

    Raises
    ------
    TypeError
        Naming the option, where it is neither text nor a number.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, np.bool_)):
        return "on" if value else "off"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return repr(float(value))
    raise TypeError(f"{name}: {value!r}; a number, a text, True or False is expected")
