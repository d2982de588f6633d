"""Mail by SMTP to an agent's desk, the answer to a relay, and the answer to that back into the same conversation."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline.testing.agent import TestAgent
from trunkline.testing.deployment import ADMIN, Deployment
from trunkline.testing.mail import MailSink, hand_in, written

CUSTOMER = "anna@customers.example"
SUPPORT = "support@shop.example"

CONFIG = """
default_queue: support
queues:
  support: {{title: Support, target_s: 60, offer_timeout_s: 60, wrap_up_s: 0}}
accounts:
  mail-main:
    channel: email
    settings:
      addresses: [support@shop.example]
      name: The Shop
      reply_secret: a-secret-of-the-tests-only
      relay_host: 127.0.0.1
      relay_port: {relay}
      relay_security: none
      signature: "{{agent}}, The Shop"
"""


@pytest.mark.slow
async def test_a_mail_reaches_an_agent_and_the_answer_the_customer_and_back(tmp_path: Path) -> None:
    async with (
        MailSink() as sink,
        Deployment(tmp_path, config=CONFIG.format(relay=sink.port)) as system,
        TestAgent(system.desk_url, *ADMIN) as agent,
    ):
        first = written(
            f"Anna <{CUSTOMER}>",
            SUPPORT,
            "Where is my parcel?",
            subject="Parcel",
            message_id="first@customers.example",
            headers={"Cc": "bruno@customers.example"},
        )
        told = await hand_in(system.ports["smtp"], first, sender=CUSTOMER, recipients=[SUPPORT])
        assert told.code == 250, told

        offered = await agent.event("conversation.offered")
        conversation = offered["subject"]
        assert (await agent.act("accept", conversation, fence=offered["data"]["state"]["fence"]))["status"] == "done"
        assert (await agent.act("reply", conversation, text="It left today."))["status"] == "done"

        [answer] = await sink.wait_for(1)
        assert answer.recipients == (CUSTOMER, "bruno@customers.example")
        assert answer.message["Subject"] == "Re: Parcel"
        assert answer.message["In-Reply-To"] == "<first@customers.example>"
        assert answer.text.split("\n-- \n") == ["It left today.\n", f"{agent.me['name']}, The Shop\n"]
        await agent.event("delivery.sent")

        # Another address of the customer's program, no References at all: the signed reply address alone must do.
        reply_to = answer.message["Reply-To"].addresses[0].addr_spec
        quoted = "Thank you!\n\nOn Mon, 2 Jan 2026 at 10:00, The Shop <support@shop.example> wrote:\n> It left today.\n"
        second = written(CUSTOMER, reply_to, quoted, subject="Re: Parcel", message_id="second@customers.example")
        assert (await hand_in(system.ports["smtp"], second, sender=CUSTOMER, recipients=[reply_to])).code == 250
        added = await agent.event("conversation.message-added")
        assert added["subject"] == conversation
        kinds = {part["kind"]: part for part in added["data"]["details"]["message"]["parts"]}
        assert kinds["text"]["text"] == "Thank you!"
        assert "It left today." in kinds["quote"]["quoted"]
        assert kinds["mail"]["stranger"] is False
