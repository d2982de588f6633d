"""How much a browser has to fetch: the built desk, and the widget on somebody's page. Compressed by gzip -9."""

from __future__ import annotations

import gzip
from pathlib import Path

from services.agents.page import BUILT
from tests.bench.figures import Figure
from tests.bench.worker import ROOT

WIDGET = ROOT / "services" / "ingest" / "widget" / "built" / "widget.js"


def kilobytes(paths: list[Path]) -> float:
    """Of all files, each compressed by itself, as they are sent; 1 kB is 1 000 bytes."""
    return sum(len(gzip.compress(path.read_bytes(), compresslevel=9)) for path in paths) / 1_000


def desk(built: Path = BUILT) -> Figure:
    """`desk_bundle_kilobytes_gz`: page, scripts and styles of all pages, also those fetched only when opened."""
    name, files = "desk_bundle_kilobytes_gz", sorted(path for path in built.rglob("*") if path.is_file())
    if not files:
        return Figure(name, None, failed="the desk is not built: `make venv`")
    return Figure(name, kilobytes(files), f"{len(files)} files; every page, loaded or not")


def widget() -> Figure:
    """`widget_kilobytes_gz`: the one script of a page with the chat on it."""
    return Figure("widget_kilobytes_gz", kilobytes([WIDGET]), "one script, three languages")
