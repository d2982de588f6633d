"""Every environment variable that the agents service reads."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, Field

from services.agents.allowance import BYTES_PER_HOUR, FILES_PER_HOUR
from services.agents.beginning import BEGINS_PER_MINUTE
from trunkline.settings import PREFIX, HttpUrl, Listens, Port, ServiceSettings, member_of, ops_port_of, port_of


def _async_driver(url: str) -> str:
    """Accept the plain addresses people and platforms write; the drivers are ours to choose."""
    scheme, separator, rest = url.partition("://")
    drivers = {
        "postgres": "postgresql+asyncpg",
        "postgresql": "postgresql+asyncpg",
        "postgresql+asyncpg": "postgresql+asyncpg",
        "sqlite": "sqlite+aiosqlite",
        "sqlite+aiosqlite": "sqlite+aiosqlite",
    }
    if not separator or scheme not in drivers:
        raise ValueError("must begin with postgresql:// or sqlite:///")
    return f"{drivers[scheme]}://{rest}"


def _local_record(values: dict[str, Any]) -> str:
    return f"sqlite+aiosqlite:///{values['data_dir'] / 'record.db'}"


class AgentsSettings(Listens, ServiceSettings):
    """Where the desk listens and where the record is kept."""

    port: Port = port_of("agents")
    desk_url: HttpUrl = Field(
        "http://127.0.0.1:7130",
        description="Address at which agents open the desk. By https: sessions are taken from secure cookies only.",
    )
    database_url: Annotated[str, AfterValidator(_async_driver)] = Field(
        default_factory=_local_record,
        validation_alias=AliasChoices(f"{PREFIX}DATABASE_URL", "DATABASE_URL"),
        description="The record: `postgresql://…`, or SQLite in the data folder.",
    )
    begins_per_minute: int = Field(
        BEGINS_PER_MINUTE, ge=1, le=600, description="Most conversations that one agent may begin within a minute."
    )
    uploads_per_hour: int = Field(
        FILES_PER_HOUR, ge=1, le=10_000, description="Most files that one agent may upload within an hour."
    )
    upload_megabytes_per_hour: int = Field(
        BYTES_PER_HOUR // 1_000_000, ge=1, le=100_000, description="Most megabytes of files, likewise."
    )
    ops_port: Port = ops_port_of("agents")
    member: str = member_of("agents")
