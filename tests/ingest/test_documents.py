"""The endpoint for documents: a file is read, compared with the ledger, and its tasks are assigned."""

import asyncio
import gzip
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Request
from litestar.exceptions import HTTPException
from litestar.testing import RequestFactory

from events.deadline import Fixed
from events.envelope import Event, encode
from events.schema import DeadlineClarified, TaskAssigned, TaskClosed, TaskReassigned
from events.working_days import LIBRARY
from services.common.sizes import MIB
from services.ingest.documents import BusyError, Documents
from services.ingest.schedules import MOST_DOCUMENT, receive_form
from services.ingest.writer import Writer
from services.schedule.limits import MOST_BYTES
from tests.examples import EXAMPLES
from tests.ingest.ingest_client import IngestClient, problem
from tests.ingest.running_writer import LEDGER, NAME, START, history, ids, kept
from tests.schedule.documents import SEED, SEED_ROWS, word

SCHEDULES = f"/v1/{NAME}/schedules"

FORM = {"plan": "zj-2017", "issued": "2017-08-01"}

BROKEN = SEED.replace("2018年12月前完成", "2018年2月30日前")


async def send(
    client: IngestClient,
    document: bytes | str,
    *,
    source: str = "office",
    name: str = "分工表.docx",
    form: dict[str, str] = FORM,
    **query: bool,
) -> httpx.Response:
    """Send a document with the token of a source."""
    body = document.encode() if isinstance(document, str) else document
    headers = {"Authorization": f"Bearer {client.tokens[source]}"}
    return await client.http.post(SCHEDULES, params=query, data=form, files={"file": (name, body)}, headers=headers)


def states(answer: httpx.Response) -> dict[str, str]:
    """Return how each row stands to the ledger."""
    return {row["task"]: row["state"] for row in answer.json()["rows"]}


async def handed_out(client: IngestClient) -> list[Event]:
    """Return the events of the office, without clock events."""
    return [entry.event for entry in await history(client.redis) if entry.event.authid == "office"]


async def test_a_dry_run_shows_every_row_and_assigns_nothing(client: IngestClient) -> None:
    """With the event of each row come the rule that read its deadline, the cell, and the reading in Chinese."""
    answer = await send(client, word(SEED_ROWS), dry_run=True)
    assert answer.status_code == HTTPStatus.OK
    assert set(states(answer).values()) == {"new"}
    row = answer.json()["rows"][6]
    assert (row["row"], row["task"], row["rule"]) == (7, "zj-2017-07", "before-month")
    assert (row["place"], row["deadline_place"]) == ("table 1, row 8, column 2", "table 1, row 8, column 4")
    assert row["event"]["data"]["deadline"]["kind"] == "ambiguous"
    assert "市残联" in row["reading"][0]
    assert answer.json()["outcomes"] == []
    assert await history(client.redis) == []


async def test_a_document_is_assigned_and_again_assigns_nothing(client: IngestClient) -> None:
    """Its rows become events of the source whose token it came with; a second time, in any form, none is new."""
    answer = await send(client, SEED)
    assert [outcome["outcome"] for outcome in answer.json()["outcomes"]] == ["accepted"] * 27
    assert len(await handed_out(client)) == 27
    again = await send(client, word(SEED_ROWS))
    assert set(states(again).values()) == {"same"}
    assert again.json()["outcomes"] == []
    assert len(await handed_out(client)) == 27


async def test_nothing_is_assigned_while_a_row_cannot_be_read(client: IngestClient) -> None:
    """The refusal names the cell; the other rows are assigned only where that is asked for."""
    answer = await send(client, BROKEN)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    (refusal,) = answer.json()["refusals"]
    assert (refusal["row"], refusal["column"]) == (7, "时间进度")
    assert "2018年2月30日" in refusal["detail"]
    assert await history(client.redis) == []
    partial = await send(client, BROKEN, partial=True)
    assert partial.status_code == HTTPStatus.OK
    assert len(partial.json()["outcomes"]) == len(await handed_out(client)) == 26
    mended = await send(client, SEED)
    assert [outcome["id"] for outcome in mended.json()["outcomes"]] == ["assigned-zj-2017-07"]


