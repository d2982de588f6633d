"""Every environment variable that notify reads."""

from __future__ import annotations

from pydantic import Field

from trunkline.settings import HttpUrl, Port, ServiceSettings, own_name


class NotifySettings(ServiceSettings):
    """Who this notify is, and the address it asks providers to report to."""

    public_url: HttpUrl = Field(
        "http://127.0.0.1:7110", description="Address at which providers reach ingest; they sign it, and call it back."
    )
    ops_port: Port = Field(
        7141, validation_alias=own_name("notify", "ops_port"), description="Port of notify's health and metrics."
    )
    member: str = Field(
        "notify-0",
        pattern=r"^[A-Za-z0-9._-]{1,100}$",
        validation_alias=own_name("notify", "member"),
        description="Static membership name of this notify; give each replica its own, and the same again.",
    )
