"""Mail: what a digest looks like, and what an SMTP server's answers mean for each address."""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from events.channel import Channel
from services.notify.channels.result import Outcome
from services.notify.channels.way import way_of
from tests.notify.channels.certificate import own_certificate
from tests.notify.channels.dates import NOW
from tests.notify.channels.letters import ITEM, TITLE, letter, numbered
from tests.notify.channels.smtp_server import HANG, RESET, Mailbox, mailbox, network_of_mail
from tests.notify.channels.test_splitting import Text

GOOD, BAD = "good@b.cn", "bad@b.cn"

BOTH = Channel(mail=(GOOD, BAD))


def shown(mail: EmailMessage) -> list[list[str]]:
    """Return the lines of a mail's text part and those of its HTML part."""
    text, page = (part.get_content() for part in mail.iter_parts())
    reader = Text()
    reader.feed(page)
    return [text.strip().splitlines(), reader.text.strip().splitlines()]


async def test_a_mail_reads_as_the_digest_does_in_both_parts() -> None:
    """The same lines and characters in text and HTML, with a Chinese subject and headers that no robot answers."""
    async with mailbox() as box, network_of_mail(box.port) as network:
        way = way_of(BOTH, network)
        (part,) = way.parts(letter())
        assert (await way.send(part)).outcome == "accepted"
    (mail,) = box.mails
    lines = [f"逾期：zj-2017-01 {TITLE}", *ITEM.lines, f"任务详情：{ITEM.link}"]
    lines += ["", "本邮件由系统自动发送，请勿直接回复。"]
    assert shown(mail) == [lines, lines]
    assert mail["Subject"] == "【督办】市民政局有 1 项提醒"
    assert (mail["From"], mail["To"]) == ("duban@b.cn", f"{GOOD}, {BAD}")
    assert (mail["Auto-Submitted"], mail["X-Auto-Response-Suppress"]) == ("auto-generated", "All")
    assert parsedate_to_datetime(mail["Date"]) == NOW
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert box.taken[0][0] == [GOOD, BAD]
    assert len(part.body) < len(box.taken[0][1]) <= way.limit.bytes


async def test_message_ids_are_stable_and_tasks_are_threads() -> None:
    """A repeat has the Message-ID of the first attempt; mails about one task refer to the same thread."""
    other = replace(ITEM, title="还有 7 天到期：zj-2017-01", lines=())
    async with mailbox() as box, network_of_mail(box.port) as network:
        way = way_of(BOTH, network)
        for sent in (letter(), letter(), letter(other, id="zhanjiang-3"), letter(*numbered(2), id="zhanjiang-4")):
            await way.send(way.parts(sent)[0])
    ids = [mail["Message-ID"] for mail in box.mails]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    assert all(id.endswith(".duban@b.cn>") for id in ids)
    threads = [mail["References"] for mail in box.mails]
    assert threads[0] == threads[1] == threads[2] == box.mails[2]["In-Reply-To"]
    assert threads[3] is None


async def test_parts_of_a_letter_are_mails_of_their_own() -> None:
    """Each has its own number and Message-ID."""
    async with mailbox() as box, network_of_mail(box.port) as network:
        way = way_of(BOTH, network)
        parts = way.parts(letter(*numbered(150)))
        for part in parts:
            await way.send(part)
    assert len(parts) > 1
    assert [mail["Subject"].rpartition("（")[2] for mail in box.mails] == [
        f"{number}/{len(parts)}）" for number in range(1, len(parts) + 1)
    ]
    assert len({mail["Message-ID"] for mail in box.mails}) == len(parts)


async def test_each_address_has_its_own_result_and_only_those_open_are_tried_again() -> None:
    """450 for one address: the other gets the mail once, whatever becomes of the first."""
    async with mailbox() as box, network_of_mail(box.port) as network:
        way = way_of(BOTH, network)
        (part,) = way.parts(letter())
        box.rcpt[BAD] = "450 mailbox busy"
        first = await way.send(part)
        assert first.outcome == "again"
        assert first.recipients == ((GOOD, "accepted", "250 taken"), (BAD, "again", "450 mailbox busy"))
        assert first.detail == f"{GOOD}: 250 taken; {BAD}: 450 mailbox busy"
        del box.rcpt[BAD]
        second = await way.send(part, [BAD])
    assert second.recipients == ((BAD, "accepted", "250 taken"),)
    assert second.outcome == "accepted"
    assert [to for to, _ in box.taken] == [[GOOD], [BAD]]
    assert [mail["To"] for mail in box.mails] == [f"{GOOD}, {BAD}"] * 2


async def test_a_slow_answer_to_the_message_is_awaited() -> None:
    """A server that takes a mail and answers long after any other time limit: one mail, accepted."""
    async with mailbox() as box, network_of_mail(box.port) as network:
        box.delay = 1.2
        way = way_of(BOTH, network)
        assert (await way.send(way.parts(letter())[0])).outcome == "accepted"
    assert len(box.taken) == 1