async def test_a_corrected_document_shows_the_difference_and_proposes_to_settle_it(client: IngestClient) -> None:
    """Proposals are submitted only where that is asked for; afterwards ledger and document agree."""
    await send(client, SEED)
    corrected = SEED.replace("2018年12月前完成", "2018年11月底前完成").replace(
        "\t市财政局、市残联\n", "\t市残联、市财政局\n"
    )
    shown = await send(client, corrected)
    changed = {row["task"]: row for row in shown.json()["rows"] if row["state"] == "changed"}
    assert {task: [one["type"] for one in row["proposals"]] for task, row in changed.items()} == {
        "zj-2017-07": ["duban.deadline.clarified.v1"],
        "zj-2017-23": ["duban.task.reassigned.v1"],
    }
    assert "“2018年12月前完成”" in changed["zj-2017-07"]["differences"][0]
    assert len(await handed_out(client)) == 27
    settled = await send(client, corrected, corrections=True)
    assert [outcome["outcome"] for outcome in settled.json()["outcomes"]] == ["accepted", "accepted"]
    clarified, reassigned = (event.data for event in (await handed_out(client))[27:])
    assert isinstance(clarified, DeadlineClarified)
    assert isinstance(clarified.deadline, Fixed)
    assert isinstance(reassigned, TaskReassigned)
    assert (reassigned.lead, reassigned.reason) == ("市残联", "按更正后的文件《分工表.docx》")
    assert set(states(await send(client, corrected)).values()) == {"same"}
    assert set(states(await send(client, SEED)).values()) == {"same"}


async def test_tasks_that_the_document_lacks_are_named(client: IngestClient) -> None:
    """Open tasks of the plan that are not in the document are reported; the office decides on them."""
    await send(client, SEED)
    closing = EXAMPLES["duban.task.closed.v1"]
    closed = encode(closing).replace(b"zj-2017-07", b"zj-2017-27").replace(b"2019-02-15", b"2018-02-15")
    assert isinstance(closing.data, TaskClosed)
    assert (await client.post(closed, source="office")).status_code == HTTPStatus.CREATED
    shorter = await send(client, SEED[: SEED.index("\n\t24\n")])
    assert shorter.json()["missing"] == ["zj-2017-24", "zj-2017-25", "zj-2017-26"]
    assert (await send(client, b"\xff", dry_run=True)).json()["missing"] == []


async def test_a_section_and_a_leading_official_stay_in_the_stored_bytes(client: IngestClient) -> None:
    """They are extension attributes: in the log for ever, outside of what decisions are made on."""
    drawing = [["序号", "工作任务", "责任单位", "完成时限", "分管领导"], ["一、就业", "<", "<", "<", "<"]]
    await send(client, word([*drawing, [1, "建立公示制度。", "市残联", "长期坚持", "张三"]]))
    (entry,) = await history(client.redis)
    assert isinstance(entry.event.data, TaskAssigned)
    (stored,) = await client.redis.xrange(f"duban:{{{NAME}}}:log")
    assert '"section":"一、就业","leader":"张三"'.encode() in stored[1][b"e"]


async def test_a_stranger_or_a_reporter_sends_no_document(client: IngestClient) -> None:
    """The token is asked for before the body is read, and only an assigner's will do."""
    stranger = await client.http.post(SCHEDULES, data=FORM, files={"file": ("a.docx", b"")})
    assert stranger.status_code == HTTPStatus.UNAUTHORIZED
    assert stranger.headers["www-authenticate"] == "Bearer"
    assert "token" in problem(stranger)["detail"]
    for source in ("units", "audit", "board"):
        answer = await send(client, SEED, source=source)
        assert answer.status_code == HTTPStatus.FORBIDDEN
        assert source in problem(answer)["detail"]
    assert await ids(client.redis) == []


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"plan": "a/b", "issued": "2017-08-01"}, "plan"),
        ({"plan": "a\nb", "issued": "2017-08-01"}, "plan"),
        ({"plan": "p", "issued": "2017年8月1日"}, "issued"),
        ({"plan": "p"}, "issued"),
    ],
)
async def test_what_the_form_lacks_is_told(client: IngestClient, form: dict[str, str], wrong: str) -> None:
    """A member that is missing or cannot be used is named."""
    answer = await send(client, SEED, form=form)
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert wrong in str(problem(answer))


HEAD, END = '--X\r\nContent-Disposition: form-data; name="', "--X--\r\n"

PARTS = f'{HEAD}plan"\r\n\r\np\r\n{HEAD}issued"\r\n\r\n2017-08-01\r\n'

