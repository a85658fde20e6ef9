"""Signing in and out in Chromium: by link, by token, and in place when a session ends."""

from collections.abc import Iterator

import httpx
from playwright.async_api import Page, Route, expect

from events.schema import ProgressReported
from tests.browser.reader import Readers
from tests.browser.submitting import submit
from tests.deployment import LEDGER, Deployment, bearer

BOARD = f"/{LEDGER}/"


async def _code(deployment: Deployment) -> str:
    async with httpx.AsyncClient(headers=bearer(deployment.token("board"))) as http:
        answer = await http.post(deployment.address("status", "session/codes"))
    assert answer.status_code == 201, answer.text
    code: str = answer.json()["code"]
    return code


async def test_a_link_signs_in_once(readers: Readers, played: Deployment) -> None:
    """Its code leaves the address before anything is read; a second use asks for a token, and says why."""
    link = f"{BOARD}#code={await _code(played)}"
    page = await readers.page(link, signed_in=False)
    await expect(page.locator("tbody tr")).to_have_count(27)
    assert page.url == readers.base + BOARD
    assert "code" not in await page.evaluate("JSON.stringify([history.state, document.cookie, {...localStorage}])")
    await page.go_back()
    assert "code" not in page.url
    other = await (await readers.reader(signed_in=False)).new_page()
    await other.goto(link)
    await expect(other.get_by_role("dialog")).to_contain_text("登录链接已用过或已过期")
    assert other.url == readers.base + BOARD


async def test_a_token_signs_in_and_signing_out_ends_it(readers: Readers, played: Deployment) -> None:
    """A wrong token is refused; the right one shows the board, and no address has it; signing out asks again."""
    context = await readers.reader(signed_in=False)
    page = await context.new_page()
    await page.goto(BOARD)
    dialog = page.get_by_role("dialog", name="登录")
    await dialog.get_by_label("令牌").fill("wrong")
    await page.keyboard.press("Enter")
    await expect(dialog.get_by_role("alert")).to_have_text("访问令牌无效，请检查后再试。")
    await expect(dialog.get_by_label("令牌")).to_be_focused()
    await dialog.get_by_label("令牌").fill(played.token("board"))
    await dialog.get_by_role("button", name="登录").click()
    await expect(dialog).to_be_hidden()
    await expect(page.locator("tbody tr")).to_have_count(27)
    assert played.token("board") not in " ".join(readers.requests) + await page.content()
    await page.get_by_role("button", name="退出").click()
    await expect(dialog).to_be_visible()


async def test_a_sign_in_that_fails_says_why_in_the_language_of_the_page(readers: Readers) -> None:
    """Where the service is away, or refuses for another reason than the token, no English detail stands in Chinese."""
    page = await (await readers.reader(signed_in=False)).new_page()
    answers = iter((503, 403))
    await page.route("**/session", lambda route: _refused(route, answers))
    await page.goto(BOARD)
    dialog = page.get_by_role("dialog", name="登录")
    for said in ("服务暂时不可用，请稍后再试。", "登录未成功（错误码403），请联系系统管理员。"):
        await dialog.get_by_label("令牌").fill("dbn_0")
        await page.keyboard.press("Enter")
        await expect(dialog.get_by_role("alert")).to_have_text(said)


async def _refused(route: Route, answers: Iterator[int]) -> None:
    if route.request.method == "POST":
        await route.fulfill(status=next(answers), json={"detail": "not now"})
    else:
        await route.continue_()


async def test_an_ended_session_asks_in_place_and_goes_on(readers: Readers, played: Deployment) -> None:
    """What is on the page stays behind the question; after it, the page has the change that came meanwhile."""
    context = await readers.reader()
    page = await readers.show(context)
    await expect(page.locator("p.live")).to_contain_text("实时")
    await page.evaluate("window.same = true")
    await _end(page)
    await expect(page.get_by_role("dialog")).to_contain_text("登录已失效")
    await expect(page.locator("tbody tr")).to_have_count(27)
    position = await submit(played, "zj-2017-04", ProgressReported("市残联", "会后补报"), source="units")
    await page.get_by_label("令牌").fill(played.token("board"))
    async with page.expect_response(lambda answer: f"/changes?after={position - 1}" in answer.url):
        await page.keyboard.press("Enter")
    await expect(page.locator("p.live")).to_contain_text(f"日志序号 {position}")
    assert await page.evaluate("window.same")