def says(**answers: str) -> Callable[[Mailbox], None]:
    """Return what makes a mailbox answer so."""

    def prepare(box: Mailbox) -> None:
        for name, answer in answers.items():
            setattr(box, name, dict.fromkeys((GOOD, BAD), answer) if name == "rcpt" else answer)

    return prepare


@pytest.mark.parametrize(
    ("prepare", "outcome", "words"),
    [
        (says(data=HANG), "uncertain", "handed over, and then no answer"),
        (says(data=RESET), "uncertain", "handed over, and then no answer"),
        (says(data="451 try later"), "again", "451 try later"),
        (says(data="554 refused as spam"), "never", "554 refused as spam"),
        (says(rcpt=HANG), "again", "Timed out"),
        (says(rcpt=RESET), "again", "SMTPServerDisconnected"),
        (says(rcpt="550 no such user"), "never", "550 no such user"),
        (says(rcpt="451 greylisted"), "again", "451 greylisted"),
        (says(sender=HANG), "again", "Timed out"),
        (says(sender="451 busy"), "again", "451 busy"),
        (says(sender="553 not your address"), "misconfigured", "553 not your address (user, password and from"),
    ],
)
async def test_after_the_message_was_handed_over_it_is_uncertain_before_it_is_again(
    prepare: Callable[[Mailbox], None], outcome: Outcome, words: str
) -> None:
    """Only an answer that is lost after the message leaves a doubt, in which it is not sent again."""
    async with mailbox() as box, network_of_mail(box.port) as network:
        prepare(box)
        way = way_of(BOTH, network)
        result = await way.send(way.parts(letter())[0])
    assert result.outcome == outcome
    assert words in result.detail
    assert {one for _, one, _ in result.recipients} == {outcome}
    assert box.taken == []


@pytest.mark.parametrize("greeting", [b"", b"220 ready", b"554 no service\r\n", b"nonsense\r\n"])
async def test_a_server_that_is_not_ready_is_tried_again(greeting: bytes) -> None:
    """No greeting, half of one, a refusal, or something else on that port."""

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await asyncio.sleep(2)
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server, network_of_mail(server.sockets[0].getsockname()[1]) as network:
        way = way_of(BOTH, network)
        assert (await way.send(way.parts(letter())[0])).outcome == "again"
        await asyncio.sleep(1.6)


async def test_nobody_listening_is_tried_again() -> None:
    """A server that is away takes nothing."""
    async with mailbox() as box:
        pass
    async with network_of_mail(box.port) as network:
        way = way_of(BOTH, network)
        result = await way.send(way.parts(letter())[0])
    assert result.outcome == "again"
    assert "Error connecting to 127.0.0.1" in result.detail


async def test_a_wrong_password_is_a_matter_of_configuration() -> None:
    """A repeat cannot mend it; the password is not in the detail."""
    async with mailbox(password="right") as box:
        async with network_of_mail(box.port, user="duban", password="wrong") as network:
            way = way_of(BOTH, network)
            result = await way.send(way.parts(letter())[0])
            assert result.outcome == "misconfigured", result
            assert "[alerts.mail]" in result.detail
            assert "wrong" not in result.detail
        async with network_of_mail(box.port, user="duban", password="right") as network:
            way = way_of(BOTH, network)
            assert (await way.send(way.parts(letter())[0])).outcome == "accepted"


async def test_starttls_is_not_left_out(tmp_path: Path) -> None:
    """A server without STARTTLS gets no mail unless the file says tls = "none"; nor does one with a bad certificate."""
    async with mailbox() as box, network_of_mail(box.port, tls="starttls") as network:
        way = way_of(BOTH, network)
        result = await way.send(way.parts(letter())[0])
        assert result.outcome == "misconfigured"
        assert "tls and user of [alerts.mail]" in result.detail
    async with mailbox(starttls=own_certificate(tmp_path)) as box, network_of_mail(box.port, tls="starttls") as network:
        way = way_of(BOTH, network)
        result = await way.send(way.parts(letter())[0])
    assert result.outcome == "again"
    assert "certificate" in result.detail
    assert box.taken == []


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_mail_over_tls_that_is_trusted_is_taken(
    tls: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An office's own authority is trusted by SSL_CERT_FILE."""
    context = own_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    async with _box(tls, context) as box, network_of_mail(box.port, tls=tls) as network:
        way = way_of(BOTH, network)
        assert (await way.send(way.parts(letter())[0])).outcome == "accepted"
    assert len(box.taken) == 1


def _box(tls: str, context: ssl.SSLContext) -> AbstractAsyncContextManager[Mailbox]:
    return mailbox(implicit=context) if tls == "implicit" else mailbox(starttls=context)
