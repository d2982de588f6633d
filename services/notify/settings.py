"""Every environment variable that notify reads."""

from __future__ import annotations

from trunkline.settings import KnownToProviders, Port, ServiceSettings, member_of, ops_port_of


class NotifySettings(KnownToProviders, ServiceSettings):
    """Who this notify is, and the address it asks providers to report to."""

    ops_port: Port = ops_port_of("notify")
    member: str = member_of("notify")
