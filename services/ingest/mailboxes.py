"""Which account a recipient belongs to: its addresses, and the reply and bounce addresses it has signed."""

from __future__ import annotations

from trunkline.channels.email import settings_of
from trunkline.channels.email.settings import mailbox, same
from trunkline.channels.email.tokens import read_bounce_address, read_reply_address
from trunkline.config.accounts import Accounts, Configured

CHANNEL = "email"


class Mailboxes:
    """Looks recipients up in the configuration in use."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    @property
    def any(self) -> bool:
        """Is there any account of mail?"""
        return any(configured.channel.manifest.type == CHANNEL for configured in self._accounts.all())

    def of(self, recipient: str) -> Configured | None:
        """The account that this recipient belongs to; None: nobody of that name is here, and we relay for nobody."""
        address = mailbox(recipient.strip())
        if address is None:
            return None
        local, _, domain = same(address).rpartition("@")
        plain = f"{local.partition('+')[0]}@{domain}"
        for configured in self._accounts.all():
            if configured.channel.manifest.type != CHANNEL:
                continue
            settings, name = settings_of(configured.account), configured.account.name
            if plain in {same(own) for own in settings.addresses}:
                return configured
            if read_reply_address(settings, name, address) or read_bounce_address(settings, name, address):
                return configured
        return None
