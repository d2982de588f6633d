"""Every environment variable that the agents service reads."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, Field

from trunkline.settings import PREFIX, HttpUrl, Port, ServiceSettings, own_name


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


class AgentsSettings(ServiceSettings):
    """Where the desk listens and where the record is kept."""

    listen_host: str = Field("127.0.0.1", description="Address the service's port listens on.")
    port: Port = Field(
        7130, validation_alias=own_name("agents", "port"), description="Port of the agents service (desk, API)."
    )
    desk_url: HttpUrl = Field(
        "http://127.0.0.1:7130",
        description="Address at which agents open the desk. By https: sessions are taken from secure cookies only.",
    )
    database_url: Annotated[str, AfterValidator(_async_driver)] = Field(
        default_factory=_local_record,
        validation_alias=AliasChoices(f"{PREFIX}DATABASE_URL", "DATABASE_URL"),
        description="The record: `postgresql://…`, or SQLite in the data folder.",
    )
    ops_port: Port = Field(
        7131,
        validation_alias=own_name("agents", "ops_port"),
        description="Port of the agents service's health and metrics.",
    )
    member: str = Field(
        "agents-0",
        pattern=r"^[A-Za-z0-9._-]{1,100}$",
        validation_alias=own_name("agents", "member"),
        description="Static membership name of this agents process.",
    )
