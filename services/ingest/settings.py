"""Every environment variable that ingest reads."""

from __future__ import annotations

from trunkline.settings import (
    AsksAgents,
    KnownToProviders,
    Listens,
    Port,
    ServiceSettings,
    member_of,
    ops_port_of,
    port_of,
)


class IngestSettings(Listens, KnownToProviders, AsksAgents, ServiceSettings):
    """Where ingest listens, and the address providers know it by."""

    port: Port = port_of("ingest")
    ops_port: Port = ops_port_of("ingest")
    member: str = member_of("ingest")
