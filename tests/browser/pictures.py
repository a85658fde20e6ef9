"""`make pictures`: pictures of the page's views for the READMEs, in docs/page/, from the demo's history."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from playwright.async_api import async_playwright

from tests.browser.chromium import CHROMIUM, FLAGS, MISSING
from tests.browser.conftest import deployed
from tests.browser.history import play
from tests.browser.reader import Readers
from tests.deployment import LEDGER

PLACE = Path("docs/page")

DESK = {"width": 1120, "height": 700}
PHONE = {"width": 390, "height": 700}


class Picture(NamedTuple):
    """An address of the page, the size of its window in CSS pixels, and the reader's choices."""

    address: str
    size: dict[str, int] = DESK
    choices: dict[str, str] | None = None


PICTURES = {
    "board": Picture("?as_of=2018-12-31"),
    "board-en": Picture("?as_of=2018-12-31", choices={"lang": "en"}),
    "phone": Picture("?as_of=2018-12-31", PHONE),
    "task": Picture("tasks/zj-2017-08?as_of=2020-12-20"),
    "units": Picture("units?as_of=2019-01-05&sort=on_time_rate"),
    "calendar": Picture("calendar?as_of=2018-12-20"),
    "compare": Picture("?compare=2018-12-01&as_of=2019-01-05"),
    "wall": Picture("?view=wall&as_of=2018-12-31", choices={"theme": "dark"}),
    "large-print": Picture("tasks/zj-2017-11?as_of=2018-12-31", choices={"size": "large"}),
}
"""The pictures by the names of their files: days on which the demo's tasks have all lights."""


async def take(readers: Readers, name: str, picture: Picture) -> None:
    """Write one picture."""
    options: dict[str, Any] = {"choices": picture.choices, "viewport": picture.size, "reduced_motion": "reduce"}
    page = await readers.page(f"/{LEDGER}/{picture.address}", **options)
    await page.locator("p.live.past").wait_for()  # connected, and showing a past day
    await page.screenshot(path=PLACE / f"{name}.png")
    await page.close()


async def main() -> None:
    """Play the demo's history in a deployment of its own, and take all pictures."""
    if not CHROMIUM.exists():
        raise SystemExit(MISSING)
    with tempfile.TemporaryDirectory() as directory:
        async with deployed(Path(directory)) as (deployment, clock), async_playwright() as playwright:
            await play(deployment, clock)
            browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
            async with Readers(browser, deployment).open() as readers:
                for name, picture in PICTURES.items():
                    await take(readers, name, picture)
            await browser.close()


if __name__ == "__main__":
    PLACE.mkdir(exist_ok=True)
    asyncio.run(main())
