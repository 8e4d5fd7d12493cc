"""nnx on CuPy beside its peers on a GPU: ``python -m benchmarks.gpu [WORKLOAD ...] [--quick] [--output [FILE]]``.

PyTorch eager, ``torch.compile(mode="reduce-overhead")`` and JAX under jit, at sizes that fill the GPU, and tiny nets,
where launches are all there is. Every block is warmed up, and the device is waited for before and after it; TF32 is off
for everybody. ``--device cpu`` runs the same code where there is no GPU.
"""

from __future__ import annotations

from .suite import arguments, run

FRAMEWORKS = ("nnx", "nnx_compile", "torch", "torch_reduce_overhead", "jax")


def main() -> None:
    """Parse the arguments, refuse where there is no GPU, measure, print."""
    from .workloads import GPU

    parser = arguments("python -m benchmarks.gpu", __doc__, GPU, "gpu")
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda", help="cpu only to try the code")
    options = parser.parse_args()
    if options.device == "cuda":
        reason = missing_gpu()
        if reason is not None:
            parser.exit(
                1, f"no GPU to measure on: {reason}; --device cpu --quick tries the code without one\n"
            )
    shown = {name: w for name, w in GPU.items() if name.endswith("-quick") is options.quick}
    run(options, parser, shown, options.device, FRAMEWORKS)


def missing_gpu() -> str | None:
    """Why nnx has no GPU here; None where it has."""
    import nnx

    if "cupy" in nnx.available_backends():
        return None
    return str(nnx.backends_report().get("cupy", "CuPy is not installed"))


if __name__ == "__main__":
    main()
