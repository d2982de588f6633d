"""docker-compose.yml, Dockerfile and the example env files: whole, closed, and of one mind with the services."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from services.agents.settings import AgentsSettings
from services.ingest.settings import IngestSettings
from services.notify.settings import NotifySettings
from services.router.settings import RouterSettings
from tests.deploy.compose import FILE, ROOT, SERVICES, compose, filled_example, image_environment, resolved
from tests.deploy.rig import OPS_PORTS, PORTS, SMTP_PORT
from trunkline.service import WATCHDOG_S
from trunkline.settings import ServiceSettings, unknown_variables

SETTINGS: Final[dict[str, type[ServiceSettings]]] = {
    "ingest": IngestSettings,
    "router": RouterSettings,
    "agents": AgentsSettings,
    "notify": NotifySettings,
}
BLANKS: Final = (
    "TRUNKLINE_INTERNAL_TOKEN",
    "TRUNKLINE_ADMIN_PASSWORD",
    "POSTGRES_PASSWORD",
    "GRAFANA_ADMIN_PASSWORD",
)
SECRETS: Final = {name: f"filled-in-{number}" for number, name in enumerate(BLANKS)}
"""A value of its own for each, so that it can be seen where it goes."""


@pytest.fixture
def services(tmp_path: Path) -> dict[str, Any]:
    """The services as Compose resolves them with the filled-in examples."""
    accounts = (ROOT / "accounts.env.example").read_text(encoding="utf-8")
    found: dict[str, Any] = resolved(tmp_path, filled_example(".env.example", SECRETS), accounts)["services"]
    return found


def test_the_example_with_its_blanks_filled_in_is_all_that_compose_asks_for(services: dict[str, Any]) -> None:
    assert set(SERVICES) | {"setup", "kafka", "valkey", "postgres", "prometheus", "grafana"} == set(services)


@pytest.mark.parametrize("blank", BLANKS)
def test_compose_refuses_a_secret_left_blank_and_says_which(blank: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(filled_example(".env.example", SECRETS | {blank: ""}))
    (tmp_path / FILE.name).write_bytes(FILE.read_bytes())

    answer = compose(tmp_path, "config", "--quiet")

    assert answer.returncode != 0
    assert f"{blank} is missing a value: copy .env.example" in answer.stderr


def test_every_variable_of_the_file_stands_in_the_example() -> None:
    asked = set(re.findall(r"(?<!\$)\$\{(\w+)", FILE.read_text(encoding="utf-8")))
    told = set(re.findall(r"^#?(\w+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))

    assert asked - {"TRUNKLINE_DEPLOYMENT", "IMAGE_TAG"} == told
    # A service refuses a TRUNKLINE_… that it does not know; what only the file reads must not look like one.
    assert unknown_variables(dict.fromkeys(told, "")) == []


def test_the_accounts_example_names_what_the_configuration_asks_for() -> None:
    configuration = (ROOT / "deploy" / "compose" / "trunkline.yaml").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+)[:}]", configuration)) - {"TRUNKLINE_PUBLIC_URL", "NAME"}
    told = set(re.findall(r"^#?(\w+)=", (ROOT / "accounts.env.example").read_text(), re.MULTILINE))

    assert asked == told


def test_no_secret_of_an_account_has_a_default_that_everybody_knows() -> None:
    configuration = (ROOT / "deploy" / "compose" / "trunkline.yaml").read_text(encoding="utf-8")

    assert re.findall(r"(?:secret|token|password|user): \$\{\w+:-", configuration) == []


def test_no_service_is_told_a_secret_it_does_not_need(services: dict[str, Any]) -> None:
    def knows(secret: str) -> set[str]:
        return {name for name, one in services.items() if SECRETS[secret] in str(one.get("environment"))}

    assert knows("TRUNKLINE_ADMIN_PASSWORD") == {"setup"}
    assert knows("POSTGRES_PASSWORD") == {"postgres", "setup", "agents"}
    assert knows("TRUNKLINE_INTERNAL_TOKEN") == {"setup", *SERVICES}
    assert knows("GRAFANA_ADMIN_PASSWORD") == {"grafana"}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_told_only_settings_that_exist_and_starts_with_them(
    name: str, services: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = image_environment(name) | services[name]["environment"]
    assert unknown_variables(told) == []

    for variable, value in told.items():
        if variable.startswith("TRUNKLINE_"):
            monkeypatch.setenv(variable, value)
    settings = SETTINGS[name]()

    assert settings.environment == "production"
    assert settings.log_url == "kafka://kafka:9092"
    hosts = {field: getattr(settings, field) for field in SETTINGS[name].model_fields if field.endswith("_host")}
    assert hosts == dict.fromkeys(hosts, "0.0.0.0"), "a container is reached by its own address only"
    assert str(settings.config_file) == "/etc/trunkline/trunkline.yaml"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_write_to_the_blobs_alone_and_has_time_to_stop(name: str, services: dict[str, Any]) -> None:
    service = services[name]

    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    writable = {volume["target"] for volume in service["volumes"] if not volume.get("read_only")}
    assert writable == {image_environment(name)["TRUNKLINE_DATA_DIR"]}
    assert int(service["stop_grace_period"].removesuffix("s")) > WATCHDOG_S


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_waits_for_setup_and_is_asked_whether_it_is_ready(name: str, services: dict[str, Any]) -> None:
    service = services[name]

    assert service["depends_on"]["setup"]["condition"] == "service_completed_successfully"
    assert f"http://127.0.0.1:{OPS_PORTS[name]}/readyz" in service["healthcheck"]["test"][-1]
    assert SETTINGS[name].model_fields["ops_port"].default == OPS_PORTS[name]


def test_setup_waits_for_every_server_to_be_well(services: dict[str, Any]) -> None:
    needs = services["setup"]["depends_on"]

    assert {name: need["condition"] for name, need in needs.items()} == dict.fromkeys(
        ("kafka", "valkey", "postgres"), "service_healthy"
    )
    assert services["setup"]["restart"] == "no"
    assert all("healthcheck" in services[name] for name in needs)


def test_ports_are_published_on_loopback_alone_and_no_server_of_ours_among_them(services: dict[str, Any]) -> None:
    published = {
        (name, port["target"], port.get("host_ip")) for name, one in services.items() for port in one.get("ports", [])
    }

    ours = {
        ("ingest", PORTS["ingest"]),
        ("ingest", SMTP_PORT),
        ("agents", PORTS["agents"]),
        ("prometheus", 9090),
        ("grafana", 3000),
    }
    assert published == {(name, port, "127.0.0.1") for name, port in ours}
    fields = IngestSettings.model_fields
    assert (fields["port"].default, fields["smtp_port"].default) == (PORTS["ingest"], SMTP_PORT)
    assert AgentsSettings.model_fields["port"].default == PORTS["agents"]


def test_every_address_names_a_service_of_the_file_and_a_port_it_serves(services: dict[str, Any]) -> None:
    served = {"kafka:9092", "valkey:6379", "postgres:5432", f"agents:{PORTS['agents']}"}
    outside = {"127.0.0.1:7110"}

    for name in ("setup", *SERVICES):
        text = " ".join(str(value) for value in services[name]["environment"].values())
        found = {address.rpartition("@")[2] for address in re.findall(r"://([^/\s]+)", text)}
        assert found - outside <= served, name
        assert {"kafka:9092", "valkey:6379"} <= found


def test_what_the_servers_keep_is_on_volumes(services: dict[str, Any]) -> None:
    kept = {
        name: {volume["target"] for volume in services[name]["volumes"]} for name in ("kafka", "valkey", "postgres")
    }

    assert services["kafka"]["environment"]["KAFKA_LOG_DIRS"] in kept["kafka"]
    assert kept["valkey"] == {"/data"}
    assert kept["postgres"] == {"/var/lib/postgresql/data"}


def test_the_image_is_made_from_hashed_wheels_and_does_not_run_as_root() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert "--require-hashes --only-binary :all: -r /src/requirements.txt" in text
    assert "--require-hashes -r deploy/build-requirements.txt" in text
    assert re.findall(r"^USER (.*)$", text, re.MULTILINE) == ["10001:10001"]
    assert text.rindex("USER 10001") > text.rindex("\nFROM ")


def test_every_file_that_the_dockerfile_copies_is_there_and_not_kept_from_it() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    let_in = re.findall(r"^!(.*)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE)

    copied = [word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE) for word in line.split()]
    for source in copied:
        for name in SERVICES:
            path = source.replace("${SERVICE}", name).rstrip("/")
            assert (ROOT / path).exists(), path
            assert any(path == each or path.startswith(f"{each}/") for each in let_in), path


def test_the_files_with_secrets_are_kept_out_of_git_and_of_images() -> None:
    ignored = (ROOT / ".gitignore").read_text().splitlines()

    assert {".env", "accounts.env"} <= set(ignored)
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"
    assert not yaml.safe_load(FILE.read_text()).get("secrets")
