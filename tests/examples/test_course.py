"""Every page of the course: it runs on NumPy and on array-api-strict, claims what it should, and all of it holds."""

import importlib.util
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import nnx

COURSE = Path(__file__).parents[2] / "examples" / "course"
pytest.importorskip("matplotlib", reason="the examples draw with matplotlib")


class Row(NamedTuple):
    name: str
    claims: tuple[str, ...]  # how each claim begins, in order
    numbers: dict[str, float] = {}  # what is measured, by the whole claim, where the course gives the number
    tolerance: float = 1e-9  # of these numbers


ROWS = [
    Row("01_linear_regression", ("∂J/∂w at", "∂J/∂b at", "w after descent", "b after descent")),
    Row(
        "02_many_features",
        ("intercept b", "mean squared error J", "W and least squares"),
        {"intercept b": 152.1335, "mean squared error J": 2859.696},
        1e-6,
    ),
    Row(
        "03_logistic_regression", ("∂J/∂θ", "∂J/∂b", "θ and scikit-learn's", "b and scikit-learn's", "share")
    ),
    Row("04_zero_or_one", ("clean digits", "read right with 2", "read right with 4", "read right with 6")),
    Row("05_perceptron", ("points on the wrong", "mistakes", "error of another line", "largest gradient")),
    Row(
        "06_product_demand",
        ("parameters", "ŷ of the network", "gradient where one neuron", "cost above the least")
        + ("what the network leaves",),
        {"parameters: 4·3 + 3 in the hidden layer, 3·1 + 1 behind": 19},
    ),
    Row(
        "07_three_heads",
        ("width: ∂J", "virginica: ∂J", "species: ∂J")
        + ("width: share", "virginica: told", "species: told", "species: probabilities"),
    ),
    Row(
        "08_activations",
        ("linear: traced", "sigmoid: traced", "tanh: traced", "ReLU: traced")
        + ("leaky ReLU: traced", "leaky ReLU, β = 0.2: traced")
        + ("sigmoid: slope at 0", "tanh: slope at 0", "ReLU: slope at its", "tanh(z) and 2σ(2z) - 1")
        + ("softmax: probabilities", "softmax: traced", "softmax of (z, 0)"),
        {"sigmoid: slope at 0, the steepest": 0.25, "tanh: slope at 0, the steepest": 1},
    ),
    Row(
        "09_losses",
        ("E of outputs", "∂E/∂o", "mean squared error", "its ∂J/∂ŷ and (2/m)", "binary cross-entropy")
        + ("its ∂J/∂ŷ", "the same from z", "its ∂J/∂z")
        + ("cross-entropy of 4", "the same for y", "its ∂J/∂z")
        + ("cross-entropy at z = -800", "its slope there", "slope of the squared error there"),
        {"E of outputs .7513650696 .7729284653": 0.2983711088},
    ),
    Row(
        "10_regularisation",
        ("0.weight: gain", "0.bias: gain", "2.weight: gain", "2.bias: gain")
        + ("θ by descent", "θ of one neuron")
        + ("Σ θ² with λ = 0.01", "Σ θ² with λ = 0.1", "Σ θ² with λ = 1", "Σ θ² with λ = 10")
        + ("cost on held-out points, λ = 0.1 and 0.001", "cost on held-out points, λ = 0.1 and 10"),
    ),
    Row(
        "11_backpropagation",
        ("∂J/∂Θ of layer 1", "∂J/∂b of layer 1", "∂J/∂Θ of layer 2", "∂J/∂b of layer 2")
        + ("∂J/∂Θ of layer 3", "∂J/∂b of layer 3", "error of the quotient", "digits told right"),
    ),
    Row(
        "12_worked_example",
        ("o₁", "o₂", "E", "∂E/∂w₅", "∂E/∂w₁", "all ∂E/∂w₅", "all ∂E/∂w₁")
        + tuple(f"w{k} after one" for k in "₁₂₃₄₅₆₇₈")
        + ("E after one", "E after 10,000"),
        {
            "o₁": 0.7513650696,
            "o₂": 0.7729284653,
            "E": 0.2983711088,
            "∂E/∂w₅": 0.0821670406,
            "∂E/∂w₁": 0.0004385677,
            "w₁ after one update": 0.1497807161,
            "w₂ after one update": 0.1995614323,
            "w₃ after one update": 0.2497511436,
            "w₄ after one update": 0.2995022873,
            "w₅ after one update": 0.3589164797,
            "w₆ after one update": 0.4086661861,
            "w₇ after one update": 0.5113012702,
            "w₈ after one update": 0.5613701211,
            "E after one update": 0.2910277737,
            "E after 10,000": 3.510188e-05,
        },
        1e-10,
    ),
    Row(
        "13_random_start",
        ("zeros: neurons", "zeros: they", "zeros: J", "zeros, tanh: largest", "zeros, tanh: J")
        + ("random: distance", "random: J"),
        {"zeros: neurons ever apart": 0, "zeros, tanh: largest weight ever": 0},
    ),
    Row(
        "14_linear_collapse",
        ("three linear", "linear: ŷ", "linear: J", "two ReLUs", "ReLU: ŷ"),
        {"linear: J": 0.25, "ReLU: ŷ at the corners, and XOR": 0},
        1e-6,
    ),
    Row(
        "15_vanishing_gradients",
        ("kept by a layer", "sigmoid, own start: kept", "sigmoid, own start: first")
        + ("tanh, old", "tanh, own", "relu, old", "relu, own"),
    ),
    Row(
        "16_batches_and_alpha",
        ("∂J/∂θ", "batch, α = 0.99", "batch, α = 1.01", "α = 0.001: cost, mini", "α = 0.001: cost, stoch")
        + ("α chosen, batch", "α chosen, mini-batch", "α chosen, stochastic", "their costs aside"),
        {"α chosen, batch": 0.1, "α chosen, mini-batch": 10**-1.5, "α chosen, stochastic": 10**-2.5},
    ),
    Row(
        "17_polynomial_features",
        (
            "n = 2: told right by a line",
            "n = 2: the first degree",
            "n = 2: its products",
            "n = 2: told right by",
        )
        + ("n = 10: told right by the best", "n = 10: products", "n = 10: told right by", "n = 10: its"),
        {
            "n = 2: the first degree to tell 99 % right": 3,
            "n = 2: its products, and C(5, 3) - 1": 9,
            "n = 10: products of degree 4, and C(14, 4) - 1": 1000,
            "n = 10: its parameters, 10·8 + 8 + 8 + 1": 97,
        },
    ),
    Row("18_digits", ("probabilities", "share of the test read right", "and by softmax")),
]


