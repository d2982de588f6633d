"""SMS by Twilio against the conformance kit; Twilio's own library signs the requests."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from multidict import MultiDict
from twilio.request_validator import RequestValidator

from trunkline.channels.base import Account, RawRequest
from trunkline.channels.testing import Case, Vectors, kit_cases
from trunkline.channels.twilio import TwilioSettings, TwilioSms

SECRETS = ("f0e1d2c3b4a5968778695a4b3c2d1e0f", "0f1e2d3c4b5a69788796a5b4c3d2e1f0")
ACCOUNT = Account(
    name="sms",
    channel="twilio-sms",
    public_url="https://sms.example",
    settings=TwilioSettings.model_validate(
        {"account_sid": f"AC{'0123456789abcdef' * 2}", "auth_token": SECRETS, "sender": "+15005550006"}
    ),
)


def sign(request: RawRequest, secret: str) -> RawRequest:
    parameters = MultiDict(parse_qsl(request.body.decode(), keep_blank_values=True))
    signature = RequestValidator(secret).compute_signature(request.url, parameters)
    return request.model_copy(update={"headers": (*request.headers, ("x-twilio-signature", signature))})


CASES = kit_cases(
    TwilioSms(),
    ACCOUNT,
    Vectors.read(Path(__file__).parents[1] / "payloads" / "twilio-sms"),
    sign=sign,
    secrets=SECRETS,
)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_twilio_conforms(case: Case) -> None:
    case.run()
