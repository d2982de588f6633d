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
