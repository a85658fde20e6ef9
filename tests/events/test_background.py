"""Work that goes on while other work is done."""

import asyncio

import pytest

from events.background import Background


async def test_a_piece_runs_while_other_work_is_done() -> None:
    """Its result is returned once, to whoever waits for it; nothing to wait for is None."""
    told: list[str] = []

    async def piece(name: str) -> str:
        told.append(f"{name} begins")
        await asyncio.sleep(0.01)
        told.append(f"{name} ends")
        return name

    async with Background[str]() as background:
        assert await background.done() is None
        background.begin(piece("one"))
        told.append("meanwhile")
        assert await background.done() == "one"
        assert await background.done() is None
        background.begin(piece("two"))
        assert await background.done() == "two"
    assert told == ["meanwhile", "one begins", "one ends", "two begins", "two ends"]


async def test_an_error_reaches_whoever_waits() -> None:
    async def fails() -> None:
        raise ConnectionError("lost")

    async with Background[None]() as background:
        background.begin(fails())
        with pytest.raises(ConnectionError, match="lost"):
            await background.done()


async def test_nothing_is_left_running() -> None:
    """Where the other work ends, or fails, without waiting, the piece is cancelled, and its end awaited."""
    told: list[str] = []

    async def piece() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            told.append("ended")

    async def work() -> None:
        async with Background[None]() as background:
            background.begin(piece())
            await asyncio.sleep(0)
            raise ValueError("other work")

    with pytest.raises(ValueError, match="other work"):
        await work()
    assert told == ["ended"]
