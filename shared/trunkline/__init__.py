"""Trunkline: any channel in, the right agent, the same channel out."""

__version__ = "0.1.0"
