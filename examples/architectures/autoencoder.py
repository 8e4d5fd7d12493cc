"""A convolutional autoencoder of images: strided convolutions down to a code, transposed ones back up.

    uv run examples/architectures/autoencoder.py [--backend numpy|cupy|auto] [--weights FILE]

Prints the network; with a checkpoint of PyTorch, of the same keys, loads it first.
"""

import argparse

import nnx


def down(channels: int, out_channels: int) -> nnx.Sequential:
    """Half the height and width."""
    return nnx.Sequential(
        nnx.Conv2d(channels, out_channels, 3, stride=2, padding=1, bias=False),
        nnx.BatchNorm2d(out_channels),
        nnx.LeakyReLU(0.2),
    )


def up(channels: int, out_channels: int) -> nnx.Sequential:
    """Twice the height and width."""
    return nnx.Sequential(
        nnx.ConvTranspose2d(channels, out_channels, 4, stride=2, padding=1, bias=False),
        nnx.BatchNorm2d(out_channels),
        nnx.ReLU(),
    )


class Autoencoder(nnx.Layer):
    """Images of (N, channels, H, W), H and W multiples of 8, to images of that shape, through (N, code, H/8, W/8)."""

    def __init__(self, channels: int = 3, width: int = 32, code: int = 16) -> None:
        self.encoder = nnx.Sequential(
            down(channels, width), down(width, 2 * width), nnx.Conv2d(2 * width, code, 3, stride=2, padding=1)
        )
        self.decoder = nnx.Sequential(
            up(code, 2 * width),
            up(2 * width, width),
            nnx.ConvTranspose2d(width, channels, 4, stride=2, padding=1),
        )

    def forward(self, x):
        """The images as they come back."""
        return nnx.functional.sigmoid(self.decoder(self.encoder(x)))


def main(arguments: list[str] | None = None) -> None:
    """Print the network."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", default="auto", choices=["numpy", "cupy", "auto"])
    parser.add_argument("--weights", help="a checkpoint of PyTorch: a state dict, or safetensors")
    options = parser.parse_args(arguments)
    nnx.use(options.backend)
    model = Autoencoder()
    if options.weights:
        model.load_state_dict(nnx.load_torch_state(options.weights))
    print(model.summary((1, 3, 64, 64)))


if __name__ == "__main__":
    main()
