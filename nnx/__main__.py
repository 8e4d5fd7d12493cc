"""``python -m nnx info``: versions, backends, their devices, and why one is not available here."""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version

from . import __version__
from .backend import backend, backends_report, named
from .backend.protocol import device_name

__all__ = ["info", "main"]

_PACKAGES = (
    "numpy",
    "array-api-compat",
    "array-api-strict",
    "cupy-cuda12x",
    "cupy-cuda13x",
    "torch",
    "scipy",
    "scikit-learn",
    "matplotlib",
)


def info(width: int = 80) -> str:
    """Versions and backends as a table, in lines of at most ``width`` characters.

    Examples
    --------
    >>> print(info())
    nnx ...
    Backends
    ...numpy...
    """
    return "\n".join([f"nnx {__version__}", "", "Versions", *_versions(), "", "Backends", *_backends(width)])


def _versions() -> Iterator[str]:
    yield _row("python", f"{platform.python_version()}, {platform.system()} {platform.machine()}")
    for package in _PACKAGES:
        try:
            yield _row(package, version(package))
        except PackageNotFoundError:
            yield _row(package, "-")


def _backends(width: int) -> Iterator[str]:
    report = backends_report()
    try:
        chosen, problem = backend().name, None
    except (ValueError, RuntimeError) as error:
        chosen, problem = "", str(error)
    report.setdefault(chosen, None)
    for name, reason in report.items():
        if not name:
            continue
        mark = "*" if name == chosen else " "
        if reason is None:
            devices = ", ".join(map(device_name, named(name).devices()))
            yield from _wrapped(_row(name, "available, devices: ", mark), devices, width)
        else:
            yield from _wrapped(_row(name, "not available: ", mark), reason, width)
    yield ""
    if problem is None:
        yield from _wrapped("* ", "makes new arrays; nnx.use(name) or NNX_BACKEND=name picks another", width)
    else:
        yield from _wrapped("! ", problem, width)


def _row(name: str, text: str, mark: str = " ") -> str:
    return f"{mark} {name:<18}{text}"


def _wrapped(start: str, text: str, width: int) -> list[str]:
    indent = " " * (20 if len(start) > 20 else len(start))
    return textwrap.wrap(start + text, max(width, 50), subsequent_indent=indent, break_on_hyphens=False)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m nnx", description="nnx on the command line")
    what = "info: versions, backends and devices, and why a backend is not available"
    parser.add_argument("command", nargs="?", choices=["info"], default="info", help=what)
    parser.parse_args(arguments)
    print(info(min(shutil.get_terminal_size().columns, 100)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
