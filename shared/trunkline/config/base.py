"""What the parts of `trunkline.yaml` are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from trunkline.language import KNOWN


class Frozen(BaseModel):
    """A part of the file: nothing unknown stands in it, no value is bent into shape, and no complaint repeats one."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


def _can_be_told(code: str) -> str:
    if code not in KNOWN:
        raise ValueError(f"there is no language `{code[:20]}` that can be told; there are {', '.join(KNOWN)}")
    return code


LanguageCode = Annotated[str, AfterValidator(_can_be_told)]
