"""What the parts of `trunkline.yaml` are made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from trunkline.language import KNOWN

DAY_S = 86_400


class Frozen(BaseModel):
    """A part of the file: nothing unknown stands in it, no value is bent into shape, and no complaint repeats one."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)


def _can_be_told(code: str) -> str:
    if code not in KNOWN:
        raise ValueError(f"there is no language `{code[:20]}` that can be told; there are {', '.join(KNOWN)}")
    return code


LanguageCode = Annotated[str, AfterValidator(_can_be_told)]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
SkillName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
SkillOrGroup = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,60}(\.\*)?$")]
Title = Annotated[str, Field(min_length=1, max_length=120)]
Level = Annotated[int, Field(ge=0, le=10)]
Weight = Annotated[int, Field(ge=1, le=100)]
Preference = Annotated[int, Field(ge=1, le=10)]
Priority = Annotated[int, Field(ge=0, le=10)]
Target = Annotated[int, Field(ge=1, le=30 * DAY_S)]
