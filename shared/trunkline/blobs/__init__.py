"""Blobs: bytes too large for an event, named by their content, on disk before anyone is told success."""

from trunkline.blobs.files import BlobMissing, Blobs

__all__ = ["BlobMissing", "Blobs"]
