"""LeNet-5: two convolutions with average pooling, three linear layers; for images of 32 x 32 pixels.

    uv run examples/architectures/lenet.py [--backend numpy|cupy|auto] [--weights FILE]

LeCun et al., "Gradient-based learning applied to document recognition", 1998; with a plain linear layer at the end.
Prints the network; with a checkpoint of PyTorch, of the same keys, loads it first.
"""

import argparse

import nnx


class LeNet5(nnx.Layer):
    """Images of (N, 1, 32, 32) to the scores of 10 classes."""

    def __init__(self, num_classes: int = 10) -> None:
        self.conv1 = nnx.Conv2d(1, 6, 5)
        self.conv2 = nnx.Conv2d(6, 16, 5)
        self.pool = nnx.AvgPool2d(2)
        self.fc1 = nnx.Linear(16 * 5 * 5, 120)
        self.fc2 = nnx.Linear(120, 84)
        self.fc3 = nnx.Linear(84, num_classes)

    def forward(self, x):
        """The scores."""
        tanh = nnx.functional.tanh
        x = self.pool(tanh(self.conv1(x)))
        x = self.pool(tanh(self.conv2(x)))
        xp = nnx.array_namespace(x)
        x = xp.reshape(x, (x.shape[0], -1))
        return self.fc3(tanh(self.fc2(tanh(self.fc1(x)))))


def main(arguments: list[str] | None = None) -> None:
    """Print the network."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", default="auto", choices=["numpy", "cupy", "auto"])
    parser.add_argument("--weights", help="a checkpoint of PyTorch: a state dict, or safetensors")
    options = parser.parse_args(arguments)
    nnx.use(options.backend)
    model = LeNet5()
    if options.weights:
        model.load_state_dict(nnx.load_torch_state(options.weights))
    print(model.summary((1, 1, 32, 32)))


if __name__ == "__main__":
    main()
