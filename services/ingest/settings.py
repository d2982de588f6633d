"""Every environment variable that ingest reads."""

from __future__ import annotations

from pathlib import Path

from pydantic import AliasChoices, Field

from trunkline.settings import (
    AsksAgents,
    KnownToProviders,
    Listens,
    Port,
    ServiceSettings,
    TakesMail,
    member_of,
    ops_port_of,
    port_of,
)


class IngestSettings(Listens, KnownToProviders, AsksAgents, TakesMail, ServiceSettings):
    """Where ingest listens, and the address providers know it by."""

    port: Port = port_of("ingest")
    ops_port: Port = ops_port_of("ingest")
    member: str = member_of("ingest")
    shop: bool = Field(
        default=False,
        validation_alias=AliasChoices("TRUNKLINE_INGEST_SHOP"),
        description="Serve the demo's shop, a page with the chat widget on it, at `/demo`.",
    )
    smtp_host: str = Field("127.0.0.1", description="Address the port for mail listens on.")
    smtp_certificate: Path | None = Field(
        None, description="PEM file with certificate and chain: with it, mail may come by STARTTLS."
    )
    smtp_key: Path | None = Field(None, description="PEM file with the certificate's key.")
    smtp_max_connections: int = Field(50, ge=1, le=1_000, description="Most connections for mail at a time.")
    smtp_mails_per_minute: int = Field(300, ge=1, le=100_000, description="Most mails a minute from one address.")
