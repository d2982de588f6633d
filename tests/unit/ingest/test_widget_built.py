"""The built widget is the build of its sources, and small."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path

WIDGET = Path(__file__).resolve().parents[3] / "services" / "ingest" / "widget"
BUILT = WIDGET / "built" / "widget.js"
TOLD = {"not-taken", "too-fast", "busy", "too-many-windows", "identity-expired"}
"""Codes of refusals that a visitor can do something about; the others are for who made the page."""


def test_the_widget_weighs_at_most_ten_kilobytes() -> None:
    assert len(gzip.compress(BUILT.read_bytes(), 9)) <= 10_000


def test_the_built_widget_is_made_from_the_sources_that_are_there() -> None:
    sources = [*WIDGET.glob("src/*"), *WIDGET.glob("words/*"), WIDGET / "build.mjs", WIDGET / "package-lock.json"]
    digest = hashlib.sha256()
    for name, path in sorted((path.relative_to(WIDGET).as_posix(), path) for path in sources):
        digest.update(f"{name}\0".encode() + path.read_bytes() + b"\0")

    assert BUILT.read_text(encoding="utf-8").partition("\n")[0].endswith(digest.hexdigest()[:16]), "run `make widget`"


def test_the_codes_that_have_words_are_those_that_ingest_tells() -> None:
    chat = "".join(path.read_text(encoding="utf-8") for path in (WIDGET.parent / "chat").glob("*.py"))
    assert set(re.findall(r'Refused\("([a-z-]+)"', chat)) >= TOLD


def test_every_language_has_all_the_words_and_their_places() -> None:
    english = re.search(r"EN = (\{.*?\n\});", (WIDGET / "src" / "words.ts").read_text(encoding="utf-8"), re.DOTALL)
    assert english is not None
    words = dict(re.findall(r'^  (\w+): "(.*)",$', english[1], re.MULTILINE))
    assert len(words) > 20
    for path in sorted((WIDGET / "words").glob("*.json")):
        theirs = json.loads(path.read_text(encoding="utf-8"))
        assert theirs.keys() == words.keys() | TOLD, path.name
        assert {name for name in words if "{}" in words[name]} == {name for name in theirs if "{}" in theirs[name]}
