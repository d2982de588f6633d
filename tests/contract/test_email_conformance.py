"""E-mail against the conformance kit, as far as it applies: SMTP has no signature and no HTTP status.

Left out, with what stands for it: tampering, missing signatures and rotation (nothing is signed on its way in; reply
addresses are, see test_email_replies), monsters (they expect a rejection by signature; see test_email_reading), answers
by HTTP status (SMTP's are in test_email_replies).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline.channels.base import Account, RawRequest
from trunkline.channels.email import Email, EmailSettings
from trunkline.channels.email.inbound import RECIPIENT, SENDER
from trunkline.channels.testing import Case, Vectors, kit_cases

SECRET = "a-secret-of-the-tests-only"
ACCOUNT = Account(
    name="mail",
    channel="email",
    public_url="https://mail.example",
    settings=EmailSettings.model_validate(
        {
            "addresses": ["support@shop.example"],
            "reply_secret": SECRET,
            "relay_host": "relay.shop.example",
            "relay_user": "trunkline",
            "relay_password": "the-relays-password",
        }
    ),
)
APPLY = {
    "repeats are equal",
    "unknown is a problem",
    "plans are pure",
    "silence is ambiguous",
    "secrets stay secret",
    "threads are stable",
    "manifest is complete",
}


def envelope(request: RawRequest, _secret: str) -> RawRequest:
    """What stands for a signature: the listener's envelope."""
    sender = "" if b"MAILER-DAEMON" in request.body else "anna@customers.example"
    kept = ((SENDER, sender), (RECIPIENT, "support@shop.example"))
    return request.model_copy(update={"method": "SMTP", "headers": kept})


CASES = [
    case
    for case in kit_cases(
        Email(),
        ACCOUNT,
        Vectors.read(Path(__file__).parents[1] / "payloads" / "email-kit"),
        sign=envelope,
        secrets=(SECRET,),
    )
    if str(case).startswith("vector: ") or str(case) in APPLY
]


def test_every_case_that_applies_is_run() -> None:
    assert {str(case) for case in CASES} >= APPLY


@pytest.mark.parametrize("case", CASES, ids=str)
def test_email_conforms(case: Case) -> None:
    case.run()
