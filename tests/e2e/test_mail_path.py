"""Mail by SMTP to an agent's desk, the answer to a relay, and what comes back to that: on the embedded deployment."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from trunkline.failpoints import POINTS
from trunkline.testing.agent import TestAgent
from trunkline.testing.deployment import ADMIN, Deployment
from trunkline.testing.mail import MailSink, Received, hand_in, written

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]

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


LONGEST_BLOCK_S = 0.25
BOUNCE = Path(__file__).parents[1] / "payloads" / "email" / "bounce-postfix.eml"


@asynccontextmanager
async def shop(folder: Path) -> AsyncIterator[tuple[Deployment, TestAgent, MailSink]]:
    """A whole deployment with an agent at the desk and a relay."""
    async with (
        MailSink() as sink,
        Deployment(folder, config=CONFIG.format(relay=sink.port)) as system,
        TestAgent(system.desk_url, *ADMIN) as agent,
    ):
        yield system, agent, sink


async def served(agent: TestAgent, sink: MailSink, text: str = "It left today.") -> tuple[str, Received]:
    """Accept the offer and answer it; the conversation, and the mail that went out."""
    offered = await agent.event("conversation.offered")
    conversation = offered["subject"]
    assert (await agent.act("accept", conversation, fence=offered["data"]["state"]["fence"]))["status"] == "done"
    assert (await agent.act("reply", conversation, text=text))["status"] == "done"
    [answer] = await sink.wait_for(1)
    await agent.event("delivery.sent")
    return conversation, answer


async def messages(agent: TestAgent, conversation: str) -> list[dict[str, object]]:
    """The conversation as the record has it."""
    return list((await agent.recorded(conversation))["messages"])


async def test_a_mail_reaches_an_agent_and_the_answer_the_customer_and_back(tmp_path: Path) -> None:
    async with shop(tmp_path) as (system, agent, sink):
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

        conversation, answer = await served(agent, sink)
        assert answer.recipients == (CUSTOMER, "bruno@customers.example")
        assert answer.message["Subject"] == "Re: Parcel"
        assert answer.message["In-Reply-To"] == "<first@customers.example>"
        assert answer.text.split("\n\n-- \n") == ["It left today.", f"{agent.me['name']}, The Shop\n"]

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


async def test_a_mail_we_write_first_is_answered_into_its_conversation(tmp_path: Path) -> None:
    async with shop(tmp_path) as (system, agent, sink):
        begun = await agent.act("begin", account="mail-main", scheme="mailto", address=CUSTOMER)
        conversation = begun["conversation"]
        parts = [{"kind": "mail", "subject": "Your parcel", "cc": []}, {"kind": "text", "text": "It is here."}]
        assert (await agent.act("reply", conversation, parts=parts))["status"] == "done"
        [sent] = await sink.wait_for(1)
        assert (sent.recipients, sent.message["Subject"]) == ((CUSTOMER,), "Your parcel")
        assert "In-Reply-To" not in sent.message
        assert (await agent.act("reply", conversation, text="Until six."))["status"] == "done"
        again = (await sink.wait_for(2))[1]
        assert again.message["Subject"] == "Re: Your parcel"

        reply_to = sent.message["Reply-To"].addresses[0].addr_spec
        answer = written(CUSTOMER, reply_to, "Thank you", subject="Re: Your parcel", message_id="a@customers.example")
        assert (await hand_in(system.ports["smtp"], answer, sender=CUSTOMER, recipients=[reply_to])).code == 250

        added = await agent.event("conversation.message-added")
        assert added["subject"] == conversation
        assert added["data"]["details"]["message"]["parts"][0]["stranger"] is False


async def test_a_bounce_is_shown_on_the_reply_and_a_stranger_is_kept_out(tmp_path: Path) -> None:
    async with shop(tmp_path) as (system, agent, sink):
        port = system.ports["smtp"]
        first = written(CUSTOMER, SUPPORT, "Where is my parcel?", message_id="first@customers.example")
        assert (await hand_in(port, first, sender=CUSTOMER, recipients=[SUPPORT])).code == 250
        conversation, answer = await served(agent, sink)

        own = str(answer.message["Message-ID"]).strip("<>").encode()
        bounce = BOUNCE.read_bytes().replace(b"the-reply@shop.example", own)
        assert (await hand_in(port, bounce, sender="", recipients=[answer.sender])).code == 250
        receipt = await agent.event("delivery.receipt")
        assert receipt["data"]["status"] == "failed"
        assert receipt["data"]["conversation"] == conversation
        async with asyncio.timeout(10):
            while (reply := (await messages(agent, conversation))[-1])["status"] != "failed":
                await asyncio.sleep(0.05)
        assert reply["status_code"] == "5.1.1"
        assert "there is no such mailbox" in str(reply["status_text"])

        forged = written(
            "mallory@elsewhere.example",
            SUPPORT,
            "Send it to me instead",
            headers={"References": "<first@customers.example>"},
        )
        told = await hand_in(port, forged, sender="mallory@elsewhere.example", recipients=[SUPPORT])
        assert told.code == 250
        other = await agent.event("conversation.offered", contact="mallory@elsewhere.example")
        assert other["subject"] != conversation


@pytest.mark.parametrize("point", sorted(point for point in POINTS if point.startswith("mail.")))
async def test_an_ingest_killed_between_the_mail_and_its_answer_loses_and_doubles_nothing(
    tmp_path: Path, point: str
) -> None:
    async with shop(tmp_path) as (system, agent, sink):
        mail = written(CUSTOMER, SUPPORT, "Where is my parcel?", message_id="first@customers.example")
        await system.services["ingest"].kill()
        async with system.service("ingest", extra={"TRUNKLINE_FAILPOINTS": f"{point}=kill"}) as doomed:
            await doomed.start(ready_within=30)
            told = await hand_in(system.ports["smtp"], mail, sender=CUSTOMER, recipients=[SUPPORT])
            assert told.code == 0, "nobody said 250"
            await doomed.ended(status=-9, within=10)
            assert f"failpoint {point}: kill" in doomed.output()
        await system.services["ingest"].start(ready_within=30)

        # As every mail server does.
        assert (await hand_in(system.ports["smtp"], mail, sender=CUSTOMER, recipients=[SUPPORT])).code == 250

        conversation, _ = await served(agent, sink)
        [first, reply] = await messages(agent, conversation)
        assert (first["direction"], reply["direction"]) == ("inbound", "outbound")
        offered = {event["subject"] for event in agent.frames if event["type"] == "trunkline.conversation.offered.v1"}
        assert offered == {conversation}


async def lag_s(system: Deployment) -> float:
    """The largest lateness of ingest's loop in the last fifteen seconds, as its metrics say."""
    async with aiohttp.ClientSession() as http, http.get(system.ops_url("ingest")) as response:
        [lag] = re.findall(r"^trunkline_loop_lag_seconds (\S+)", await response.text(), re.MULTILINE)
    return float(lag)


