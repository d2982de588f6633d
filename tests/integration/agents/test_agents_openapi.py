"""What the API says of itself is so: whatever is asked by its own description, the answer is one it describes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from jsonschema import Draft202012Validator
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from deploy.docs import openapi
from trunkline.ids import new_id
from trunkline.settings import PLACEHOLDER_TOKEN
from trunkline.testing.deployment import ADMIN, Deployment

pytestmark = pytest.mark.slow

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


@pytest.fixture(scope="module")
def visitor(system: Deployment) -> requests.Session:
    """The administrator, by a client that knows no event loop."""
    session = requests.Session()
    session.headers["X-Trunkline"] = "1"
    login, password = ADMIN
    answer = session.post(f"{system.desk_url}/api/v1/session", json={"login": login, "password": password}, timeout=10)
    assert answer.status_code == 200
    session.headers["Cookie"] = f"trunkline_session={answer.cookies['trunkline_session']}"
    session.cookies.clear()
    return session


# The document is the code's own, no process is needed to read it. Signing out is left out, for the visitor's sake.
schema = schemathesis.openapi.from_dict(openapi()).exclude(path="/api/v1/session", method=["DELETE", "POST"])


@schema.parametrize()
@settings(
    max_examples=12, deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large,
                           HealthCheck.function_scoped_fixture],
)  # fmt: skip
def test_the_answer_is_one_the_document_describes(
    case: Case[Any], system: Deployment, visitor: requests.Session
) -> None:
    headers = dict(visitor.headers)
    if case.path.startswith("/internal/"):
        headers["Authorization"] = f"Bearer {PLACEHOLDER_TOKEN}"
    headers["Idempotency-Key"] = new_id()
    case.call_and_validate(base_url=system.desk_url, headers=headers, checks=CHECKS, timeout=20)


def test_the_document_is_valid_and_complete(system: Deployment) -> None:
    document = requests.get(f"{system.desk_url}/openapi.json", timeout=10).json()

    assert document["openapi"].startswith("3.1")
    for name, one in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(one)
        assert "HTTPValidationError" not in name
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation.get("summary"), where
            assert operation.get("description"), f"{where} has no sentence"
            _check_errors(where, operation["responses"])


def _check_errors(where: str, responses: Mapping[str, Any]) -> None:
    assert "503" in responses or "400" in responses or where.startswith("get /api/v1/session"), where
    for status, one in responses.items():
        if status >= "400":
            assert set(one["content"]) == {"application/problem+json"}, (where, status)
