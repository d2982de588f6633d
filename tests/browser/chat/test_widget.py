"""The chat widget on the demo's shop, in a real browser, through a whole deployment."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, Page, WebSocketRoute, expect

from tests.browser.axe import violations
from tests.browser.visitor import Floor
from trunkline.testing.agent import TestAgent
from trunkline.testing.deployment import ADMIN, CONFIG, ROOT, Deployment
from trunkline.testing.mail import MailSink

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

AGAIN_MS = 60_000
"""Most until both pages are back: the widget pauses up to 23 s between two tries, the desk up to 10."""

WORDS = ROOT / "services" / "ingest" / "widget" / "words"
SHOP = {"TRUNKLINE_INGEST_SHOP": "1"}
HERE = CONFIG.replace("chat-main:", "chat-shop:")
CLOSED = HERE.replace(
    "      identity_secret:", "      hours: {zone: Europe/Riga, week: {mon: []}}\n      identity_secret:"
)
MAIL = """  mail-main:
    channel: email
    settings: {{addresses: [support@shop.example], reply_secret: a-secret-of-the-tests-only, relay_host: 127.0.0.1,
      relay_port: {relay}, relay_security: none}}
rules:"""


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[Deployment]:
    """The embedded deployment, with the shop."""
    async with Deployment(tmp_path, config=HERE, environment=SHOP) as running:
        yield running


async def shop(window: BrowserContext, system: Deployment, path: str = "/demo") -> tuple[Page, list[str]]:
    """The shop's page, and what its console complains of from now on: a blocked script or style would stand there."""
    page = await window.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{system.public_url}{path}")
    return page, complaints


async def accepted(agent: TestAgent) -> str:
    offered = await agent.event("conversation.offered")
    answer = await agent.act("accept", offered["subject"], fence=offered["data"]["state"]["fence"])
    assert answer["status"] == "done", answer
    return str(offered["subject"])


async def test_a_visitor_asks_by_keyboard_alone_and_reads_the_answer(
    system: Deployment, window: BrowserContext
) -> None:
    page, complaints = await shop(window, system)
    async with TestAgent(system.desk_url, *ADMIN) as agent:
        launch = page.get_by_role("button", name="Open the chat")
        await launch.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("Your message")).to_be_focused()
        await page.keyboard.type("Where is my parcel?")
        await page.keyboard.press("Enter")
        conversation = await accepted(agent)
        await agent.act("reply", conversation, text="It left today: https://track.example/7")

        log = page.get_by_role("log")
        await expect(log).to_contain_text("It left today")
        await expect(log.locator("time").first).to_have_text(re.compile(r"^\d\d:\d\d$"))  # the browser is British
        await expect(log.get_by_role("link", name="https://track.example/7")).to_have_attribute(
            "href", "https://track.example/7"
        )
        await agent.event("delivery.receipt")
        await page.keyboard.press("Escape")
        await expect(launch).to_be_focused()
        await expect(page.get_by_role("dialog")).to_have_count(0)

        # An answer that comes while the panel is closed is counted on the button.
        await agent.act("reply", conversation, text="Anything else?")
        await expect(page.get_by_role("button", name="Open the chat, 1 new message")).to_be_visible()
    assert complaints == []


async def test_nothing_is_stored_before_consent_and_then_a_reload_finds_the_chat_again(
    system: Deployment, window: BrowserContext
) -> None:
    page, complaints = await shop(window, system)
    await page.get_by_role("button", name="Open the chat").click()
    await page.get_by_label("Your message").fill("Hello?")
    await page.get_by_role("button", name="Send").click()
    await expect(page.get_by_text("Keep this chat on this device")).to_be_visible()
    assert await page.evaluate("localStorage.length + sessionStorage.length + document.cookie.length") == 0
    assert await window.cookies() == []

    await page.get_by_role("button", name="Yes").click()
    await page.reload()
    await page.get_by_role("button", name="Open the chat").click()
    await expect(page.get_by_role("log")).to_contain_text("Hello?")

    await page.get_by_role("button", name="Forget this chat on this device").click()
    assert await page.evaluate("localStorage.length") == 0
    assert complaints == []


