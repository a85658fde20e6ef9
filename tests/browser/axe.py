"""axe-core on a page: the rules of WCAG 2.0 to 2.2, levels A and AA."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.async_api import Page

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa")
"""Set explicitly, because rules such as target-size are off otherwise."""

RUN = "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations', 'incomplete']})"


async def violations(page: Page) -> list[str]:
    """Return what breaks a rule, each with its elements; animations have ended, as colours are measured."""
    await page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => null)))")
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(_source())
    found: dict[str, Any] = await page.evaluate(RUN, list(TAGS))
    assert found["testEngine"]["version"].startswith("4.14"), found["testEngine"]
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
        for one in found["violations"]
    ]


@cache
def _source() -> str:
    return (Path(__file__).with_name("vendor") / "axe-core/axe.min.js").read_text(encoding="utf-8")
