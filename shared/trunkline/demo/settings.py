"""What the demo reads from the environment, and which account it may play the provider of."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr

from trunkline.channels import registry
from trunkline.channels.hosts import is_loopback
from trunkline.config.load import load
from trunkline.config.model import AccountEntry
from trunkline.config.problems import ConfigError
from trunkline.demo.people import ADMIN
from trunkline.settings import PREFIX, AsksAgents, KnownToProviders, Port, SettingsError, TakesMail

CHANNEL = "twilio-sms"
MAIL_CHANNEL = "email"
CHAT = "webchat"


def _own(name: str) -> AliasChoices:
    return AliasChoices(f"{PREFIX}DEMO_{name}")


class DemoSettings(KnownToProviders, AsksAgents, TakesMail):
    """Where ingest and the desk are, the pace, and who signs in to fill the roster."""

    ingest_port: Port = Field(7110, description="Port of ingest on this machine: where the webhooks really go.")
    rate: float = Field(
        12.0, ge=0.1, le=120.0, validation_alias=_own("RATE"), description="New conversations a minute, about."
    )
    seed: int = Field(1, validation_alias=_own("SEED"), description="The same seed tells the same stories.")
    admin_login: str = Field(
        ADMIN.login, max_length=254, description="`trunkline setup`: the first administrator, who also hires the demo."
    )
    admin_password: SecretStr = Field(SecretStr(ADMIN.password), description="Their password.")


@dataclass(frozen=True, slots=True)
class PlayedMail:
    """The mail account whose relay the demo is, on loopback."""

    address: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Played:
    """The account whose provider the demo plays, on loopback."""

    name: str
    sid: str
    token: str = field(repr=False)
    sender: str
    host: str
    port: int
    mail: PlayedMail | None = None
    """Set if there is an account of mail whose relay is on this machine."""


def played_account(settings: DemoSettings) -> Played:
    """The first account of the configuration whose provider is on this machine.

    SettingsError if there is none: with a real provider's address the robots would write to real telephones. Read from
    the file the services run by, so the demo can never differ from them.
    """
    if settings.environment == "production":
        raise SettingsError(["the demo has known passwords, which production refuses; set DEMO=0"])
    try:
        config = load(settings.config_file, registry.load(), os.environ, rules=False)
    except ConfigError as error:
        raise SettingsError([f"{settings.config_file}:{problem}" for problem in error.problems]) from error
    mail = next((one for entry in config.accounts.values() if (one := _played_mail(entry)) is not None), None)
    for name, entry in config.accounts.items():
        if entry.channel == CHANNEL and (played := _played(name, entry.settings)) is not None:
            return replace(played, mail=mail)
    needed = f"the demo needs a {CHANNEL} account with a sender and an api_base such as http://127.0.0.1:7150"
    raise SettingsError(
        [f"{needed} in {settings.config_file}, and must not write to a real provider; set DEMO=0 to do without it"]
    )


def _played_mail(entry: AccountEntry) -> PlayedMail | None:
    if entry.channel != MAIL_CHANNEL or not is_loopback(entry.settings.relay_host):
        return None
    host = "127.0.0.1" if entry.settings.relay_host == "localhost" else entry.settings.relay_host
    return PlayedMail(entry.settings.addresses[0], host, entry.settings.relay_port)


def chat_account(settings: DemoSettings) -> str | None:
    """The first account of web chat, where the demo's visitors write; None if there is none. The file is good."""
    config = load(settings.config_file, registry.load(), os.environ, rules=False)
    return next((name for name, entry in config.accounts.items() if entry.channel == CHAT), None)


def _played(name: str, account: Any) -> Played | None:
    where = urlsplit(account.api_base)
    host = "127.0.0.1" if where.hostname == "localhost" else where.hostname or ""
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        return None
    if not loopback or where.scheme != "http" or where.port is None or account.sender is None:
        return None
    return Played(name, account.account_sid, account.auth_token[0].get_secret_value(), account.sender, host, where.port)
