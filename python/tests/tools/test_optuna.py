"""lanewise as the local optimizer of Optuna's Gaussian-process sampler."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import lanewise

optuna = pytest.importorskip("optuna")
pytest.importorskip("torch")
from optuna._gp import batched_lbfgsb as module  # noqa: E402

optuna.logging.set_verbosity(optuna.logging.WARNING)


def objective(trial: Any) -> float:
    x = trial.suggest_float("x", -5, 5)
    y = trial.suggest_float("y", 1e-3, 10, log=True)
    kind = trial.suggest_categorical("kind", ["a", "b"])
    return float((x - 1) ** 2 + (np.log(y) + 1) ** 2 + (kind == "b"))


def best_of(trials: int) -> float:
    study = optuna.create_study(sampler=optuna.samplers.GPSampler(seed=1, n_startup_trials=8))
    study.optimize(objective, n_trials=trials)
    return float(study.best_value)


def test_it_finds_what_its_own_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    ours = lanewise.optuna._batched_lbfgsb
    monkeypatch.setattr(lanewise.optuna, "_batched_lbfgsb", lambda *a, **k: calls.append(1) or ours(*a, **k))
    with lanewise.optuna.batched():
        assert best_of(25) < 0.3
    assert len(calls) > 10
    assert best_of(25) < 0.3


def test_it_does_what_the_function_of_optuna_does() -> None:
    def func_and_grad(x: Any, centers: Any, scales: Any) -> Any:
        away = x - np.array(centers)
        scale = np.array(scales)
        return scale * (away**2).sum(axis=1), 2 * scale[:, None] * away

    generator = np.random.default_rng(0)
    starts = generator.random((7, 3))
    args = ([c for c in generator.uniform(-0.5, 1.5, (7, 3))], list(generator.uniform(1, 9, 7)))
    theirs = module.batched_lbfgsb(func_and_grad, starts, args, bounds=[(0, 1)] * 3)
    ours = lanewise.optuna._batched_lbfgsb(func_and_grad, starts, args, bounds=[(0, 1)] * 3)
    for a, b in zip(ours[:2], theirs[:2]):
        assert a.shape == b.shape and a == pytest.approx(b, abs=1e-4)
    assert ours[2].shape == (7,) and (ours[2] > 0).all()
    free = lanewise.optuna._batched_lbfgsb(func_and_grad, starts, args)
    assert free[0] == pytest.approx(np.array(args[0]), abs=1e-3)


def test_it_is_put_back() -> None:
    own = module.batched_lbfgsb
    with lanewise.optuna.batched():
        assert module.batched_lbfgsb is not own
        with lanewise.optuna.batched():
            pass
        assert module.batched_lbfgsb is not own
    assert module.batched_lbfgsb is own
    with pytest.raises(KeyError), lanewise.optuna.batched():
        raise KeyError
    assert module.batched_lbfgsb is own

    def enter() -> None:
        for _ in range(200):
            with lanewise.optuna.batched():
                assert module.batched_lbfgsb is not own

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert module.batched_lbfgsb is own


def test_other_versions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("4.5.0", "5.1.0", "6.0.0"):
        monkeypatch.setattr(optuna, "__version__", version)
        with pytest.raises(RuntimeError, match=f"optuna {version}.*4.6 to 5.0"), lanewise.optuna.batched():
            pass
    monkeypatch.setattr(optuna, "__version__", "5.0.0")
    monkeypatch.setattr(module, "batched_lbfgsb", lambda f, x: None)
    with pytest.raises(RuntimeError, match="optimizer"), lanewise.optuna.batched():
        pass
