"""Where things are, and secrets: `TRUNKLINE_…` variables, read once into a frozen model per service."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "TRUNKLINE_"
PLACEHOLDER_TOKEN: Final = "development-only"  # noqa: S105 - the placeholder that production refuses

# One environment often serves all four processes (compose, a ConfigMap, `trunkline up`), and an image holds one service
# only: so every name that any model knows stands here. A test compares it with the models.
VARIABLES: Final = frozenset(
    {
        "TRUNKLINE_ADMIN_LOGIN",
        "TRUNKLINE_ADMIN_PASSWORD",
        "TRUNKLINE_AGENTS_INTERNAL_URL",
        "TRUNKLINE_AGENTS_MEMBER",
        "TRUNKLINE_AGENTS_OPS_PORT",
        "TRUNKLINE_AGENTS_PORT",
        "TRUNKLINE_BEGINS_PER_MINUTE",
        "TRUNKLINE_BOARD_URL",
        "TRUNKLINE_CONFIG_FILE",
        "TRUNKLINE_DATABASE_URL",
        "TRUNKLINE_DATA_DIR",
        "TRUNKLINE_DEPLOYMENT",
        "TRUNKLINE_DESK_URL",
        "TRUNKLINE_ENVIRONMENT",
        "TRUNKLINE_FAILPOINTS",
        "TRUNKLINE_INGEST_MEMBER",
        "TRUNKLINE_INGEST_OPS_PORT",
        "TRUNKLINE_INGEST_PORT",
        "TRUNKLINE_INGEST_SHOP",
        "TRUNKLINE_INTERNAL_TOKEN",
        "TRUNKLINE_LISTEN_HOST",
        "TRUNKLINE_LOG_FORMAT",
        "TRUNKLINE_LOG_LEVEL",
        "TRUNKLINE_LOG_URL",
        "TRUNKLINE_MEMBER",
        "TRUNKLINE_NOTIFY_MEMBER",
        "TRUNKLINE_NOTIFY_OPS_PORT",
        "TRUNKLINE_OPS_HOST",
        "TRUNKLINE_OPS_PORT",
        "TRUNKLINE_PORT",
        "TRUNKLINE_PUBLIC_URL",
        "TRUNKLINE_ROUTER_MEMBER",
        "TRUNKLINE_ROUTER_OPS_PORT",
        "TRUNKLINE_SHARDS",
        "TRUNKLINE_SMTP_CERTIFICATE",
        "TRUNKLINE_SMTP_HOST",
        "TRUNKLINE_SMTP_KEY",
        "TRUNKLINE_SMTP_MAILS_PER_MINUTE",
        "TRUNKLINE_SMTP_MAX_CONNECTIONS",
        "TRUNKLINE_SMTP_PORT",
        "TRUNKLINE_UPLOADS_PER_HOUR",
        "TRUNKLINE_UPLOAD_MEGABYTES_PER_HOUR",
        "TRUNKLINE_UP_BOARD_PORT",
        "TRUNKLINE_UP_LOG_PORT",
    }
)
FOREIGN_PREFIXES: Final = (PREFIX + "TEST_", PREFIX + "DEMO_", PREFIX + "VAR_")
"""Names that no service reads: the tests', the demo's, and `TRUNKLINE_VAR_…`, free for `${…}` in trunkline.yaml."""


class SettingsError(Exception):
    """The environment cannot be used; one line per problem, never with a value that may be secret."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def _http_url(url: str) -> str:
    if not re.fullmatch(r"https?://[^\s/?#]+(?:/[^\s?#]*)?", url):
        raise ValueError("must be an http:// or https:// address without query")
    return url.rstrip("/")


def _log_url(url: str) -> str:
    if "://" not in url:
        url = f"kafka://{url}"  # KAFKA_BOOTSTRAP_SERVERS is a bare list
    if not re.fullmatch(r"rediss?://\S+|kafka://[\w.-]+:\d{1,5}(?:,[\w.-]+:\d{1,5})*", url):
        raise ValueError("must be redis://host:port/n or kafka://host:port[,host:port]")
    return url


def _board_url(url: str) -> str:
    if not re.fullmatch(r"(?:rediss?|unix)://\S+", url):
        raise ValueError("must be redis://host:port/n")
    return url


HttpUrl = Annotated[str, AfterValidator(_http_url)]
Port = Annotated[int, Field(ge=1, le=65535)]


def own_name(service: str, field: str) -> AliasChoices:
    """Variables of a field each process needs for itself: `TRUNKLINE_ROUTER_OPS_PORT`, else `TRUNKLINE_OPS_PORT`."""
    return AliasChoices(f"{PREFIX}{service}_{field}".upper(), f"{PREFIX}{field}".upper())


