"""Web chat against the conformance kit; the signature is computed by hand, from what the README promises to shops."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest

from trunkline.channels.base import Account, RawRequest
from trunkline.channels.testing import Case, Vectors, kit_cases
from trunkline.channels.webchat import WebChat, WebChatSettings

SECRETS = ("the-newest-secret-of-the-shop", "the-secret-that-was-before-it")
ACCOUNT = Account(
    name="site",
    channel="webchat",
    public_url="https://chat.example",
    settings=WebChatSettings.model_validate({"origins": ["https://shop.example"], "identity_secret": SECRETS}),
)


def sign(request: RawRequest, secret: str) -> RawRequest:
    contact = request.header("x-trunkline-contact") or ""
    covered = request.url.encode() + b"\n" + contact.encode() + b"\n" + request.body
    signature = hmac.new(secret.encode(), covered, hashlib.sha256).hexdigest()
    return request.model_copy(update={"headers": (*request.headers, ("x-trunkline-signature", signature))})


CASES = kit_cases(
    WebChat(),
    ACCOUNT,
    Vectors.read(Path(__file__).parents[1] / "payloads" / "webchat"),
    sign=sign,
    secrets=SECRETS,
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_webchat_conforms(case: Case) -> None:
    case.run()
