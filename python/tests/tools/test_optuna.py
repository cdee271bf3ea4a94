"""lanewise as the local optimizer of Optuna's Gaussian-process sampler."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Any

import numpy as np
import pytest

import lanewise

optuna = pytest.importorskip("optuna")
pytest.importorskip("torch")
from optuna._gp import batched_lbfgsb as module  # noqa: E402
from optuna._gp import optim_mixed  # noqa: E402

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


def test_the_sampler_uses_it_while_it_is_entered_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    ours = lanewise.optuna._batched_lbfgsb
    monkeypatch.setattr(lanewise.optuna, "_batched_lbfgsb", lambda *a, **k: calls.append(1) or ours(*a, **k))
    # Optuna's lazy imports keep what they see first, be it outside or inside.
    for _ in range(2):
        assert best_of(16) < 1
        assert not calls
        with lanewise.optuna.batched():
            assert best_of(16) < 1
        assert len(calls) >= 8
        calls.clear()


def test_what_is_entered_first_does_not_stay() -> None:
    code = """
import optuna, lanewise
from optuna._gp import batched_lbfgsb
own, ours = [], lanewise.optuna._batched_lbfgsb
lanewise.optuna._batched_lbfgsb = lambda *a, **k: own.append("ours") or ours(*a, **k)
theirs = batched_lbfgsb.batched_lbfgsb
def run():
    study = optuna.create_study(sampler=optuna.samplers.GPSampler(seed=1, n_startup_trials=3))
    study.optimize(lambda trial: trial.suggest_float("x", -5, 5) ** 2, n_trials=5)
with lanewise.optuna.batched():
    run()
assert own
own.clear()
run()
assert not own
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=120)


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
    own = optim_mixed.batched_lbfgsb
    with lanewise.optuna.batched():
        assert optim_mixed.batched_lbfgsb is not own
        with lanewise.optuna.batched():
            pass
        assert optim_mixed.batched_lbfgsb is not own
    assert optim_mixed.batched_lbfgsb is own
    with pytest.raises(KeyError), lanewise.optuna.batched():
        raise KeyError
    assert optim_mixed.batched_lbfgsb is own

    def enter() -> None:
        for _ in range(200):
            with lanewise.optuna.batched():
                assert optim_mixed.batched_lbfgsb is not own

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert optim_mixed.batched_lbfgsb is own


def test_other_versions_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    for version in ("4.5.0", "5.1.0", "6.0.0"):
        monkeypatch.setattr(optuna, "__version__", version)
        with pytest.raises(RuntimeError, match=f"optuna {version}.*4.6 to 5.0"), lanewise.optuna.batched():
            pass
    monkeypatch.setattr(optuna, "__version__", "5.0.0")
    monkeypatch.setattr(module, "batched_lbfgsb", lambda f, x: None)
    with pytest.raises(RuntimeError, match="optimizer"), lanewise.optuna.batched():
        pass
