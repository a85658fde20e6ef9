"""A letter: what one recipient is sent at once, in words, before a channel makes messages of it. Pure."""

from msgspec import Struct

from events.text import Language


class Item(Struct, frozen=True):
    """One matter of a letter: `title` is one line, `lines` are plain text, never markup, `link` the task's page.

    An `urgent` one is overdue; such come first. `task` is the task's id, empty where it is about no single task; `ack`
    the address of the form that acknowledges it, empty where there is none.
    """

    title: str
    lines: tuple[str, ...]
    link: str = ""
    urgent: bool = False
    task: str = ""
    ack: str = ""


class Letter(Struct, frozen=True):
    """What a recipient is sent at once.

    `id` is the same at every attempt. `more` is the address at which the rest can be read, empty where the deployment
    has no public one. `payload` is the JSON that a webhook gets.
    """

    id: str
    subject: str
    items: tuple[Item, ...]
    more: str
    payload: bytes
    language: Language = "zh"
