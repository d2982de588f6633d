"""Every environment variable that ingest reads."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

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
    smtp_host: str = Field("127.0.0.1", description="Address the port for mail listens on.")
    smtp_port: Port = Field(7125, description="Port for mail (SMTP); it listens while an account is of mail.")
    smtp_certificate: Path | None = Field(
        None, description="PEM file with certificate and chain: with it, mail may come by STARTTLS."
    )
    smtp_key: Path | None = Field(None, description="PEM file with the certificate's key.")
    smtp_max_connections: int = Field(50, ge=1, le=1_000, description="Most connections for mail at a time.")
    smtp_mails_per_minute: int = Field(300, ge=1, le=100_000, description="Most mails a minute from one address.")
    ops_port: Port = Field(
        7111, validation_alias=own_name("ingest", "ops_port"), description="Port of ingest's health and metrics."
    )
    member: str = Field(
        "ingest-0",
        pattern=r"^[A-Za-z0-9._-]{1,100}$",
        validation_alias=own_name("ingest", "member"),
        description="Static membership name of this ingest.",
    )
