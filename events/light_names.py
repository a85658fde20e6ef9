"""Other words and colours for lights, as a ledger's file has them. Pure."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

LightColour: TypeAlias = Literal["red", "yellow", "green", "blue"]

Hex: TypeAlias = Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}$(?!\n)", description="sRGB, such as #b3261e")]

PAPER = ("#ffffff", "#10181f")
"""What words in a light's colour stand on: the page by day, and in the dark theme."""

CONTRAST = 4.5
"""The least contrast of text (WCAG 2.2, 1.4.3)."""


class LightName(Struct, frozen=True, forbid_unknown_fields=True):
    """A light's own word, in Chinese and English, and its two colours: on a light ground, and on a dark one."""

    word: Annotated[str, Meta(min_length=1, max_length=8)] | None = None
    word_en: Annotated[str, Meta(min_length=1, max_length=20)] | None = None
    colours: tuple[Hex, Hex] | None = None

    def __post_init__(self) -> None:
        for colour, paper in zip(self.colours or (), PAPER, strict=False):
            found = contrast(colour, paper)
            if found < CONTRAST:
                raise ValueError(
                    f"{colour} on {paper} has a contrast of {found:.1f} to 1: words in it cannot be read;"
                    f" at least {CONTRAST} to 1 is right"
                )


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, from 1 to 21 (WCAG 2.2, relative luminance)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    return sum(
        weight * _linear(int(colour[place : place + 2], 16) / 255)
        for place, weight in ((1, 0.2126), (3, 0.7152), (5, 0.0722))
    )


def _linear(channel: float) -> float:
    """Return a channel of sRGB as a part of light (IEC 61966-2-1)."""
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - constants of IEC 61966-2-1
