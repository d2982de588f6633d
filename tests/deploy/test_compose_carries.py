"""What docker-compose.yml describes carries a message: its commands and environment, on real servers, no images."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.deploy.compose import ROOT, SERVICES, filled_example, resolved
from tests.deploy.image import Image, build_image, build_wheel
from tests.deploy.rig import Composed
from trunkline.testing.agent import TestAgent, add_agent
from trunkline.testing.mail import hand_in, written
from trunkline.testing.ports import free_port
from trunkline.testing.twilio import TwilioSimulator
from trunkline.testing.twilio_rules import SimAccount
from trunkline.testing.visitor import TestVisitor

CONFIGURATION = ROOT / "deploy" / "compose" / "trunkline.yaml"
PUBLIC_URL = "https://messages.example.com"
SENDER = "+37120000000"
CUSTOMER = "+37126000001"
SECRETS = {
    "TRUNKLINE_INTERNAL_TOKEN": "token-among-services",
    "TRUNKLINE_ADMIN_PASSWORD": "first-administrator",
    "POSTGRES_PASSWORD": "recordsecret",
    "GRAFANA_ADMIN_PASSWORD": "dashboards",
}
ACCOUNT = {
    "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
    "TWILIO_AUTH_TOKEN": "token-of-the-account",
    "TWILIO_SENDER": SENDER,
    "MAIL_REPLY_SECRET": "secret-of-reply-addresses",
    "MAIL_RELAY_HOST": "127.0.0.1",
    "MAIL_RELAY_USER": "trunkline",
    "MAIL_RELAY_PASSWORD": "password-of-the-relay",
}


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Image]:
    """The four images' contents."""
    folder = tmp_path_factory.mktemp("images")
    wheel = build_wheel(folder)
    made = {}
    for name in SERVICES:
        (folder / name).mkdir()
        made[name] = build_image(folder / name, name, wheel)
    return made


@pytest.mark.slow
@pytest.mark.kafka
@pytest.mark.timeout(300)
async def test_what_compose_describes_carries_messages_there_and_back_and_stops_as_asked(
    tmp_path: Path, images: dict[str, Image]
) -> None:
    door, desk, mail = free_port(), free_port(), free_port()
    account = SimAccount(
        sid=ACCOUNT["TWILIO_ACCOUNT_SID"],
        token=ACCOUNT["TWILIO_AUTH_TOKEN"],
        webhook_url=f"{PUBLIC_URL}/webhooks/sms-main",
        senders=(SENDER,),
        connect_to=f"http://127.0.0.1:{door}",  # what a proxy with TLS before ingest does
    )
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "trunkline.yaml").write_text(with_every_account(CONFIGURATION.read_text(encoding="utf-8")))
    chosen = {
        "CONFIG_DIR": str(tmp_path / "config"),
        "MAIL_PORT": str(mail),
        "TRUNKLINE_PUBLIC_URL": PUBLIC_URL,
        "WEBHOOKS_PORT": str(door),
        "DESK_PORT": str(desk),
    }
    async with TwilioSimulator([account]) as provider:
        env = filled_example(".env.example", SECRETS) + env_lines(chosen)
        accounts = filled_example("accounts.env.example", {"CHAT_SECRET": "secret-of-the-chat"})
        accounts += env_lines(ACCOUNT | {"TWILIO_API_BASE": provider.url})
        async with Composed(resolved(tmp_path, env, accounts), images, tmp_path) as running:
            async with await hired(f"http://127.0.0.1:{desk}") as agent:
                await converse_by_sms(provider, agent)
                await converse_by_chat(door, agent)
                await write_a_mail(mail, agent)
            statuses = await asyncio.gather(*(child.stop(40) for child in running.processes.values()))

    assert dict(zip(running.processes, statuses, strict=True)) == dict.fromkeys(SERVICES, 0)


async def hired(desk: str) -> TestAgent:
    """An agent whom the first administrator has put on the roster, not signed in yet."""
    async with TestAgent(desk, "admin", SECRETS["TRUNKLINE_ADMIN_PASSWORD"]) as admin:
        async with admin.http.get(f"{desk}/") as page:
            assert page.status == 200, "the image holds no desk"
        _, password = await add_agent(admin, desk, "anna")
    return TestAgent(desk, "anna", password)


async def answer(agent: TestAgent, channel: str, text: str) -> None:
    """Accept the conversation that came by this channel, and reply to it."""
    offered = await agent.event("conversation.offered", channel=channel)
    accepted = await agent.act("accept", offered["subject"], fence=offered["data"]["state"]["fence"])
    assert accepted["status"] == "done", accepted
    replied = await agent.act("reply", offered["subject"], text=text)
    assert replied["status"] == "done", replied


async def converse_by_sms(provider: TwilioSimulator, agent: TestAgent) -> None:
    told = await provider.customer_writes(CUSTOMER, "Where is my parcel?", to=SENDER)
    assert told.status == 200, told

    await answer(agent, "twilio-sms", "It left today.")

    await provider.wait_for(1)
    assert [(sent.to, sent.body) for sent in provider.sent] == [(CUSTOMER, "It left today.")]
    await agent.event("delivery.receipt", within=20)


async def converse_by_chat(door: int, agent: TestAgent) -> None:
    async with TestVisitor(f"http://127.0.0.1:{door}", "chat-shop", origin=PUBLIC_URL) as visitor:
        await visitor.say("Do you ship to Riga?")
        await answer(agent, "webchat", "We do.")
        await visitor.hears("We do.")


async def write_a_mail(port: int, agent: TestAgent) -> None:
    """The answer would go by a relay with TLS, which is the operator's: the way in is what compose describes."""
    sender, mailbox = "customer@example.org", "support@example.com"
    told = await hand_in(port, written(sender, mailbox, "My invoice is wrong."), sender=sender, recipients=[mailbox])
    assert told.code == 250, told
    await agent.event("conversation.offered", channel="email")


def with_every_account(configuration: str) -> str:
    """The file to begin with, the signs before its other accounts taken away."""
    return re.sub(
        r"^  #(?! )(.*)$", r"  \1", re.sub(r"^  #  ", "    ", configuration, flags=re.MULTILINE), flags=re.MULTILINE
    )


def env_lines(values: dict[str, str]) -> str:
    """Lines at the end of an env file: the last one counts."""
    return "".join(f"{name}={value}\n" for name, value in values.items())
