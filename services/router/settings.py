"""Every environment variable that the router reads."""

from __future__ import annotations

from pydantic import Field

from trunkline.settings import HttpUrl, Port, ServiceSettings, own_name


class RouterSettings(ServiceSettings):
    """Who this router is, and where it asks what the board forgot."""

    agents_internal_url: HttpUrl = Field(
        "http://127.0.0.1:7130", description="Address of the agents service for the other services' questions."
    )
    ops_port: Port = Field(
        7121, validation_alias=own_name("router", "ops_port"), description="Port of the router's health and metrics."
    )
    member: str = Field(
        "router-0",
        pattern=r"^[A-Za-z0-9._-]{1,100}$",
        validation_alias=own_name("router", "member"),
        description="Static membership name of this router; give each replica its own, and the same again.",
    )
