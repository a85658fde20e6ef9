"""Work that goes on while other work is done."""

import asyncio

import pytest

from events.background import Background


async def test_pieces_follow_one_another() -> None:
    """A piece begins once the one before it is done, and the end waits for the last."""
    told: list[str] = []

    async def piece(name: str) -> None:
        told.append(f"{name} begins")
        await asyncio.sleep(0.01)
        told.append(f"{name} ends")

    async with Background() as background:
        await background.follow(piece("one"))
        told.append("meanwhile")
        await background.follow(piece("two"))
    assert told == ["meanwhile", "one begins", "one ends", "two begins", "two ends"]


@pytest.mark.parametrize("when", ["the next one", "the end"])
async def test_an_error_reaches_the_caller(when: str) -> None:
    """What a piece raises is raised where it is waited for; a piece that has not begun then never does."""

    async def fails() -> None:
        raise ConnectionError("lost")

    async def never() -> None:
        raise AssertionError("it was begun after an error")

    async def work() -> None:
        async with Background() as background:
            await background.follow(fails())
            if when == "the next one":
                await background.follow(never())

    with pytest.raises(ConnectionError, match="lost"):
        await work()


async def test_nothing_is_left_after_an_error() -> None:
    """Where the other work fails, the running piece is cancelled, and its end awaited."""
    told: list[str] = []

    async def piece() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            told.append("ended")

    async def work() -> None:
        async with Background() as background:
            await background.follow(piece())
            await asyncio.sleep(0)
            raise ValueError("other work")

    with pytest.raises(ValueError, match="other work"):
        await work()
    assert told == ["ended"]
