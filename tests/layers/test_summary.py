"""The summary table."""

from typing import Any

import pytest

import nnx

TABLE = """\
layer                                                      output shape  parameters
───────────────────────────────────────────────────────────────────────────────────
Sequential                                                 (32, 2)
├─ 0: Linear(in_features=4, out_features=3, bias=True)     (32, 3)               15
├─ 1: Dropout(p=0.5)                                       (32, 3)                0
└─ 2: Sequential                                           (32, 2)
   ├─ 0: Linear(in_features=3, out_features=2, bias=True)  (32, 2)       8 (frozen)
   └─ 1: ReLU                                              (32, 2)                0
───────────────────────────────────────────────────────────────────────────────────
23 parameters, 92 bytes; 15 trainable, 8 frozen"""


def build() -> Any:
    return nnx.Sequential(
        nnx.Linear(4, 3), nnx.Dropout(), nnx.Sequential(nnx.Linear(3, 2).freeze(), nnx.ReLU())
    )


def test_the_table(lib: Any) -> None:
    model = build()
    model[1].eval()
    table = model.summary((32, 4))
    assert table == TABLE
    assert repr(table) == table
    assert [layer.training for layer in model.layers().values()] == [True, True, False, True, True, True]
    assert "forward" not in vars(model[0])


def test_a_model_that_fails_is_left_as_it_was() -> None:
    model = build()
    with pytest.raises(ValueError, match='Linear "0"'):
        model.summary((32, 5))
    assert model.training
    assert "forward" not in vars(model[0])
    with pytest.raises(TypeError, match="summary needs the shape of the input"):
        model.summary()


def test_buffers_and_forwards_of_its_own_are_left_as_they_were(lib: Any) -> None:
    class Counted(nnx.Layer):
        def __init__(self) -> None:
            self.calls = nnx.Buffer(nnx.init.zeros((), dtype="int64"))
            self.linear = nnx.Linear(2, 1)
            self.linear.forward = lambda x: x

        def forward(self, x: Any) -> Any:
            self.calls = self.calls + 1
            return self.linear(x)

    model = Counted()
    own = model.linear.forward
    assert "(5, 2)" in model.summary((5, 2))
    lib.assert_equal(model.calls, 0)
    assert model.linear.forward is own


def test_tied_unused_and_several_inputs() -> None:
    class Net(nnx.Layer):
        def __init__(self) -> None:
            self.a, self.b, self.unused = (
                nnx.Linear(2, 2, bias=False),
                nnx.Linear(2, 2, bias=False),
                nnx.ReLU(),
            )
            self.scale = nnx.Parameter(nnx.init.ones((3,), dtype="float64"))
            table = nnx.Parameter(nnx.init.ones((2, 2)))
            self.a.weight = self.b.weight = table

        def forward(self, x: Any, y: Any) -> Any:
            return self.a(x), {"y": self.b(y)}

    text = Net().summary((1, 2), (5, 2), dtype="float32")
    assert "(1, 2), y: (5, 2)" in text
    assert "not called" in text
    assert "0 (tied)" in text
    assert "7 parameters, 40 bytes" in text
