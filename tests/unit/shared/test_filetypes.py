"""What a file is, its bytes say, however they come; its name is made harmless and chooses among documents only."""

from __future__ import annotations

import pytest

from trunkline.filetypes import Sniffer, refined, sniffed, tame


def _in_ones(content: bytes) -> str | None:
    sniffer = Sniffer()
    for byte in content:
        sniffer.feed(bytes([byte]))
    return sniffer.kind()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n...", "image/png"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", None),
        (b"%PDF-1.7", "application/pdf"),
        ("rēķins, çay, €".encode(), "text/plain"),
        ("rēķins".encode()[:-6], None),
        (b"a\x00b", None),
        (b" \n", None),
        (b"", None),
    ],
)
def test_bytes_are_the_same_file_whole_or_one_by_one(content: bytes, kind: str | None) -> None:
    assert sniffed(content) == _in_ones(content) == kind


@pytest.mark.parametrize("content", [b"MZ\x90", b"\x7fELF", b"#!/bin/sh\necho"])
def test_programs_are_known(content: bytes) -> None:
    sniffer = Sniffer()
    sniffer.feed(content)
    assert sniffer.is_program


def test_a_name_chooses_among_packed_documents_and_makes_nothing_else_of_bytes() -> None:
    assert refined("application/zip", "offer.DOCX").endswith("wordprocessingml.document")
    assert refined("application/zip", "offer.html") == "application/zip"
    assert refined("text/plain", "offer.docx") == "text/plain"


@pytest.mark.parametrize(
    ("name", "shown"),
    [("C:\\temp\\rēķins.pdf", "rēķins.pdf"), ("../../a\r\nb.txt", "ab.txt"), ("\u202egpj.exe", "gpj.exe"), ("/", None)],
)
def test_a_name_is_made_harmless(name: str, shown: str | None) -> None:
    assert tame(name) == shown
