"""Every environment variable that ingest reads."""

from __future__ import annotations

from pydantic import AliasChoices, Field

from trunkline.settings import HttpUrl, Port, ServiceSettings, own_name


class IngestSettings(ServiceSettings):
    """Where ingest listens, and the address providers know it by."""

    listen_host: str = Field("127.0.0.1", description="Address the service's port listens on.")
    port: Port = Field(7110, validation_alias=own_name("ingest", "port"), description="Port of ingest (webhooks).")
    public_url: HttpUrl = Field(
        "http://127.0.0.1:7110", description="Address at which providers reach ingest; they sign it, and call it back."
    )
    agents_internal_url: HttpUrl = Field(
        "http://127.0.0.1:7130", description="Address of the agents service for the other services' questions."
    )
    shop: bool = Field(
        default=False,
        validation_alias=AliasChoices("TRUNKLINE_INGEST_SHOP"),
        description="Serve the demo's shop, a page with the chat widget on it, at `/demo`.",
    )
    ops_port: Port = Field(
        7111, validation_alias=own_name("ingest", "ops_port"), description="Port of ingest's health and metrics."
    )
    member: str = Field(
        "ingest-0",
        pattern=r"^[A-Za-z0-9._-]{1,100}$",
        validation_alias=own_name("ingest", "member"),
        description="Static membership name of this ingest.",
    )
