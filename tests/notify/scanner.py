"""A scanner of mail: it fetches every link of a page and submits every form as it finds it, by GET and by POST."""

from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from typing import NamedTuple
from urllib.parse import urljoin

import httpx

MOST_PAGES = 200


class FoundForm(NamedTuple):
    """A form's address, and its fields with the values that they come with."""

    action: str
    fields: dict[str, str]


class PageReader(HTMLParser):
    """Reads the links and forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[FoundForm] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in a link, a form, or one of its fields."""
        given = {name: value or "" for name, value in attrs}
        if tag == "a":
            self.links.append(given["href"])
        elif tag == "form":
            self.forms.append(FoundForm(given["action"], {}))
        elif tag in {"input", "select", "textarea"} and self.forms and "name" in given:
            unchosen = given.get("type") == "radio" and given["name"] in self.forms[-1].fields
            if not unchosen:
                self.forms[-1].fields[given["name"]] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        """Take in what people read."""
        self.texts.append(data)


def read_page(answer: httpx.Response) -> PageReader:
    """Return what is in a page."""
    page = PageReader()
    page.feed(answer.text)
    return page


async def scan(http: httpx.AsyncClient, address: str) -> list[httpx.Response]:
    """Return the answers to all that can be fetched and submitted from an address on."""
    seen: set[tuple[str, str, str]] = set()
    queue: list[tuple[str, str, dict[str, str]]] = [("GET", address, {}), ("POST", address, {})]
    answers: list[httpx.Response] = []
    while queue and len(answers) < MOST_PAGES:
        method, url, fields = queue.pop(0)
        if (method, url, repr(fields)) in seen:
            continue
        seen.add((method, url, repr(fields)))
        answer = await (http.post(url, data=fields) if method == "POST" else http.get(url, params=fields or None))
        answers.append(answer)
        page = read_page(answer)
        queue += [(way, urljoin(url, link), {}) for link in page.links for way in ("GET", "POST")]
        for form in page.forms:
            action = urljoin(url, form.action)
            queue += [(way, action, tried) for way in ("GET", "POST") for tried in _tries(form.fields)]
    return answers


def _tries(fields: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the values to submit: as they come, without the empty ones, all empty, and none."""
    yield dict(fields)
    yield {name: value for name, value in fields.items() if value}
    yield dict.fromkeys(fields, "")
    yield {}