async def test_ingest_is_killed_and_the_page_goes_on_by_itself(system: Deployment, window: BrowserContext) -> None:
    page, _ = await shop(window, system)
    await page.evaluate("window.neverReloaded = true")
    async with TestAgent(system.desk_url, *ADMIN) as agent:
        await page.get_by_role("button", name="Open the chat").click()
        field = page.get_by_label("Your message")
        await field.fill("one")
        await field.press("Enter")
        conversation = await accepted(agent)
        await system.services["ingest"].kill()
        await expect(page.get_by_text("Connection lost")).to_be_visible()
        await field.fill("two")
        await field.press("Enter")
        await agent.act("reply", conversation, text="three")
        system.services["ingest"].spawn()

        log = page.get_by_role("log")
        await expect(log).to_contain_text("three", timeout=30_000)
        await expect(log.locator(".mine")).to_have_count(2)
        await expect(log.get_by_text("sending…")).to_have_count(0)
        await expect(log.get_by_text("two", exact=True)).to_have_count(1)
        assert await page.evaluate("window.neverReloaded") is True


async def test_a_lost_line_is_told_at_once_or_soon_after_a_message_and_what_was_written_meanwhile_goes_out(
    system: Deployment, window: BrowserContext
) -> None:
    page, _ = await shop(window, system)
    deaf: list[WebSocketRoute] = []
    shut = False

    async def through(line: WebSocketRoute) -> None:
        if shut:
            await line.close()
            return
        server = line.connect_to_server()
        line.on_message(lambda frame: None if line in deaf else server.send(frame))
        server.on_message(lambda frame: None if line in deaf else line.send(frame))
        lines.append(line)

    lines: list[WebSocketRoute] = []
    await page.route_web_socket("**/chat/*", through)
    await page.get_by_role("button", name="Open the chat").click()
    field, log, lost = page.get_by_label("Your message"), page.get_by_role("log"), page.get_by_text("Connection lost")
    await field.fill("one")
    await field.press("Enter")
    await expect(log.locator(".mine time")).to_have_count(1)
    await expect(log.get_by_text("sending…")).to_have_count(0)

    await window.set_offline(True)
    await expect(lost).to_be_visible(timeout=2_000)
    await field.fill("two")
    await field.press("Enter")
    await window.set_offline(False)
    await expect(lost).to_have_count(0)
    await expect(log.get_by_text("sending…")).to_have_count(0)

    # Nobody says anything any more, and the socket is open: the message is what finds it out. There is no other line
    # until we have seen that it says so, for it would be there within half a second.
    deaf.append(lines[-1])
    shut = True
    await field.fill("three")
    await field.press("Enter")
    await expect(lost).to_be_visible(timeout=13_000)
    shut = False
    await expect(log.get_by_text("sending…")).to_have_count(0)
    assert lines[-1] not in deaf
    await expect(log.locator(".mine")).to_have_count(3)


@pytest.mark.faults
async def test_whatever_dies_between_visitor_and_agent_both_pages_go_on_and_show_each_word_once(
    system: Deployment, browser: Browser, window: BrowserContext
) -> None:
    page, _ = await shop(window, system)
    log, field = page.get_by_role("log"), page.get_by_label("Your message")
    async with Floor(system, browser) as floor:
        seat = await floor.seat()
        transcript = seat.page.locator(".transcript")
        for each in (page, seat.page):
            await each.evaluate("window.neverReloaded = true")
        await page.get_by_role("button", name="Open the chat").click()
        await field.fill("Before")
        await field.press("Enter")
        await seat.accept("Before")

        for name in ("ingest", "agents", "router"):
            await system.services[name].kill()
            await field.fill(f"asked without {name}")
            await field.press("Enter")
            await seat.reply(f"told without {name}")
            await system.services[name].start(ready_within=60)
            await expect(log).to_contain_text(f"told without {name}", timeout=AGAIN_MS)
            await expect(transcript).to_contain_text(f"asked without {name}", timeout=AGAIN_MS)

        await expect(log.get_by_text("sending…")).to_have_count(0)
        await expect(log.locator(".mine")).to_have_count(4)
        await expect(log.locator(".theirs time")).to_have_count(3)
        await expect(transcript.locator(".bubble:not(.out)")).to_have_count(4)
        await expect(transcript.locator(".bubble.out")).to_have_count(3)
        for each in (page, seat.page):
            assert await each.evaluate("window.neverReloaded") is True


