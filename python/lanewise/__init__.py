"""lanewise: the global minimum of a differentiable function over a box, by thousands of Adam runs at once.

>>> import lanewise
>>> result = lanewise.minimize("(x^2 + y - 11)^2 + (x + y^2 - 7)^2", {"x": (-5, 5), "y": (-5, 5)})
>>> len(result.minima)
4

`minimize` takes a formula, a plain numpy function or a batched callback. `fit` fits a model to data, once or for thousands of
voxels or groups at a time; `minimize_problems` does so with any objective. `minimize_batch` minimises from each start for itself.
`Swarm` is a search in which the caller evaluates. `lanewise.plot` draws results; `scipy_method`, `sklearn_optimizer`,
`lanewise.botorch` and `lanewise.optuna` make lanewise the optimizer of other packages.
"""

from __future__ import annotations

import importlib
from typing import Any

from lanewise._bounds import Bounds
from lanewise._errors import NothingFinite
from lanewise._fit import fit
from lanewise._fits import Fits, Prediction, ProblemEnds, ProblemMinimum
from lanewise._library import version as _version
from lanewise._minimize import check_gradient, evaluate, minimize, minimize_batch, profile
from lanewise._minimize_problems import minimize_problems
from lanewise._progress import FitProgress, Progress
from lanewise._result import (
    Audit,
    BatchResult,
    Coverage,
    GradientCheck,
    History,
    Minimum,
    Parts,
    Profile,
    Region,
    Result,
    Work,
)
from lanewise._scipy import scipy_method
from lanewise._sklearn import sklearn_optimizer
from lanewise._swarm import Swarm
from lanewise._tracing import Tape, TracingError, trace

__version__ = _version()

_LAZY = ("botorch", "optuna", "plot")


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(f"lanewise.{name}")
    raise AttributeError(f"module 'lanewise' has no attribute {name!r}")


__all__ = [
    "Audit",
    "BatchResult",
    "Bounds",
    "Coverage",
    "FitProgress",
    "Fits",
    "GradientCheck",
    "History",
    "Minimum",
    "NothingFinite",
    "Parts",
    "Prediction",
    "ProblemEnds",
    "ProblemMinimum",
    "Profile",
    "Progress",
    "Region",
    "Result",
    "Swarm",
    "Tape",
    "TracingError",
    "Work",
    "check_gradient",
    "evaluate",
    "fit",
    "minimize",
    "minimize_batch",
    "minimize_problems",
    "profile",
    "scipy_method",
    "sklearn_optimizer",
    "trace",
]
