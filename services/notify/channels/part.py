"""A part: one message of a letter, as a channel sends it. Pure."""

from msgspec import Struct


class Part(Struct, frozen=True):
    """One message; `body` is what is sent, as far as it is the same at every attempt.

    `id` is derived from the letter's id and the part's number: the same at every attempt. `number` counts from 1 up to
    `of`. `items` is the number of the letter's items that it shows.
    """

    id: str
    number: int
    of: int
    body: bytes
    items: int
