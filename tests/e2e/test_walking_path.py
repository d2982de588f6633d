"""One SMS from a signed webhook to an agent's socket, and the answer back to the provider."""

from __future__ import annotations

from pathlib import Path

import pytest

from trunkline.testing.agent import TestAgent
from trunkline.testing.deployment import ADMIN, Deployment


@pytest.fixture(params=["streams", "kafka"])
def log_url(request: pytest.FixtureRequest) -> str:
    """The embedded log ('') and a real Kafka: the same code above both."""
    if request.param == "streams":
        return ""
    server = request.getfixturevalue("kafka_server")
    return f"kafka://{server.address}"


@pytest.mark.slow
async def test_an_sms_reaches_an_agent_and_the_answer_the_customer(
    tmp_path: Path, log_url: str, kafka_prefix: str
) -> None:
    async with (
        Deployment(tmp_path, log_url=log_url, deployment=kafka_prefix) as system,
        TestAgent(system.desk_url, *ADMIN) as agent,
    ):
        answer = await system.provider.customer_writes("+37126000001", "Where is my parcel?", to="+37120000000")
        assert answer.status == 200, answer

        offered = await agent.event("conversation.offered")
        conversation = offered["subject"]
        assert offered["data"]["state"]["offered_to"] == agent.me["id"]
        accepted = await agent.act("accept", conversation, fence=offered["data"]["state"]["fence"])
        assert accepted["status"] == "done", accepted
        replied = await agent.act("reply", conversation, text="It left today.")
        assert replied["status"] == "done", replied

        await system.provider.wait_for(1)
        [sent] = system.provider.sent
        assert (sent.to, sent.body) == ("+37126000001", "It left today.")

        await agent.event("delivery.receipt", within=20)
        closed = await agent.act("close", conversation, code="solved")
        assert closed["status"] == "done"
        whole = await agent.recorded(conversation)
        assert [message["direction"] for message in whole["messages"]] == ["inbound", "outbound"]


@pytest.mark.slow
async def test_who_was_written_to_first_answers_into_the_same_conversation(tmp_path: Path) -> None:
    number = "+37126000002"
    async with Deployment(tmp_path) as system, TestAgent(system.desk_url, *ADMIN) as agent:
        begun = await agent.act("begin", account="sms-main", scheme="tel", address=number)
        assert begun["status"] == "done", begun
        conversation = begun["conversation"]
        replied = await agent.act("reply", conversation, text="Your parcel is here.")
        assert replied["status"] == "done", replied
        await system.provider.wait_for(1)
        [sent] = system.provider.sent
        assert (sent.to, sent.body) == (number, "Your parcel is here.")

        answer = await system.provider.customer_writes(number, "Thank you", to="+37120000000")
        assert answer.status == 200, answer

        joined = await agent.event("conversation.message-added")
        assert joined["subject"] == conversation
        whole = await agent.recorded(conversation)
        assert [message["direction"] for message in whole["messages"]] == ["outbound", "inbound"]
        assert whole["conversation"]["owner"] == agent.me["id"]
