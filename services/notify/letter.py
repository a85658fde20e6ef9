"""A letter: what one recipient is sent at once, in words, before a channel makes messages of it. Pure."""

from msgspec import Struct


class Item(Struct, frozen=True):
    """One matter of a letter: `title` is one line, `lines` are plain text, never markup, `link` the task's page.

    An `urgent` one is overdue; such come first. `task` is the id of its task, empty where it is about no single one.
    """

    title: str
    lines: tuple[str, ...]
    link: str = ""
    urgent: bool = False
    task: str = ""


class Letter(Struct, frozen=True):
    """What a recipient is sent at once.

    `id` is the same at every attempt. `more` is the address at which the rest can be read, empty where the deployment
    has no public one. `payload` is the JSON that a webhook gets. `language` is `zh` or `en`.
    """

    id: str
    subject: str
    items: tuple[Item, ...]
    more: str
    payload: bytes
    language: str = "zh"