@pytest.mark.parametrize("language", ["tr", "lv"])
async def test_the_widget_speaks_the_pages_language(system: Deployment, window: BrowserContext, language: str) -> None:
    words = json.loads((WORDS / f"{language}.json").read_text(encoding="utf-8"))
    page, complaints = await shop(window, system, f"/demo/{language}")
    await page.get_by_role("button", name=words["open"]).click()
    await expect(page.get_by_label(words["message"], exact=True)).to_be_focused()
    await expect(page.get_by_role("log")).to_contain_text(words["greeting"])
    assert complaints == []

    chooser = page.get_by_label(words["attach"])
    await expect(chooser).to_be_enabled()  # the greeting is the widget's own: it is there before the line is
    await chooser.set_input_files({"name": "a.gif", "mimeType": "image/gif", "buffer": b"\x7fELF\x00\x01"})
    await expect(page.get_by_role("alert")).to_have_text(words["not-taken"])
    await page.route("**/files?*", lambda route: route.abort())
    await chooser.set_input_files({"name": "a.gif", "mimeType": "image/gif", "buffer": _GIF})
    await expect(page.get_by_role("alert")).to_have_text(words["offline"])


async def test_outside_opening_hours_the_visitor_leaves_an_address_and_is_answered_there(
    tmp_path: Path, browser: Browser, window: BrowserContext
) -> None:
    async with (
        MailSink() as sink,
        Deployment(tmp_path, config=CLOSED.replace("rules:", MAIL.format(relay=sink.port)), environment=SHOP) as system,
        Floor(system, browser) as floor,
    ):
        seat = await floor.seat()
        page, _ = await shop(window, system)
        await page.get_by_role("button", name="Open the chat").click()
        await page.get_by_label("Your e-mail address").fill("anna@example.org")
        assert await violations(page) == []
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("We have your address")).to_be_visible()

        await seat.accept("anna@example.org")
        await seat.page.get_by_role("button", name="Write to anna@example.org…").click()
        dialog = seat.page.locator("dialog[open]")
        await expect(dialog.locator("select[name=way]")).to_contain_text("anna@example.org · E-mail · mail-main")
        await dialog.locator("input[name=subject]").fill("Your question of last night")
        await dialog.locator("textarea").fill("It left today.")
        await dialog.locator("button[type=submit]").click()
        await expect(seat.page.locator(".bubble.out[data-status=sent]")).to_contain_text("It left today.")
        [mail] = sink.received
        assert (mail.recipients, mail.message["Subject"]) == (("anna@example.org",), "Your question of last night")


async def test_a_picture_is_sent_and_seen_in_both_windows_and_a_program_is_refused(
    system: Deployment, window: BrowserContext
) -> None:
    page, complaints = await shop(window, system)
    await page.get_by_role("button", name="Open the chat").click()
    chooser = page.get_by_label("Attach a file")
    await chooser.set_input_files({"name": "dot.gif", "mimeType": "image/gif", "buffer": _GIF})
    picture = page.get_by_role("img", name="dot.gif")
    await expect(picture).to_be_visible()
    await expect(page.get_by_text("sending…")).to_have_count(0)
    assert await picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") == 1
    assert complaints == []

    await chooser.set_input_files({"name": "dot.gif", "mimeType": "image/gif", "buffer": b"\x7fELF\x00\x01"})
    await expect(page.get_by_role("alert")).to_contain_text("pictures, PDF and plain text")
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await violations(page) == [], scheme


_GIF = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")
