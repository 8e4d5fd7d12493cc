"""Files of arrays: what others wrote, read without their libraries and without running anything they hold."""

from ._load import load_torch_state

__all__ = ["load_torch_state"]