FILE = f'{HEAD}file"; filename="a"\r\n\r\n\r\n'


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        (b"", "the form has 0"),
        (PARTS + END, "the form has 0"),
        (PARTS + FILE * 2 + END, "the form has 2"),
        (PARTS + f'{HEAD}file"\r\n\r\na\r\n' + END, "without a filename"),
        (PARTS + FILE, "broken"),
        (PARTS + FILE * 1_001 + END, "more than 1,000 parts"),
        (PARTS + FILE.replace('"a"', '"' + "a" * 10_000 + '"') + END, "the name of a file is too long"),
        ((PARTS + f'{HEAD}plan"\r\n\r\n计划\r\n' + END).encode("gb18030"), "not UTF-8"),
        (PARTS + f'{HEAD}a"\r\nContent-Type: text/plain; charset=none\r\n\r\na\r\n' + END, "not UTF-8"),
    ],
)
async def test_what_is_wrong_with_a_form_is_told(client: IngestClient, body: str | bytes, wrong: str) -> None:
    """A form that a program made wrongly, or a terminal in another encoding, is a problem with a remedy."""
    content = body.encode() if isinstance(body, str) else body
    kind = "multipart/form-data; boundary=X"
    answer = await client.post(content, kind, source="office", path=SCHEDULES)
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert wrong in problem(answer)["detail"]


async def test_a_document_comes_in_a_form(client: IngestClient) -> None:
    """Another content type is refused, and the detail names the right one."""
    for kind in ("application/json", "application/x-www-form-urlencoded", "text/csv"):
        answer = await client.post(SEED.encode(), kind, source="office", path=SCHEDULES)
        assert answer.status_code == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        assert "multipart/form-data" in problem(answer)["detail"]


