"""Mail at the desk, in a real browser: head, quotes, attachments, and a look that can do no harm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

import pytest
from playwright.async_api import Route, expect

from tests.browser.visitor import Floor, Seat
from tests.e2e.test_mail_path import BOUNCE, CUSTOMER, SUPPORT
from trunkline.testing.mail import MailSink, hand_in, written

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(150)]

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc33"
    "0000000049454e44ae426082"
)


async def _mailed(floor: Floor, mail: EmailMessage) -> Seat:
    """An agent who has just taken this mail."""
    seat = await floor.seat()
    told = await hand_in(floor.system.ports["smtp"], mail, sender=CUSTOMER, recipients=[SUPPORT])
    assert told.code == 250, told
    await seat.page.locator(".offer .primary").click()
    await expect(seat.page.locator("#reply")).to_be_enabled()
    return seat


async def test_subject_and_cc_are_shown_and_what_the_agent_makes_of_them_is_sent(floor: Floor, sink: MailSink) -> None:
    quoted = "Where is it?\n\nOn Mon, 2 Jan 2026 at 10:00, The Shop <support@shop.example> wrote:\n> It left today.\n"
    mail = written(
        CUSTOMER, SUPPORT, quoted, subject="Re: Parcel", message_id="one@customers.example",
        headers={"Cc": "bruno@customers.example", "Auto-Submitted": "auto-generated"},
    )  # fmt: skip
    mail.add_attachment(b"a,b\n", maintype="text", subtype="csv", filename="list.csv")
    seat = await _mailed(floor, mail)
    page = seat.page
    await expect(page.locator(".bubble .mail-head")).to_contain_text("Re: Parcel")
    await expect(page.locator(".bubble .mail-head")).to_contain_text("Sent automatically: Auto-Submitted")
    await expect(page.locator(".bubble a[download]")).to_contain_text("list.csv")
    await expect(page.get_by_text("> It left today.")).to_be_hidden()
    await page.locator(".quote summary").click()
    await expect(page.get_by_text("> It left today.")).to_be_visible()
    await expect(page.locator("#subject")).to_have_value("Re: Parcel")
    await expect(page.locator("#cc")).to_have_value("bruno@customers.example")
    seen = len(sink.received)

    await page.keyboard.press("Alt+s")
    await expect(page.locator("#subject")).to_be_focused()
    await page.locator("#subject").fill("Your parcel of Monday")
    await page.locator("#cc").fill("eva@customers.example; bruno@customers.example")
    await page.keyboard.press("Enter")
    await expect(page.locator("#reply")).to_be_focused()
    await seat.reply("It is at the neighbour's.")

    answer = (await sink.wait_for(seen + 1))[-1]
    assert answer.message["Subject"] == "Your parcel of Monday"
    assert set(answer.recipients) == {CUSTOMER, "eva@customers.example", "bruno@customers.example"}
    await expect(page.locator("#subject")).to_have_value("Re: Parcel")


async def test_a_bounce_stands_on_the_reply_with_its_reason(floor: Floor, sink: MailSink) -> None:
    seen = len(sink.received)
    seat = await _mailed(floor, written(CUSTOMER, SUPPORT, "Who?", message_id="four@customers.example"))
    await seat.reply("To nobody")
    answer = (await sink.wait_for(seen + 1))[-1]
    await expect(seat.page.locator(".bubble.out[data-status=sent]")).to_have_count(1)

    own = str(answer.message["Message-ID"]).strip("<>").encode()
    bounce = BOUNCE.read_bytes().replace(b"the-reply@shop.example", own)
    assert (await hand_in(floor.system.ports["smtp"], bounce, sender="", recipients=[answer.sender])).code == 250

    await expect(seat.page.locator(".bubble.out .foot.bad")).to_contain_text("there is no such mailbox")


async def test_the_look_of_a_mail_has_its_own_pictures_and_is_asked_for(floor: Floor) -> None:
    mail = written(CUSTOMER, SUPPORT, "See the picture", subject="Broken", message_id="two@customers.example")
    mail.add_alternative('<p>See <b>the picture</b> <img src="cid:photo" alt="broken"></p>', subtype="html")
    html = mail.get_body(("html",))
    assert html is not None
    html.add_related(PNG, maintype="image", subtype="png", cid="<photo>")
    page = (await _mailed(floor, mail)).page

    assert await page.locator(".look iframe").count() == 0
    await page.locator(".look summary").click()
    look = page.frame_locator(".look iframe")
    await expect(look.locator("b")).to_have_text("the picture")
    await expect(look.locator("img")).to_have_js_property("naturalWidth", 1)


@asynccontextmanager
async def _door() -> AsyncIterator[tuple[str, asyncio.Queue[bytes]]]:
    """A stranger's server: its address, and the first line of each request that reached it."""
    called: asyncio.Queue[bytes] = asyncio.Queue()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        called.put_nowait(await reader.readline())
        writer.write(b"HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", called
    finally:
        server.close()


def _hostile(door: str) -> str:
    return f"""<meta http-equiv="refresh" content="0;url={door}/refresh">
      <base href="{door}/">
      <link rel="stylesheet" href="{door}/style">
      <style>@import url({door}/import); p {{ background: url({door}/css) }}</style>
      <script src="{door}/script"></script><script>top.document.title = "taken"; fetch("{door}/fetch")</script>
      <img src="{door}/picture" onerror="top.document.title = 'taken'"><svg onload="top.location='{door}/svg'"></svg>
      <iframe src="{door}/frame"></iframe><object data="{door}/object"></object>
      <video src="{door}/film" autoplay></video>
      <form action="{door}/form"><input name="a" autofocus onfocus="form.submit()"></form><p id="shown">Trust me</p>"""


async def test_a_hostile_body_runs_nothing_and_reaches_nobody_even_if_the_server_had_not_cleaned_it(
    floor: Floor,
) -> None:
    mail = written(CUSTOMER, SUPPORT, "Trust me", subject="Win", message_id="three@customers.example")
    mail.add_alternative("<p>Trust me</p>", subtype="html")
    page = (await _mailed(floor, mail)).page
    async with _door() as (door, called), _door() as (control, reached):

        async def uncleaned(route: Route) -> None:
            await route.fulfill(body=_hostile(door), content_type="application/octet-stream")

        async def unguarded(route: Route) -> None:
            await route.fulfill(body=_hostile(control), content_type="text/html")

        await page.route("**/media/*", uncleaned)
        await page.locator(".look summary").click()
        await expect(page.frame_locator(".look iframe").locator("#shown")).to_have_text("Trust me")
        await expect(page.locator(".look iframe")).to_have_attribute("sandbox", "")

        # The same body without the frame's guards does call; and what it calls later has come, so would the frame's.
        other = await page.context.new_page()
        await other.route("http://unguarded.example/", unguarded)
        await other.goto("http://unguarded.example/", wait_until="commit")
        async with asyncio.timeout(10):
            await reached.get()
        assert called.empty(), called.get_nowait()
        assert "taken" not in await page.title()
