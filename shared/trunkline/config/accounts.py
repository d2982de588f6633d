"""The configured accounts with their channels, as ingest and notify look them up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from trunkline.channels.base import Account, Channel
from trunkline.config.calendars import Calendar
from trunkline.config.watch import Watch


class Configured(NamedTuple):
    """An account and the channel it is of."""

    account: Account
    channel: Channel
    calendar: Calendar | None = None
    """By which it is open; None: always."""


class Accounts:
    """Looks accounts up in the configuration in use; built anew when that changes."""

    def __init__(self, watch: Watch, channels: Mapping[str, Channel], *, public_url: str) -> None:
        self._watch = watch
        self._channels = channels
        self._public_url = public_url
        self._version = ""
        self._known: dict[str, Configured] = {}

    def get(self, name: str) -> Configured | None:
        """The account of that name, None if there is none (any more)."""
        return self._now().get(name)

    def all(self) -> Collection[Configured]:
        """Every account there is now."""
        return self._now().values()

    def _now(self) -> dict[str, Configured]:
        if self._version != self._watch.version:
            self._known = self._all()
            self._version = self._watch.version
        return self._known

    def _all(self) -> dict[str, Configured]:
        config = self._watch.current
        found = {}
        for name, entry in config.accounts.items():
            account = config.account(name, public_url=self._public_url)
            if account is not None:
                found[name] = Configured(account, self._channels[entry.channel], config.calendar_of_account(name))
        return found