async def test_a_document_does_not_take_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that stops half-way through its document does not keep the connection."""

    async def receive() -> Any:
        await asyncio.Event().wait()

    monkeypatch.setattr("services.ingest.schedules.BODY_SECONDS", 0.01)
    scope = RequestFactory().get(SCHEDULES, headers={"Content-Type": "multipart/form-data; boundary=X"}).scope
    with pytest.raises(HTTPException) as raised:
        await receive_form(Request(scope, receive=receive))
    assert raised.value.status_code == HTTPStatus.REQUEST_TIMEOUT


async def test_the_description_tells_every_answer(client: IngestClient) -> None:
    """OpenAPI names what is sent, what comes back, and each problem there can be."""
    document = (await client.http.get("/v1/openapi.json")).json()
    told = document["paths"]["/v1/{ledger}/schedules"]["post"]
    assert list(told["requestBody"]["content"]) == ["multipart/form-data"]
    form = document["components"]["schemas"]["ScheduleForm"]
    assert sorted(form["required"]) == ["file", "issued", "plan"]
    answers = {status: answer["content"] for status, answer in told["responses"].items()}
    for status in ("200", "422"):
        assert answers.pop(status) == {"application/json": {"schema": {"$ref": "#/components/schemas/Imported"}}}
    assert sorted(answers) == ["400", "401", "403", "404", "408", "413", "415", "429", "503"]
    shape = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert all(content == shape for content in answers.values())


async def test_one_document_is_read_at_a_time(redis: Any) -> None:
    """Others are asked to come again, until it has been read or has failed."""
    documents = Documents(Writer(redis, NAME, LEDGER, lambda: START), LIBRARY)
    with suppress(ValueError), documents.turn():
        with pytest.raises(BusyError), documents.turn():
            pass
        raise ValueError
    with documents.turn():
        pass


async def test_a_document_of_a_day_to_come_is_refused_as_a_whole(client: IngestClient) -> None:
    """A wrong year shows in the dry run, not when each row is refused."""
    answer = await send(client, SEED, form={**FORM, "issued": "2030-01-01"}, dry_run=True)
    (refusal,) = answer.json()["refusals"]
    assert (refusal["place"], answer.json()["rows"]) == ("issued", [])
    assert "still to come" in refusal["detail"]


async def test_a_hostile_document_is_a_refusal(client: IngestClient) -> None:
    """A document that crashes its reader is refused as unreadable; the service continues."""
    answer = await send(client, b"PK\x03\x04" + b"\0" * 1_000)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.json()["refusals"][0]["row"] == 0
    assert (await send(client, SEED, dry_run=True)).status_code == HTTPStatus.OK


async def test_a_document_beyond_all_bounds_is_not_taken(client: IngestClient) -> None:
    """Such a body is a problem, not a document."""
    answer = await send(client, b"a" * (MOST_BYTES + 2 * MIB))
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert f"at most {MOST_DOCUMENT:,} bytes" in problem(answer)["detail"]


async def test_ids_say_which_submission_a_row_is(client: IngestClient) -> None:
    """A task that was assigned by other means is compared just the same."""
    by_hand = encode(EXAMPLES["duban.task.assigned.v1"])
    await client.post(by_hand, source="office")
    shown: dict[str, Any] = (await send(client, SEED, dry_run=True)).json()["rows"][6]
    assert (shown["task"], shown["state"], shown["proposals"]) == ("zj-2017-07", "same", [])


def gzipped(
    client: IngestClient, document: str, encoding: str = "gzip", padding: int = 0
) -> tuple[bytes, dict[str, str]]:
    """Return the body of a form with a document as a client would compress it, and its headers."""
    form = client.http.build_request(
        "POST", SCHEDULES, data=FORM, files={"file": ("分工表.txt", document.encode() + b" " * padding)}
    )
    headers = {"Content-Type": form.headers["content-type"], "Content-Encoding": encoding}
    return form.read(), headers | {"Authorization": f"Bearer {client.tokens['office']}"}


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", " GZIP ", "identity"])
async def test_a_document_in_gzip_is_read(client: IngestClient, encoding: str) -> None:
    """As events are; also in several members."""
    body, headers = gzipped(client, SEED, encoding)
    half = len(body) // 2
    if encoding != "identity":
        body = gzip.compress(body[:half]) + gzip.compress(body[half:])
    answer = await client.http.post(SCHEDULES, params={"dry_run": True}, content=body, headers=headers)
    assert answer.status_code == HTTPStatus.OK
    assert len(answer.json()["rows"]) == 27


@pytest.mark.parametrize(
    ("encoding", "padding", "cut", "status"),
    [("br", 0, 0, 415), ("gzip, gzip", 0, 0, 415), ("gzip", 0, 9, 400), ("gzip", MOST_DOCUMENT, 0, 413)],
)
async def test_other_encodings_of_a_document_are_refused(
    client: IngestClient, encoding: str, padding: int, cut: int, status: int
) -> None:
    """What is unknown, broken, or larger than a document may be once decoded; nothing is assigned."""
    body, headers = gzipped(client, SEED, encoding, padding)
    packed = gzip.compress(body)
    answer = await client.http.post(SCHEDULES, content=packed[: len(packed) - cut], headers=headers)
    assert answer.status_code == status
    assert problem(answer)["detail"]
    assert await history(client.redis) == []


@pytest.mark.parametrize("source", ["units", "board"])
async def test_of_who_may_not_send_a_document_the_head_is_kept(client: IngestClient, source: str) -> None:
    """Among the refused, with the reason; its body was not read."""
    answer = await send(client, SEED, source=source)
    assert (answer.status_code, "assigner" in problem(answer)["detail"]) == (403, True)
    (refused,) = await kept(client.redis)
    assert refused["by"] == source.encode()
    assert msgspec.json.decode(refused["e"])["code"] == "not-permitted"
    head = msgspec.json.decode(refused["head"])
    assert (head["method"], head["path"]) == ("POST", SCHEDULES)
    assert head["headers"]["content-type"].startswith("multipart/form-data")


@pytest.mark.parametrize(
    ("encoding", "size", "status", "code"), [("br", 9, 415, "malformed"), ("", MOST_DOCUMENT + 1, 413, "too-large")]
)
async def test_of_a_document_that_is_refused_the_head_is_kept(
    client: IngestClient, encoding: str, size: int, status: int, code: str
) -> None:
    """What is wrong with the request itself is numbered with the reason, as events are."""
    headers = {"Authorization": f"Bearer {client.tokens['office']}", "Content-Encoding": encoding}
    headers["Content-Type"] = "multipart/form-data; boundary=x"
    answer = await client.http.post(SCHEDULES, content=b"x" * size, headers=headers)
    assert (answer.status_code, problem(answer)["status"]) == (status, status)
    (refused,) = await kept(client.redis)
    assert (refused["n"], msgspec.json.decode(refused["e"])["code"]) == (b"1", code)
    assert msgspec.json.decode(refused["head"])["headers"]["content-length"] == str(size)