@pytest.fixture
def run(monkeypatch: Any) -> Any:
    """`run(name)`: a page's claims, once it has been run on the backend in force."""
    monkeypatch.syspath_prepend(str(COURSE))

    def run(name: str, figures: Path | None = None) -> Any:
        import page  # type: ignore[import-not-found]

        spec = importlib.util.spec_from_file_location(f"course_{name}", COURSE / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        own = page.Page(name, figures)
        module.run(own)
        return own

    return run


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_what_a_page_claims_holds(row: Row, lib: Any, run: Any) -> None:
    if lib.read_only:
        pytest.skip("pages make their own arrays")
    page = run(row.name)
    assert len(page.claims) == len(row.claims)
    for claim, start in zip(page.claims, row.claims, strict=True):
        assert claim.what.startswith(start)
        assert claim.holds, str(claim)
        assert claim.relation != "==" or claim.tolerance <= 1e-6 * max(1.0, abs(claim.expected))
    measured = {claim.what: claim.measured for claim in page.claims}
    for what, number in row.numbers.items():
        assert measured[what] == pytest.approx(number, rel=row.tolerance, abs=row.tolerance)


def test_every_page_has_a_row() -> None:
    assert [row.name for row in ROWS] == sorted(path.stem for path in COURSE.glob("[0-9]*.py"))


def test_a_claim_that_does_not_hold_is_noticed(run: Any, capsys: Any) -> None:
    page = run("01_linear_regression")
    page.claim("two", 2.0, 2.1, 1e-3)
    page.claim("three", 3.0, 2.9, relation="<=")
    page.claim("arrays", nnx.to_numpy(page.array([1.0, 2.0])), page.array([1.0, 2.1]), 1e-3)
    assert [claim.holds for claim in page.claims] == [True] * 4 + [False] * 3
    assert capsys.readouterr().out.count("  NO\n") == 3


def test_a_figure_is_written(run: Any, tmp_path: Path) -> None:
    run("01_linear_regression", tmp_path)
    assert (tmp_path / "01_linear_regression.png").stat().st_size > 5000
