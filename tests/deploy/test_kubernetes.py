"""deploy/k8s: it builds, every object is valid, and what it promises of its pods and settings holds."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml

from services.router.owner import GROUP
from tests.deploy.compose import ROOT, SERVICES
from tests.deploy.rig import OPS_PORTS, PORTS, SMTP_PORT
from tests.deploy.test_compose_file import SETTINGS
from tests.deploy.test_prometheus import catalogue
from trunkline.channels.registry import load as load_channels
from trunkline.config.load import load
from trunkline.events import Topic
from trunkline.service import WATCHDOG_S
from trunkline.settings import unknown_variables

BASE: Final = ROOT / "deploy" / "k8s" / "base"
KEDA: Final = ROOT / "deploy" / "k8s" / "keda"
SCALED_OBJECT: Final = Path(__file__).with_name("scaled_object.schema.json")
OLDEST: Final = "1.27"
"""The oldest Kubernetes the objects are held to; the newest is the newest the validator knows."""

Objects = dict[tuple[str, str], dict[str, Any]]


def built(folder: Path) -> str:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed (Debian: apt-get install kubernetes-client)")
    answer = subprocess.run(
        [kubectl, "kustomize", str(folder)], capture_output=True, text=True, check=False, timeout=60
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.fixture(scope="module")
def base() -> Objects:
    """Every object of the base, by kind and name."""
    documents = yaml.safe_load_all(built(BASE))
    return {(one["kind"], one["metadata"]["name"]): one for one in documents}


@pytest.fixture(scope="module")
def environment(base: Objects) -> dict[str, str]:
    """What all pods are told."""
    found: dict[str, str] = base["ConfigMap", "trunkline-environment"]["data"]
    return found


def workload(base: Objects, name: str) -> dict[str, Any]:
    return base["StatefulSet" if name in {"router", "notify"} else "Deployment", name]


def pods(base: Objects) -> dict[str, dict[str, Any]]:
    """The pod of each workload and of the Job."""
    return {
        name: one["spec"]["template"]["spec"]
        for (kind, name), one in base.items()
        if kind in {"Deployment", "StatefulSet", "Job"}
    }


def told(base: Objects, name: str) -> dict[str, Any]:
    """The variables of a pod: those of the ConfigMap, and its own with where they come from."""
    [container] = pods(base)[name]["containers"]
    own = {one["name"]: one["valueFrom"] for one in container["env"]}
    return {**base["ConfigMap", "trunkline-environment"]["data"], **own}


@pytest.mark.parametrize("version", [OLDEST, None], ids=["oldest", "newest"])
def test_every_object_is_one_that_kubernetes_knows_field_by_field(version: str | None, tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(built(BASE))

    answer = validate(tmp_path / "base.yaml", version)

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "WARN" not in answer.stdout
    assert answer.stdout.count("passed for resource") == len(list(yaml.safe_load_all(built(BASE))))


def test_a_misspelt_field_would_be_found(tmp_path: Path) -> None:
    wrong = built(BASE).replace("terminationGracePeriodSeconds", "terminationGraceSeconds", 1)
    (tmp_path / "wrong.yaml").write_text(wrong)

    assert validate(tmp_path / "wrong.yaml", None).returncode != 0


def validate(path: Path, version: str | None) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("kubernetes-validate")
    words = [str(program), "--strict", *(["-k", version] if version else []), str(path)]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=120)


def test_who_owns_shards_has_a_name_that_returns(base: Objects) -> None:
    for name in ("router", "notify"):
        one = base["StatefulSet", name]
        assert one["spec"]["serviceName"] == name
        assert base["Service", name]["spec"]["clusterIP"] == "None"
        # The board opens when every shard is verified: one after the other would wait for ever for the first.
        assert one["spec"]["podManagementPolicy"] == "Parallel"
        assert told(base, name)[f"TRUNKLINE_{name.upper()}_MEMBER"] == {"fieldRef": {"fieldPath": "metadata.name"}}


@pytest.mark.parametrize("name", [*SERVICES, "setup"])
def test_a_pod_can_do_nothing_that_it_need_not(name: str, base: Objects) -> None:
    pod = pods(base)[name]
    [container] = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False
    assert "memory" in container["resources"]["limits"]


@pytest.mark.parametrize("name", [*SERVICES, "setup"])
def test_a_service_of_the_cluster_never_becomes_one_of_our_variables(name: str, base: Objects) -> None:
    assert pods(base)[name]["enableServiceLinks"] is False


@pytest.mark.parametrize("name", [*SERVICES, "setup"])
def test_a_pod_is_told_only_settings_that_exist_and_secrets_only_by_reference(name: str, base: Objects) -> None:
    variables = told(base, name)

    assert unknown_variables(dict.fromkeys(variables, "")) == []
    for variable in ("TRUNKLINE_INTERNAL_TOKEN", "TRUNKLINE_BOARD_URL", "TRUNKLINE_DATABASE_URL"):
        if variable in variables:
            assert variables[variable]["secretKeyRef"]["name"] == "trunkline"
    assert ("TRUNKLINE_DATABASE_URL" in variables) == (name in {"agents", "setup"})
    assert ("TRUNKLINE_ADMIN_PASSWORD" in variables) == (name == "setup")
    assert not [one for one in base if one[0] == "Secret"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_reads_what_it_is_told(
    name: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("TRUNKLINE_INTERNAL_TOKEN", "a-secret-of-the-cluster")

    settings = SETTINGS[name]()

    assert settings.environment == "production"
    assert settings.shards == 48


@pytest.mark.parametrize("name", SERVICES)
def test_a_pod_is_asked_on_its_own_ops_port_and_has_time_to_stop(name: str, base: Objects) -> None:
    pod = pods(base)[name]
    [container] = pod["containers"]
    ports = {one["name"]: one["containerPort"] for one in container["ports"]}

    assert ports["ops"] == OPS_PORTS[name]
    assert ports.get("http") == PORTS.get(name)
    assert ports.get("smtp") == (SMTP_PORT if name == "ingest" else None)
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "ops"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "ops"}
    before = int(container["lifecycle"]["preStop"]["exec"]["command"][1]) if "lifecycle" in container else 0
    assert pod["terminationGracePeriodSeconds"] > before + WATCHDOG_S
    assert container["command"] == ["python", "-m", f"services.{name}"]


@pytest.mark.parametrize("name", SERVICES)
def test_selectors_find_the_pods_they_are_meant_for(name: str, base: Objects) -> None:
    one = workload(base, name)
    labels = one["spec"]["template"]["metadata"]["labels"]

    assert one["spec"]["selector"]["matchLabels"] == labels
    assert base["Service", name]["spec"]["selector"] == labels
    assert base["PodDisruptionBudget", name]["spec"]["selector"]["matchLabels"] == labels
    assert base["PodDisruptionBudget", name]["spec"]["maxUnavailable"] == 1 < one["spec"]["replicas"]


def test_the_network_lets_in_what_is_served_and_prometheus_and_nobody_else(base: Objects) -> None:
    open_to = {
        name: (
            one["spec"]["podSelector"]["matchLabels"],
            [rule.get("ports") for rule in one["spec"].get("ingress", [])],
        )
        for (kind, name), one in base.items()
        if kind == "NetworkPolicy"
    }
    ours = {"app.kubernetes.io/part-of": "trunkline"}

    assert open_to["nobody"] == (ours, [])
    assert open_to["providers-to-ingest"] == (
        ours | {"app.kubernetes.io/name": "ingest"},
        [[{"port": 7110}, {"port": 7125}]],
    )
    assert open_to["desks-to-agents"] == (ours | {"app.kubernetes.io/name": "agents"}, [[{"port": 7130}]])
    assert open_to["prometheus-to-ops"] == (ours, [[{"port": port} for port in sorted(OPS_PORTS.values())]])


def test_the_configuration_to_begin_with_is_a_good_one(base: Objects, tmp_path: Path) -> None:
    text = base["ConfigMap", "trunkline-config"]["data"]["trunkline.yaml"]
    (tmp_path / "trunkline.yaml").write_text(text)
    told = base["ConfigMap", "trunkline-environment"]["data"] | {"CHAT_SECRET": "a-secret-of-the-cluster"}

    config = load(tmp_path / "trunkline.yaml", load_channels(), told)

    assert set(config.accounts) == {"chat-shop"}
    assert text == (ROOT / "deploy" / "compose" / "trunkline.yaml").read_text(encoding="utf-8"), (
        "two copies of one file"
    )


def test_scaling_asks_for_what_is_there_and_never_beyond_the_shards(environment: dict[str, str], base: Objects) -> None:
    schema = json.loads(SCALED_OBJECT.read_text())
    known = catalogue()
    for one in yaml.safe_load_all(built(KEDA)):
        jsonschema.validate(one, schema)
        target = one["spec"]["scaleTargetRef"]
        assert (target["kind"], target["name"]) in base
        assert one["spec"]["maxReplicaCount"] <= int(environment["TRUNKLINE_SHARDS"])
        for trigger in one["spec"]["triggers"]:
            asked = trigger["metadata"]
            if trigger["type"] == "kafka":
                deployment = environment["TRUNKLINE_DEPLOYMENT"]
                assert (asked["consumerGroup"], asked["topic"]) == (
                    f"{deployment}.{GROUP}",
                    f"{deployment}.{Topic.INBOUND}",
                )
                assert f"kafka://{asked['bootstrapServers']}" == environment["TRUNKLINE_LOG_URL"]
            else:
                assert set(re.findall(r"trunkline_\w+", asked["query"])) <= set(known)


def test_the_overlay_that_operations_shows_builds(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    [shown] = re.findall(r"```yaml\n(apiVersion: kustomize.*?)```", page, re.DOTALL)
    overlay = yaml.safe_load(shown)
    [beside] = overlay.pop("resources")
    assert (tmp_path / "mine" / beside).resolve() == tmp_path / "trunkline" / "deploy" / "k8s" / "base"
    shutil.copytree(BASE, tmp_path / "trunkline" / "deploy" / "k8s" / "base")
    (tmp_path / "mine").mkdir()
    shutil.copy(ROOT / "deploy" / "trunkline.yaml", tmp_path / "mine")
    # The name that both Debian's kubectl of 2021 and today's know: `resources` takes a folder only since 1.21.
    (tmp_path / "mine" / "kustomization.yaml").write_text(yaml.safe_dump(overlay | {"bases": [beside]}))

    objects = {(one["kind"], one["metadata"]["name"]): one for one in yaml.safe_load_all(built(tmp_path / "mine"))}

    images = {pod["containers"][0]["image"] for pod in pods(objects).values()}
    assert images == {f"registry.example.com/trunkline/{name}:0.1.0" for name in SERVICES}
    config = objects["ConfigMap", "trunkline-config"]["data"]["trunkline.yaml"]
    assert config == (ROOT / "deploy" / "trunkline.yaml").read_text(encoding="utf-8")
    merged = objects["ConfigMap", "trunkline-environment"]["data"]
    assert (merged["TRUNKLINE_PUBLIC_URL"], merged["TRUNKLINE_SHARDS"]) == ("https://messages.example.org", "48")
