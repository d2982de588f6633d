"""Find the channels that are installed. Built-ins register exactly as a third party's package does."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points

from trunkline.channels.base import API_VERSION, Channel

GROUP = "trunkline.channels"
"""Entry-point group in which a package names its channels."""


class RegistryError(Exception):
    """An installed channel cannot be used; the sentence names the package that must be put right."""


def load(points: Iterable[EntryPoint] | None = None) -> dict[str, Channel]:
    """One instance of every installed channel, by type; `points` replaces what is installed.

    RegistryError when two packages claim one type, when a channel was written for another SDK, when its manifest
    names another type than its entry point, or when it cannot be imported: a half-known set of channels would
    refuse mail that yesterday was taken, so the process does not start.
    """
    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=GROUP) if points is None else points, key=_label):
        other = found.setdefault(point.name, point)
        if other is not point:
            raise RegistryError(f"channel {point.name!r} is claimed twice: by {_label(other)} and by {_label(point)}")
    return {name: _instance(point) for name, point in found.items()}


def _instance(point: EntryPoint) -> Channel:
    try:
        channel = point.load()()
    except (ImportError, AttributeError, TypeError) as error:
        raise RegistryError(f"channel {_label(point)} cannot be loaded: {error}") from error
    if not isinstance(channel, Channel):
        raise RegistryError(f"channel {_label(point)} lacks part of the Channel protocol")
    manifest = channel.manifest
    if manifest.api != API_VERSION:
        raise RegistryError(f"channel {_label(point)} is for SDK {manifest.api}; this is SDK {API_VERSION}")
    if manifest.type != point.name:
        raise RegistryError(f"channel {_label(point)} calls itself {manifest.type!r}; both names must be the same")
    return channel


def _label(point: EntryPoint) -> str:
    package = point.dist.name if point.dist is not None else "an unnamed package"
    return f"{point.name} = {point.value} ({package})"
