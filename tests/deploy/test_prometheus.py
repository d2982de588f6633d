"""Alert rules and dashboard: what they ask for is there, and promtool finds no fault with them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from tests.deploy.compose import ROOT, SERVICES
from tests.deploy.rig import OPS_PORTS
from tests.unit.shared.test_generated_pages import script
from trunkline import metrics, ops

PROMETHEUS = ROOT / "deploy" / "prometheus"
ALERTS: ModuleType = script("alerts")
DASHBOARD: ModuleType = script("dashboard")

FROM_SCRAPING = {"job", "instance", "le"}
_SELECTOR = re.compile(r"\b(trunkline_\w+)(?:\{([^}]*)\})?")
_GROUPED = re.compile(r"\b(?:by|on) \(([^)]*)\)")
_LABEL = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)")


def promtool(*words: str, folder: Path = PROMETHEUS) -> None:
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed (Debian: apt-get install prometheus)")
    answer = subprocess.run([program, *words], capture_output=True, text=True, check=False, cwd=folder, timeout=60)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def catalogue() -> dict[str, set[str]]:
    """Each series' name with its labels, as Prometheus will see them."""
    assert metrics
    assert ops
    found: dict[str, set[str]] = {}
    for collector in REGISTRY._collector_to_names:
        if isinstance(collector, MetricWrapperBase) and collector._name.startswith("trunkline_"):
            endings = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(
                collector._type or "", [""]
            )
            found |= {f"{collector._name}{ending}": set(collector._labelnames) for ending in endings}
    return found


def queries(dashboard: dict[str, Any]) -> Iterator[str]:
    for panel in dashboard["panels"]:
        yield from (target["expr"] for target in panel.get("targets", []))


def everything() -> list[str]:
    return [*(rule["expr"] for rule in ALERTS.rules()), *queries(json.loads(DASHBOARD.DASHBOARD.read_text()))]


@pytest.mark.parametrize("expression", everything(), ids=lambda expression: str(expression)[:60])
def test_a_rule_or_a_panel_asks_only_for_metrics_and_labels_that_are_in_the_catalogue(expression: str) -> None:
    known = catalogue()

    carried: set[str] = set()
    for name, selector in _SELECTOR.findall(expression):
        assert name in known, f"{name} is not in the catalogue"
        assert set(_LABEL.findall(selector)) <= known[name] | FROM_SCRAPING, f"{name} has not all of {selector}"
        carried |= known[name]
    for group in _GROUPED.findall(expression):
        assert {label.strip() for label in group.split(",")} <= carried | FROM_SCRAPING, group


def test_a_metric_or_a_label_that_is_not_there_would_be_found() -> None:
    test = test_a_rule_or_a_panel_asks_only_for_metrics_and_labels_that_are_in_the_catalogue

    for wrong in (
        "sum(trunkline_queue_wating)",
        'trunkline_queue_waiting{agent="x"}',
        "sum by (agent) (trunkline_queue_waiting)",
        "rate(trunkline_offers[5m])",
    ):
        with pytest.raises(AssertionError):
            test(wrong)


@pytest.mark.parametrize("rule", ALERTS.rules(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_how_urgent_it_is_what_it_means_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "look"}
    assert set(rule["annotations"]) == {"summary", "action"}


@pytest.mark.parametrize("maker", [ALERTS, DASHBOARD], ids=["alerts", "dashboard"])
def test_what_is_made_from_rules_and_catalogue_is_current_else_make_docs(maker: ModuleType) -> None:
    for path, text in maker.pages().items():
        assert path.read_text(encoding="utf-8") == text, "make docs"


def test_prometheus_finds_no_fault_with_its_configuration_and_the_rules() -> None:
    promtool("check", "config", "prometheus.yml")
    promtool("check", "rules", "alerts.yml")


def test_alerts_speak_when_they_must_and_are_quiet_when_they_must_not() -> None:
    promtool("test", "rules", "alerts_test.yml")


def test_prometheus_understands_every_query_of_the_dashboard(tmp_path: Path) -> None:
    asked = [
        query.replace("$__rate_interval", "1m").replace("$queue", ".*")
        for query in queries(json.loads(DASHBOARD.DASHBOARD.read_text()))
    ]
    rules = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(asked)]
    (tmp_path / "queries.yml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))

    assert len(asked) > 20
    promtool("check", "rules", "queries.yml", folder=tmp_path)


def test_every_service_is_scraped_on_its_own_port() -> None:
    jobs = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())["scrape_configs"]

    found = {job["job_name"]: (job["dns_sd_configs"][0]["names"], job["dns_sd_configs"][0]["port"]) for job in jobs}

    assert found == {name: ([name], OPS_PORTS[name]) for name in SERVICES}


def test_grafana_finds_dashboard_and_data_where_compose_puts_them() -> None:
    grafana = ROOT / "deploy" / "grafana" / "provisioning"
    [source] = yaml.safe_load((grafana / "datasources" / "prometheus.yml").read_text())["datasources"]
    [provider] = yaml.safe_load((grafana / "dashboards" / "trunkline.yml").read_text())["providers"]
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]["grafana"]
    home = Path(service["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"])

    assert source["uid"] == DASHBOARD.DATASOURCE["uid"]
    assert f"./deploy/grafana/dashboards:{provider['options']['path']}:ro" in service["volumes"]
    assert home == Path(provider["options"]["path"]) / DASHBOARD.DASHBOARD.name
