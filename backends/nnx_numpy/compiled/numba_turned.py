"""Matrices that change places with their transposes, and parts of their columns."""

from __future__ import annotations

from typing import Any

from .numba_compiled import compiled

__all__ = ["add", "add_turned", "put", "put_turned", "taken", "turned"]

Array = Any

TILE = 16  # numbers, at least a line of the cache


@compiled
def turned(x: Array, out: Array) -> None:
    """The last two axes change places."""
    for k in range(len(x)):
        put_turned(x[k], out[k])


@compiled
def put_turned(x: Array, out: Array) -> None:
    """``out[:] = x.T`` for matrices; by tiles, since lines that are far apart push each other out of the cache."""
    rows, columns = out.shape
    whole = columns - columns % TILE
    for k in range(0, whole, TILE):
        for i in range(rows):
            for j in range(TILE):
                out[i, k + j] = x[k + j, i]
    for i in range(rows):
        for j in range(whole, columns):
            out[i, j] = x[j, i]


@compiled
def add_turned(x: Array, out: Array, memory: Array) -> None:
    """``out += x.T`` for matrices, with memory of that shape."""
    put_turned(x, memory)
    add(memory.reshape(-1), out.reshape(-1))


@compiled
def add(x: Array, out: Array) -> None:
    """``out += x`` for vectors."""
    for i in range(x.size):
        out[i] += x[i]


@compiled
def put(x: Array, out: Array, first: int) -> None:
    """``out[:, first:] = x``, as far as ``x`` goes, for matrices."""
    rows, columns = x.shape
    for i in range(rows):
        for j in range(columns):
            out[i, first + j] = x[i, j]


@compiled
def taken(x: Array, first: int, out: Array) -> None:
    """``out[:] = x[:, first:]``, as far as ``out`` goes, for matrices."""
    rows, columns = out.shape
    for i in range(rows):
        for j in range(columns):
            out[i, j] = x[i, first + j]
