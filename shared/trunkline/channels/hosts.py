"""Judging hosts that settings name."""

from __future__ import annotations

import ipaddress


def is_loopback(host: str) -> bool:
    """Is it this machine, by address or by its one name?"""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
