"""Files both ways in a real browser: a visitor's picture is seen, the agent's files reach the visitor."""

from __future__ import annotations

import aiohttp
import pytest
from playwright.async_api import FilePayload, Route, expect

from tests.browser.mail.test_desk_mail import PNG
from tests.browser.visitor import Floor
from trunkline.testing.visitor import TestVisitor

expect.set_options(timeout=20_000)
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow, pytest.mark.timeout(150)]

SHOP = "https://shop.example"
PDF = b"%PDF-1.7 an invoice"
PASTE = """box => {
  const data = new DataTransfer();
  data.items.add(new File(["pasted words"], "note.txt", { type: "text/plain" }));
  box.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


async def test_a_visitors_picture_is_seen_and_the_agents_files_reach_the_visitor(floor: Floor) -> None:
    seat = await floor.seat()
    page, base = seat.page, f"{floor.system.public_url}/chat/chat-main"
    async with TestVisitor(floor.system.public_url, origin=SHOP) as visitor, aiohttp.ClientSession() as http:
        await visitor.until(lambda: bool(visitor.token))
        headers = {"authorization": f"Bearer {visitor.token}", "origin": SHOP}
        async with http.post(f"{base}/files", params={"name": "broken.png"}, data=PNG, headers=headers) as told:
            picture = (await told.json())["file"]
        await visitor.say("It came broken", files=[picture])
        await seat.accept("It came broken")
        await expect(page.locator(".bubble img")).to_have_js_property("naturalWidth", 1)
        await expect(page.locator(".bubble img")).to_have_attribute("alt", "Picture: broken.png")

        # What cannot go says so at once, and holds the reply until it is taken away.
        await page.locator("#attach").set_input_files(
            [
                FilePayload(name="rēķins.pdf", mimeType="application/pdf", buffer=PDF),
                FilePayload(name="empty.txt", mimeType="text/plain", buffer=b""),
                FilePayload(name="setup.exe", mimeType="application/pdf", buffer=b"MZ\x90\x00"),
            ]
        )
        files = page.locator(".files li")
        await expect(files.filter(has_text="empty.txt: it is empty")).to_be_visible()
        await expect(files.filter(has_text="setup.exe: the channel does not take files of this type")).to_be_visible()
        await page.locator("#reply").fill("Sorry! Here is your money back.")
        await expect(page.locator(".composer button[type=submit]")).to_be_disabled()
        for name in ("empty.txt", "setup.exe"):
            await page.get_by_role("button", name=f"Remove {name}").click()
        await page.locator("#reply").evaluate(PASTE)
        await expect(files).to_have_text(["rēķins.pdf 19 bytes", "note.txt 12 bytes"])

        # What is attached outlives the page: a reload has it still.
        await page.reload()
        await page.locator(".row-button").first.click()
        await expect(files).to_have_text(["rēķins.pdf 19 bytes", "note.txt 12 bytes"])
        await page.locator("#reply").press("Enter")

        message = await visitor.hears("Sorry! Here is your money back.")
        shown = {part["name"]: part for part in message["parts"] if part["kind"] == "file"}
        assert list(shown) == ["rēķins.pdf", "note.txt"]
        async with http.get(visitor.file(shown["rēķins.pdf"]["file"])) as given:
            assert (given.status, await given.read()) == (200, PDF)
        await expect(files).to_have_count(0)
        async with page.expect_download() as saving:
            await page.locator(".bubble.out a", has_text="rēķins.pdf").click()
        assert (await saving.value).suggested_filename == "rēķins.pdf"


async def test_where_a_channel_takes_no_files_the_desk_says_so_before_a_word_is_written(floor: Floor) -> None:
    async def without_files(route: Route) -> None:
        plan = await (told := await route.fetch()).json()
        channels = [channel | {"files": None} for channel in plan["channels"]]
        await route.fulfill(response=told, json=plan | {"channels": channels})

    seat = await floor.seat()
    await seat.page.route("**/api/v1/queues", without_files)
    await seat.page.reload()
    await floor.customer_writes("By text message")
    await seat.accept("By text message")

    await expect(seat.page.locator("#attach")).to_be_disabled()
    await expect(seat.page.locator(".attach")).to_have_attribute("title", "This channel takes no files.")
