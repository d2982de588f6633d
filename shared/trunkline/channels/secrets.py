"""Secrets that settings name: one, or two while one is rotated."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr


def _one_is_a_list_of_one(value: Any) -> Any:
    return (value,) if isinstance(value, str | SecretStr) else value


Secrets = Annotated[tuple[SecretStr, ...], Field(min_length=1, max_length=2), BeforeValidator(_one_is_a_list_of_one)]
"""All of them are believed; the first one signs."""