class CommonSettings(BaseSettings):
    """What every process of a deployment needs to know, and the same for all."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        env_ignore_empty=True,
        validate_default=True,
        hide_input_in_errors=True,
    )

    environment: Literal["development", "production"] = Field(
        "development", description="`production` refuses to start with placeholder secrets."
    )
    deployment: str = Field(
        "trunkline",
        pattern=r"^[a-z0-9][a-z0-9-]{0,39}$",
        description="Name of the deployment: hash tag on the board, prefix of topics and consumer groups.",
    )
    shards: int = Field(6, ge=1, le=1024, description="Shards, the same everywhere; never changes under a log.")
    log_url: Annotated[str, AfterValidator(_log_url)] = Field(
        "redis://127.0.0.1:7101/0",
        validation_alias=AliasChoices(f"{PREFIX}LOG_URL", "KAFKA_BOOTSTRAP_SERVERS"),
        description="The log: `kafka://host:port[,host:port]` or `redis://host:port/0`.",
    )
    board_url: Annotated[str, AfterValidator(_board_url)] = Field(
        "redis://127.0.0.1:7102/0",
        validation_alias=AliasChoices(f"{PREFIX}BOARD_URL", "REDIS_URL"),
        description="The board: `redis://host:port/0`.",
    )
    data_dir: Path = Field(Path("data"), description="Folder of blobs, the local record and the embedded servers.")
    config_file: Path = Field(Path("trunkline.yaml"), description="Channel accounts, queues and rules.")
    ops_host: str = Field("127.0.0.1", description="Address `/healthz`, `/readyz` and `/metrics` listen on.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")
    log_format: Literal["auto", "json", "pretty"] = Field(
        "auto", description="`auto`: pretty on a terminal, else JSON."
    )
    internal_token: SecretStr = Field(
        SecretStr(PLACEHOLDER_TOKEN),
        min_length=8,
        description="Secret that the services show each other.",
    )
    failpoints: str = Field("", max_length=4000, description="For fault tests only: see `trunkline.failpoints`.")

    @model_validator(mode="after")
    def _refuse_placeholders_in_production(self) -> Self:
        if self.environment == "production" and self.internal_token.get_secret_value() == PLACEHOLDER_TOKEN:
            raise ValueError("TRUNKLINE_INTERNAL_TOKEN still has its placeholder, which production refuses")
        if self.environment == "production" and self.failpoints:
            raise ValueError("TRUNKLINE_FAILPOINTS is set, which production refuses")
        return self


class ServiceSettings(CommonSettings):
    """What a service needs to know besides: what is its alone. Each service gives these defaults of its own."""

    member: str = Field(
        "",
        pattern=r"^[A-Za-z0-9._-]{0,100}$",
        description="Static membership name of this process, e.g. `router-0`: its name returns, its shards return.",
    )
    ops_port: Port = Field(7100, description="Port of `/healthz`, `/readyz` and `/metrics`.")


class KnownToProviders(CommonSettings):
    """For who tells providers where to come."""

    public_url: HttpUrl = Field(
        "http://127.0.0.1:7110", description="Address at which providers reach ingest; they sign it, and call it back."
    )


class AsksAgents(CommonSettings):
    """For who asks the agents service, which alone knows the record."""

    agents_internal_url: HttpUrl = Field(
        "http://127.0.0.1:7130", description="Address of the agents service for the other services' questions."
    )


class TakesMail(CommonSettings):
    """For who must know where mail comes in."""

    smtp_port: Port = Field(7125, description="Port for mail (SMTP); it listens while an account is of mail.")


class Listens(CommonSettings):
    """For who serves others than operators; each has a port of its own besides (`port_of`)."""

    listen_host: str = Field("127.0.0.1", description="Address the service's port listens on.")


_PORTS: Final = {
    "ingest": (7110, "Port of ingest (webhooks)."),
    "agents": (7130, "Port of the agents service (desk, API)."),
}
_OPS_PORTS: Final = {"ingest": 7111, "router": 7121, "agents": 7131, "notify": 7141}


def port_of(service: str, *, named: bool = False) -> Any:
    """The field of a service's port: `port` in its own settings; `named` for who knows it as `ingest_port`."""
    number, words = _PORTS[service]
    return Field(number, validation_alias=None if named else own_name(service, "port"), description=words)


def ops_port_of(service: str, *, named: bool = False) -> Any:
    """The field of a service's port for health and metrics: `ops_port` in its own settings, else as of `port_of`."""
    return Field(
        _OPS_PORTS[service],
        validation_alias=None if named else own_name(service, "ops_port"),
        description=f"Port of the {service} service's health and metrics.",
    )


def member_of(service: str) -> Any:
    """The field `member` of a service: the name by which what it holds comes back to it."""
    return Field(
        f"{service}-0",
        pattern=r"^[A-Za-z0-9._-]{1,100}$",
        validation_alias=own_name(service, "member"),
        description=f"Static membership name of this {service} process; give each replica its own, and the same again.",
    )


SettingsT = TypeVar("SettingsT", bound=CommonSettings)


def variables_of(name: str, field: FieldInfo) -> tuple[str, ...]:
    """The environment variables a field is read from, the first that is set counting."""
    if isinstance(field.validation_alias, AliasChoices):
        return tuple(str(choice) for choice in field.validation_alias.choices)
    return (f"{PREFIX}{name}".upper(),)


def load_settings(settings_type: type[SettingsT]) -> SettingsT:
    """Read the process's environment once; SettingsError with every problem, each naming its variable."""
    problems = unknown_variables(os.environ)
    try:
        settings = settings_type()
    except ValidationError as error:
        problems += [_sentence(settings_type, dict(detail)) for detail in error.errors(include_url=False)]
    if problems:
        raise SettingsError(problems)
    return settings


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each `TRUNKLINE_…` variable that no service knows, with the likeliest meant one."""
    strangers = [
        name
        for name in sorted(environment)
        if name.upper().startswith(PREFIX) and not name.startswith(FOREIGN_PREFIXES) and name not in VARIABLES
    ]
    return [f"{name} is not a setting{_suggestion(name)}" for name in strangers]


def _suggestion(name: str) -> str:
    near = difflib.get_close_matches(name.upper(), VARIABLES, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _sentence(settings_type: type[CommonSettings], detail: dict[str, object]) -> str:
    location = detail["loc"]
    where = str(location[0]) if isinstance(location, tuple) and location else ""
    words = str(detail["msg"]).removeprefix("Value error, ")
    fields = settings_type.model_fields
    if where in fields:
        where = variables_of(where, fields[where])[0]
    return f"{where}: {words}" if where else words
