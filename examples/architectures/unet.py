"""U-Net: images to images of the same size, through ever coarser ones whose finer forms are joined on the way back.

    uv run examples/architectures/unet.py [--backend numpy|cupy|auto] [--bilinear] [--weights FILE]

Ronneberger et al., 2015, arXiv:1505.04597; here with batch norm, and with padding, so that sizes are kept.
Prints the network; with a checkpoint of PyTorch, of the same keys, loads it first.
"""

import argparse

import nnx


def double_conv(in_channels: int, channels: int) -> nnx.Sequential:
    """Two convolutions of 3 x 3."""
    return nnx.Sequential(
        nnx.Conv2d(in_channels, channels, 3, padding=1, bias=False), nnx.BatchNorm2d(channels), nnx.ReLU(),
        nnx.Conv2d(channels, channels, 3, padding=1, bias=False), nnx.BatchNorm2d(channels), nnx.ReLU(),
    )  # fmt: skip


def upwards(in_channels: int, channels: int, bilinear: bool) -> nnx.Layer:
    """Twice the height and width, by a transposed convolution or by interpolation."""
    if bilinear:
        return nnx.Sequential(
            nnx.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
            nnx.Conv2d(in_channels, channels, 1),
        )
    return nnx.ConvTranspose2d(in_channels, channels, 2, stride=2)


class UNet(nnx.Layer):
    """Images of (N, in_channels, H, W), H and W multiples of 2 ** depth, to (N, out_channels, H, W)."""

    def __init__(
        self,
        in_channels: int = 3,
        out_channels: int = 1,
        width: int = 32,
        depth: int = 3,
        bilinear: bool = False,
    ) -> None:
        widths = [width * 2**i for i in range(depth + 1)]
        pairs = list(zip(widths, widths[1:], strict=False))
        self.down = nnx.LayerList([double_conv(in_channels, width), *(double_conv(a, b) for a, b in pairs)])
        self.pool = nnx.MaxPool2d(2)
        self.up = nnx.LayerList(upwards(b, a, bilinear) for a, b in reversed(pairs))
        self.join = nnx.LayerList(double_conv(2 * a, a) for a, _ in reversed(pairs))
        self.head = nnx.Conv2d(width, out_channels, 1)

    def forward(self, x):
        """The images as they come back, without an activation."""
        first, *others = self.down
        kept = [first(x)]
        for block in others:
            kept.append(block(self.pool(kept[-1])))
        x = kept.pop()
        xp = nnx.array_namespace(x)
        for up, join in zip(self.up, self.join, strict=True):
            x = join(xp.concat([kept.pop(), up(x)], axis=1))
        return self.head(x)


def main(arguments: list[str] | None = None) -> None:
    """Print the network."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", default="auto", choices=["numpy", "cupy", "auto"])
    parser.add_argument("--bilinear", action="store_true", help="interpolate on the way back")
    parser.add_argument("--weights", help="a checkpoint of PyTorch: a state dict, or safetensors")
    options = parser.parse_args(arguments)
    nnx.use(options.backend)
    model = UNet(bilinear=options.bilinear)
    if options.weights:
        model.load_state_dict(nnx.load_torch_state(options.weights))
    print(model.summary((1, 3, 64, 64)))


if __name__ == "__main__":
    main()
