"""What optimizers refuse, and in which words."""

from typing import Any

import numpy as np
import pytest

import nnx


def network() -> Any:
    return nnx.Sequential(nnx.Linear(3, 4), nnx.Tanh(), nnx.Linear(4, 2))


BAD: list[tuple[Any, type[Exception], str]] = [
    (
        lambda: nnx.optim.SGD([1.0]),
        TypeError,
        "optimizer: expected a Layer or a dict of arrays by name, got list",
    ),
    (lambda: nnx.optim.SGD({}), ValueError, "optimizer: the dict has no parameters to update"),
    (lambda: nnx.optim.SGD(nnx.ReLU()), ValueError, "optimizer: ReLU has no parameters to update"),
    (
        lambda: nnx.optim.SGD(network(), "fast"),
        ValueError,
        "SGD: expected a learning_rate of at least 0 or a function of the step, got 'fast'",
    ),
    (lambda: nnx.optim.Adam(network(), betas=0.9), ValueError, "Adam: expected two betas, got 0.9"),
    (
        lambda: nnx.optim.SGD(network()).update(np.ones(3)),
        TypeError,
        "expected a dict of gradients by path, got ndarray",
    ),
    (lambda: nnx.optim.clip_by_norm({"w": 1.0}, 1.0), TypeError, "expected an array"),
    (lambda: nnx.optim.SGD({"w": 1.0}), TypeError, 'optimizer: parameter "w" is no array but 1.0'),
    (lambda: nnx.optim.SGD({1: np.ones(1)}), TypeError, "expected strings as names of parameters, got 1"),
    (lambda: nnx.optim.SGD(network(), -1.0), ValueError, "SGD: expected a learning_rate of at least 0"),
    (lambda: nnx.optim.SGD(network(), momentum=-1.0), ValueError, "SGD: expected momentum of at least 0"),
    (
        lambda: nnx.optim.SGD(network(), nesterov=True),
        ValueError,
        "SGD: expected a momentum and no dampening",
    ),
    (
        lambda: nnx.optim.Adam(network(), betas=(0.9, 1.0)),
        ValueError,
        r"Adam: expected betas\[1\] from 0 to below 1",
    ),
    (lambda: nnx.optim.AdamW(network(), eps=-1.0), ValueError, "AdamW: expected eps of at least 0"),
    (
        lambda: nnx.optim.Adam(network(), weight_decay=-1.0),
        ValueError,
        "Adam: expected weight_decay of at least 0",
    ),
    (
        lambda: nnx.optim.NAdam(network(), betas=(1.0, 0.9)),
        ValueError,
        r"NAdam: expected betas\[0\] from 0 to below 1",
    ),
    (
        lambda: nnx.optim.NAdam(network(), momentum_decay=-1.0),
        ValueError,
        "NAdam: expected momentum_decay of at least 0",
    ),
    (lambda: nnx.optim.RAdam(network(), eps=-1.0), ValueError, "RAdam: expected eps of at least 0"),
    (
        lambda: nnx.optim.Adamax(network(), weight_decay=-1.0),
        ValueError,
        "Adamax: expected weight_decay of at least",
    ),
    (
        lambda: nnx.optim.Adagrad(network(), lr_decay=-1.0),
        ValueError,
        "Adagrad: expected lr_decay of at least 0",
    ),
    (
        lambda: nnx.optim.Adadelta(network(), rho=1.5),
        ValueError,
        "Adadelta: expected rho from 0 to 1, got 1.5",
    ),
    (lambda: nnx.optim.RMSprop(network(), alpha=-1.0), ValueError, "RMSprop: expected alpha of at least 0"),
    (
        lambda: nnx.optim.Rprop(network(), etas=(0.5, 0.9)),
        ValueError,
        "Rprop: expected etas below and above 1",
    ),
    (lambda: nnx.optim.Rprop(network(), etas=(0.5,)), ValueError, r"Rprop: expected two etas, got \(0.5,\)"),
    (
        lambda: nnx.optim.Rprop(network(), step_sizes=1.0),
        ValueError,
        "Rprop: expected two step_sizes, got 1.0",
    ),
    (lambda: nnx.optim.Adafactor(network(), eps=1e-3), ValueError, "Adafactor: expected two eps, got 0.001"),
    (lambda: nnx.optim.Adam(network(), eps=None), TypeError, "Adam: expected eps to be a number, got None"),
    (
        lambda: nnx.optim.ASGD(network(), weight_decay=-1.0),
        ValueError,
        "ASGD: expected weight_decay of at least 0",
    ),
    (
        lambda: nnx.optim.Adafactor(network(), d=0.5),
        ValueError,
        "Adafactor: expected d of at least 1, got 0.5",
    ),
    (
        lambda: nnx.optim.Adafactor(network(), beta2_decay=0.5),
        ValueError,
        "expected beta2_decay of at most 0, got 0.5",
    ),
    (lambda: nnx.optim.Adafactor(network(), eps=(None, -1.0)), ValueError, "expected two eps of at least 0"),
    (lambda: nnx.optim.Lion(network(), betas=(0.9,)), ValueError, r"Lion: expected two betas, got \(0.9,\)"),
    (lambda: nnx.optim.LAMB(network(), eps=-1.0), ValueError, "LAMB: expected eps of at least 0"),
    (
        lambda: nnx.optim.Muon(network()),
        ValueError,
        r'Muon: expected matrices, got "0.bias" of shape \(4,\); nnx.optim.S',
    ),
    (
        lambda: nnx.optim.Muon({"w": np.ones((1, 1))}, ns_steps=100),
        ValueError,
        "Muon: expected ns_steps from 0 to 99",
    ),
    (
        lambda: nnx.optim.Muon({"w": np.ones((1, 1))}, ns_coefficients=(1.0, 2.0)),
        ValueError,
        "Muon: expected three ns_coefficients",
    ),
    (
        lambda: nnx.optim.Muon({"w": np.ones((1, 1))}, adjust_lr_fn="x"),
        ValueError,
        "Muon: expected adjust_lr_fn among None, 'original', 'match_rms_adamw', got 'x'",
    ),
    (lambda: nnx.optim.Adam(network(), groups={"9": {}}), ValueError, 'groups: no parameter matches "9"'),
    (
        lambda: nnx.optim.Adam(network(), groups={"0": {"lr": 1}}),
        TypeError,
        "unknown setting .lr.; there are",
    ),
    (
        lambda: nnx.optim.Adam(network(), groups={"0": {"eps": -1.0}}),
        ValueError,
        "expected eps of at least 0",
    ),
    (
        lambda: nnx.optim.SGD({"w": np.ones(1, "c16")}).update({"w": np.ones(1)}),
        TypeError,
        "expected real floating",
    ),
]


@pytest.mark.parametrize(("call", "kind", "message"), BAD, ids=range(len(BAD)))
def test_bad_settings_are_refused(call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        call()