async def test_one_sign_in_is_enough_for_all_tabs(readers: Readers, played: Deployment) -> None:
    """Each tab asks; whoever answers in one has answered in all."""
    context = await readers.reader()
    first, second = await readers.show(context), await readers.show(context)
    await expect(second.locator("p.live")).to_contain_text("实时")
    await _end(first)
    for page in (first, second):
        await expect(page.get_by_role("dialog")).to_be_visible()
    await second.get_by_label("令牌").fill(played.token("board"))
    await second.keyboard.press("Enter")
    for page in (first, second):
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await expect(page.locator("p.live")).to_contain_text("实时")


async def test_a_link_signs_in_the_tabs_that_ask(readers: Readers, played: Deployment) -> None:
    """The leading tab, whose session had ended, asks no longer and opens the stream: both tabs are live."""
    context = await readers.reader()
    first = await readers.show(context)
    await expect(first.locator("p.live")).to_contain_text("实时")
    await _end(first)
    await expect(first.get_by_role("dialog")).to_be_visible()
    second = await readers.show(context, f"{BOARD}#code={await _code(played)}")
    await expect(first.get_by_role("dialog")).to_be_hidden()
    for page in (first, second):
        await expect(page.locator("p.live")).to_contain_text("实时")


async def test_a_link_pasted_into_a_tab_that_asks_signs_in(readers: Readers, played: Deployment) -> None:
    """The page is not loaded anew; a used link is refused in the open question; no code stays in the address."""
    page = await (await readers.reader(signed_in=False)).new_page()
    await page.goto(BOARD)
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_be_visible()
    await page.evaluate("window.same = true")
    await page.goto(f"{BOARD}#code=used")
    await expect(dialog).to_contain_text("登录链接已用过或已过期")
    await page.goto(f"{BOARD}#code={await _code(played)}")
    await expect(dialog).to_be_hidden()
    await expect(page.locator("tbody tr")).to_have_count(27)
    await expect(page.get_by_role("button", name="退出")).to_be_visible()
    assert page.url == readers.base + BOARD
    assert await page.evaluate("window.same")


async def test_a_used_link_does_not_lock_out_who_may_read(readers: Readers) -> None:
    """A browser whose session is good shows the page, and asks for nothing."""
    page = await readers.page(f"{BOARD}#code=used")
    await expect(page.locator("tbody tr")).to_have_count(27)
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_the_question_stays_until_it_is_answered(readers: Readers, played: Deployment) -> None:
    """Chromium closes a dialog at the second Escape, whatever the page says to the first."""
    page = await (await readers.reader(signed_in=False)).new_page()
    await page.goto(BOARD)
    token = page.get_by_label("令牌")
    await token.fill("half a tok")
    for _ in range(4):
        await page.keyboard.press("Escape")
    await expect(token).to_be_focused()
    await token.fill(played.token("board"))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page.locator("tbody tr")).to_have_count(27)


async def test_signing_out_that_fails_says_so(readers: Readers) -> None:
    """Who is still signed in must not believe otherwise."""
    page = await readers.page()
    await page.route("**/session", lambda route: route.fulfill(status=503))
    await page.get_by_role("button", name="退出").click()
    await expect(page.get_by_role("alert")).to_contain_text("退出未成功")
    await expect(page.locator("tbody tr")).to_have_count(27)


async def _end(page: Page) -> None:
    """End the session as an operator would: not by the page."""
    answer = await page.context.request.delete(f"/v1/{LEDGER}/session", headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status == 204