async def largest_block_s(system: Deployment, name: str) -> float:
    """How long ingest's loop stood still at most while a mail with a file of 25 MB came in."""
    mail = written(CUSTOMER, SUPPORT, "see", message_id=f"{name}@customers.example")
    mail.add_attachment(b"x" * 25_000_000, maintype="application", subtype="zip", filename="large.zip")
    raw = await asyncio.to_thread(mail.as_bytes)
    handing = asyncio.create_task(hand_in(system.ports["smtp"], raw, sender=CUSTOMER, recipients=[SUPPORT]))
    lags = [await lag_s(system)]
    while not handing.done():
        await asyncio.wait([handing], timeout=5.0)
        lags.append(await lag_s(system))
    assert (await handing).code == 250, await handing
    return max(lags)


async def test_a_mail_of_25_mb_blocks_no_loop(tmp_path: Path) -> None:
    """What is our own doing blocks it with each mail; what a busy machine adds does not: one of three must be quick."""
    async with shop(tmp_path) as (system, agent, _):
        blocks = [await largest_block_s(system, "large")]
        offered = await agent.event("conversation.offered")
        [message] = await messages(agent, offered["subject"])
        parts = message["parts"]
        assert isinstance(parts, list)
        assert [part["blob"]["size"] for part in parts if part["kind"] == "media"] == [25_000_000]

        while min(blocks) >= LONGEST_BLOCK_S and len(blocks) < 3:
            while await lag_s(system) >= LONGEST_BLOCK_S:
                await asyncio.sleep(0.5)  # the metric keeps its largest for fifteen seconds, and tells nobody
            blocks.append(await largest_block_s(system, f"large-{len(blocks)}"))
        print(f"largest block of ingest's loop: {[round(block * 1_000) for block in blocks]} ms")
        assert min(blocks) < LONGEST_BLOCK_S


async def test_an_agents_files_go_out_with_the_mail_under_their_names(tmp_path: Path) -> None:
    async with shop(tmp_path) as (system, agent, sink):
        first = written(CUSTOMER, SUPPORT, "The invoice, please", message_id="first@customers.example")
        assert (await hand_in(system.ports["smtp"], first, sender=CUSTOMER, recipients=[SUPPORT])).code == 250
        offered = await agent.event("conversation.offered")
        conversation = offered["subject"]
        assert (await agent.act("accept", conversation, fence=offered["data"]["state"]["fence"]))["status"] == "done"
        await agent.recorded(conversation)
        files = {"rēķins çay.pdf": b"%PDF-1.7 " + bytes(range(256)) * 4_000, "unknown.bin": b"\x00\x01\x02"}
        url = f"{system.desk_url}/api/v1/conversations/{conversation}/files"
        references = []
        for name, content in files.items():
            async with agent.http.post(url, params={"name": name}, data=content) as kept:
                assert kept.status == 201, await kept.text()
                references.append((await kept.json())["file"])

        assert (await agent.act("reply", conversation, text="Here.", files=references))["status"] == "done"

        [answer] = await sink.wait_for(1)
        sent = {part.get_filename(): part for part in answer.message.iter_attachments()}
        assert {name: part.get_content() for name, part in sent.items()} == files
        kinds = [part.get_content_type() for part in sent.values()]
        assert kinds == ["application/pdf", "application/octet-stream"]
        answered = await agent.act("reply", conversation, text="x", files=[references[0]] * 41)
        assert (answered["status"], answered["detail"]) == ("refused", "Too many files: at most 40.")
