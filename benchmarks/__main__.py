"""nnx beside its peers on the CPU: ``python -m benchmarks [WORKLOAD ...] [--quick] [--output [FILE]]``.

Every framework in its own process, in turns, from the same weights and data. Needs the dependency group
``benchmarks``; a framework that is not installed is left out, with the reason. The machine must be quiet.
"""

from __future__ import annotations

from .suite import arguments, run


def main() -> None:
    """Parse the arguments, measure, print."""
    from .workloads import CPU

    parser = arguments("python -m benchmarks", __doc__, CPU, "cpu")
    run(parser.parse_args(), parser, CPU)


if __name__ == "__main__":
    main()
