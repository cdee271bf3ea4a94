"""Times BoTorch's and Optuna's suggestions by their own optimizers and by lanewise.

    python bench/python/tools.py

Both sides start from the same points, at their own settings, on one thread, and take turns. Printed are medians of seconds and of
values, with ratios.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"

import contextlib
import statistics
import time
import warnings
from typing import Any

import numpy as np

import lanewise

warnings.filterwarnings("ignore")


def botorch() -> None:
    """Expected improvement of a Gaussian process of 100 points in 6 dimensions, 20 restarts."""
    import torch
    from botorch.acquisition import LogExpectedImprovement, qLogExpectedImprovement
    from botorch.fit import fit_gpytorch_mll
    from botorch.models import SingleTaskGP
    from botorch.optim import optimize_acqf
    from botorch.optim.initializers import gen_batch_initial_conditions
    from gpytorch.mlls import ExactMarginalLogLikelihood

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    bounds = torch.stack([torch.zeros(6), torch.ones(6)])
    for q in (1, 2):
        times: dict[str, list[float]] = {"own": [], "lanewise": []}
        gains, better = [], 0
        for seed in range(10):
            torch.manual_seed(seed)
            x = torch.rand(100, 6)
            y = -((x - 0.4) ** 2).sum(-1, keepdim=True) + 0.1 * torch.sin(10 * x).sum(-1, keepdim=True)
            model = SingleTaskGP(x, y)
            fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
            acquisition: Any = (LogExpectedImprovement if q == 1 else qLogExpectedImprovement)(model, y.max())
            starts = gen_batch_initial_conditions(acquisition, bounds, q=q, num_restarts=20, raw_samples=512)
            values = {}
            for _ in range(3):
                for name, more in (("own", {}), ("lanewise", {"gen_candidates": lanewise.botorch.gen_candidates})):
                    begin = time.perf_counter()
                    _, value = optimize_acqf(
                        acquisition, bounds, q=q, num_restarts=20, batch_initial_conditions=starts, **more
                    )
                    times[name].append(time.perf_counter() - begin)
                    values[name] = float(value)
            gains.append(values["lanewise"] - values["own"])
            better += gains[-1] >= -1e-9
        own, ours = (statistics.median(times[name]) for name in ("own", "lanewise"))
        ratio = statistics.median(b / a for a, b in zip(times["own"], times["lanewise"]))
        print(
            f"BoTorch, optimize_acqf, q = {q}: own {own:.3f} s, lanewise {ours:.3f} s ({ratio:.2f} times, median of pairs); "
            f"value equal or better in {better} of 10 (by {min(gains):.1e} to {max(gains):.1e})"
        )


def optuna() -> None:
    """GPSampler on Hartmann-6, 60 trials: seconds per suggestion, and the acquisition value of each."""
    import optuna as package

    package.logging.set_verbosity(package.logging.ERROR)
    alpha = np.array([1.0, 1.2, 3.0, 3.2])
    a = np.array(
        [[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]]
    )
    p = 1e-4 * np.array(
        [
            [1312, 1696, 5569, 124, 8283, 5886],
            [2329, 4135, 8307, 3736, 1004, 9991],
            [2348, 1451, 3522, 2883, 3047, 6650],
            [4047, 8828, 8732, 5743, 1091, 381],
        ]
    )

    def hartmann(trial: Any) -> float:
        x = np.array([trial.suggest_float(f"x{j}", 0, 1) for j in range(6)])
        return float(-alpha @ np.exp(-(a * (x - p) ** 2).sum(axis=1)))

    times: dict[str, list[float]] = {"own": [], "lanewise": []}
    gains: list[float] = []

    class Both(package.samplers.GPSampler):
        """Of each acquisition function both optimizers are asked; the study goes on with what its own finds."""

        def _optimize_acqf(self, acqf: Any, best_params: Any) -> Any:
            state = self._rng.rng.get_state()
            found = {}
            for name in times:
                self._rng.rng.set_state(state)
                with lanewise.optuna.batched() if name == "lanewise" else contextlib.nullcontext():
                    begin = time.perf_counter()
                    found[name] = super()._optimize_acqf(acqf, best_params)
                    times[name].append(time.perf_counter() - begin)
            values = {name: float(acqf.eval_acqf_no_grad(x)) for name, x in found.items()}
            gains.append(values["lanewise"] - values["own"])
            return found["own"]

    for seed in range(3):
        study = package.create_study(sampler=Both(seed=seed))
        study.optimize(hartmann, n_trials=60)
    own, ours = (statistics.median(times[name]) for name in ("own", "lanewise"))
    ratio = statistics.median(b / a for a, b in zip(times["own"], times["lanewise"]))
    even = sum(abs(gain) <= 1e-6 for gain in gains)
    print(
        f"Optuna, GPSampler: own {own:.3f} s a suggestion, lanewise {ours:.3f} s ({ratio:.2f} times, median of pairs); "
        f"of {len(gains)} acquisition values {even} are equal to 1e-6, {sum(gain > 1e-6 for gain in gains)} better, "
        f"{sum(gain < -1e-6 for gain in gains)} worse"
    )


if __name__ == "__main__":
    botorch()
    optuna()
