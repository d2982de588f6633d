"""Every environment variable that the router reads."""

from __future__ import annotations

from trunkline.settings import AsksAgents, Port, ServiceSettings, member_of, ops_port_of


class RouterSettings(AsksAgents, ServiceSettings):
    """Who this router is, and where it asks what the board forgot."""

    ops_port: Port = ops_port_of("router")
    member: str = member_of("router")
