"""The services as they describe themselves, driven by Schemathesis: no fault, and no answer that is not described.

A run that imports the same modules tries the same cases. DUBAN_API_EXAMPLES=500 tries more, for whoever has the time.
"""

import asyncio
import json
import os
import re
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from itertools import cycle
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from redis import Redis
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS

from events.contract import example_of
from events.entries import digest
from events.envelope import encode
from events.schema import TYPES
from services.applications import BUILDERS
from services.common.settings import Settings, shipped
from services.contract.ingest import LINES, MANY, ONE
from services.contract.openapi import place
from tests.deployment import LEDGER, Deployment, bearer
from tests.examples import LEAD, assigned
from tests.integration.each_operation import each_operation

CASES = settings(
    max_examples=int(os.environ.get("DUBAN_API_EXAMPLES", "10")),
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),  # the cases are Schemathesis' to make
)

CONFIG = schemathesis.Config.from_dict(
    {
        "generation": {"deterministic": True},
        "checks": {
            # what ingest has no room for, and what fits the schema but not the ledger
            "negative_data_rejection": {"expected-statuses": ["400", "401", "403", "404", "405", "413", "415", "422"]},
            "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "422"]},
        },
    }
)

LEDGERS = shipped(f"{LEDGER}.toml").parent

DESCRIBED = {
    name: deepcopy(build(Settings(ledgers=LEDGERS)).state.description)  # of its own: it is changed below
    for name, build in BUILDERS.items()
}

SCHEMAS = DESCRIBED["ingest"]["components"]["schemas"]
del SCHEMAS["Events"]["maxItems"]  # test_submissions tries it; here it would take minutes
if "DUBAN_API_EXAMPLES" not in os.environ:  # thousands of cases less; these have all kinds of members
    SCHEMAS["Event"]["anyOf"] = [
        {"$ref": place(f"duban.{name}.v1")} for name in ("task.reassigned", "progress.reported", "deadline.clarified")
    ]

INGEST, STATUS, NOTIFY = (schemathesis.openapi.from_dict(DESCRIBED[name], config=CONFIG) for name in BUILDERS)

EVENT, EVENTS, OUTCOME = (
    Draft202012Validator({"$ref": f"#/components/schemas/{name}", **DESCRIBED["ingest"]})
    for name in ("Event", "Events", "Outcome")
)

TASKS = ("t-1", "t-2")


@schemathesis.serializer(LINES)
def lines(_: schemathesis.SerializationContext, value: Any) -> bytes:
    """Send lines as they are; what is no text, and cannot be sent as lines, as JSON."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@pytest.fixture(scope="module")
def deployment(server_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Return the services at work on an empty server, with two tasks in the ledger."""
    with closing(Redis.from_url(server_url)) as client:
        client.flushall()
    folder = tmp_path_factory.mktemp("described")
    deployment = Deployment(folder, server_url)
    deployment.environment["DUBAN_ARCHIVE"] = str(folder / "archive")
    with asyncio.Runner() as runner:
        running = deployment.running()
        runner.run(running.__aenter__())
        try:
            for task in TASKS:
                event = encode(assigned(task, others=("市民政局",)))
                assert post(deployment, "office", event, ONE).status_code in {200, 201}
            yield deployment
        finally:
            runner.run(running.__aexit__(None, None, None))


def post(deployment: Deployment, source: str, body: bytes, form: str) -> httpx.Response:
    """Submit as a source."""
    return httpx.post(
        deployment.address("ingest", "events"), content=body, headers=dict(deployment.headers(source, form)), timeout=30
    )


_YEAR = re.compile(r"^[0-9]{4}(?=-)")


def ask(deployment: Deployment, service: str, case: Case[Any], source: str | None) -> Any:
    """Send a case as a source, or as nobody, and hold the answer against the description; return it."""
    headers = bearer(deployment.token(source)) if source is not None else {}
    answer = case.call(base_url=deployment.base(service), headers=headers)
    excluded: Any = []
    form = {ONE: EVENT, MANY: EVENTS}.get(case.media_type or "")
    if answer.status_code in {200, 201} and case.media_type == LINES:  # whatever the bytes, each line has its outcome
        for line in answer.content.splitlines():
            OUTCOME.validate(json.loads(line))
        excluded = [CHECKS.get_one("negative_data_rejection")]
    elif answer.status_code in {200, 201} and form is not None:  # the same; and `format` is a remark, not the rule
        refused = case.media_type == MANY and any(outcome["outcome"] == "refused" for outcome in answer.json())
        if refused or form.is_valid(case.body):
            excluded = [CHECKS.get_one("negative_data_rejection")]
    case.validate_response(answer, excluded_checks=excluded)
    return answer


def ask_reader(deployment: Deployment, service: str, case: Case[Any]) -> None:
    """Ask of the ledger that there is, without a cursor that no page gave and parameters that exclude each other."""
    if "ledger" in case.path_parameters:
        case.path_parameters["ledger"] = LEDGER
    if case.query.get("cursor") is not None:
        del case.query["cursor"]
    case.query.pop("changed" if case.query.get("compare") is None else "format", None)
    if "from" in case.query and "to" in case.query:  # a period may also be too long, or end before it begins
        case.query["to"] = case.query["from"]
    for name in case.query.keys() & {"as_of", "compare", "due_before", "due_after", "since", "until"}:
        case.query[name] = _YEAR.sub(_bounded, str(case.query[name]), count=1)
    ask(deployment, service, case, "board")


def _bounded(year: "re.Match[str]") -> str:
    """Return a year of those that events can have; 400 years later a year has the same days."""
    return year[0] if 1950 < int(year[0]) < 2999 else str(2000 + int(year[0]) % 400)


ARCHIVES = "/(log|record|rules)/|/(seal|stamp)$"
"""What auditors may ask of ingest."""


@each_operation(INGEST.include(path_regex=ARCHIVES))
@CASES
def test_archives_are_as_they_are_described(deployment: Deployment, case: Case[Any]) -> None:
    """Whatever the file is called; a file that is there, too. Strangers get nothing."""
    case.path_parameters["ledger"] = LEDGER
    ask(deployment, "ingest", case, "audit")
    if "path" in case.path_parameters:
        case.path_parameters["path"] = "checkpoint"
        ask(deployment, "ingest", case, "audit")
    assert ask(deployment, "ingest", case, None).status_code != 200


@each_operation(INGEST.exclude(path_regex=f"/schedules$|{ARCHIVES}"))
@CASES
def test_ingest_is_as_it_describes_itself(deployment: Deployment, case: Case[Any]) -> None:
    """The answer to any request of any source, valid or invalid, is one of those in the description."""
    if "ledger" in case.path_parameters:
        case.path_parameters["ledger"] = LEDGER
    ask(deployment, "ingest", case, "office")
    if case.meta is not None and case.meta.phase.name.value == "fuzzing":  # the same for strangers, of a few
        for source in (None, "audit"):
            answer = ask(deployment, "ingest", case, source)
            assert "{ledger}" not in case.path or answer.status_code in {400, 401, 403, 405, 415}


DOCUMENTS = settings(CASES, max_examples=int(os.environ.get("DUBAN_API_EXAMPLES", "3")))
"""Fewer: each document that is read takes a process of its own."""


@each_operation(INGEST.include(path_regex="/schedules$"))
@DOCUMENTS
def test_documents_are_taken_as_described(deployment: Deployment, case: Case[Any]) -> None:
    """The same of the door for documents, of which the forms that are well made are few."""
    case.path_parameters["ledger"] = LEDGER
    ask(deployment, "ingest", case, "office")


def fitting(event: dict[str, Any], source: str, *, known: bool) -> bytes:
    """Return an event that its schema allows as one that its source may say, some time ago.

    If `known`, it is of a task there is. The id is one of its own. What a schema cannot say of Base64, that it holds
    the data, is made so.
    """
    event = event | {"source": source, "time": "2018-03-31T10:00:00+08:00"}
    data = event["data"] if "data" in event else example_of(event["type"])["data"]
    if known:
        event["subject"] = TASKS[len(data) % len(TASKS)]
    if "unit" in data:
        data = data | {"unit": LEAD}
    if "data" in event:
        event["data"] = data
    else:
        event["data_base64"] = b64encode(json.dumps(data).encode()).decode()
    return json.dumps(event | {"id": digest(json.dumps(event).encode())}).encode()


def test_events_that_fit_are_accepted_in_every_form(deployment: Deployment) -> None:
    """What the description alone brings forth, given a source and a task, is accepted, and is a duplicate again.

    Every other event keeps its own subject, a task that nobody knows.
    """
    seen: Counter[str] = Counter()
    turn = cycle((True, False))

    @given(INGEST["/v1/{ledger}/events"]["POST"].as_strategy(GenerationMode.POSITIVE))
    @settings(CASES, max_examples=6 * CASES.max_examples)
    def check(case: Case[Any]) -> None:
        bodies: Any = case.body if case.media_type == MANY else [case.body] if case.media_type == ONE else []
        for body in bodies[:3]:
            source = {"assigner": "office", "reporter": "units"}[str(TYPES[body["type"]].speaker)]
            event = fitting(body, source, known=next(turn))
            for form, sent in ((ONE, event), (ONE, event), (MANY, b"[" + event + b"]"), (LINES, event + b"\n")):
                answer = post(deployment, source, sent, form)
                assert answer.status_code in {200, 201, 422}
                found = answer.json()[0] if form == MANY else answer.json()
                OUTCOME.validate(found)
                seen[f"{form} {found.get('code', found['outcome'])}"] += 1

    check()
    told = {words.removeprefix(f"{ONE} ") for words in seen if words.startswith(ONE)}
    assert {"accepted", "duplicate", "unknown-task"} <= told, seen
    assert {f"{form} duplicate" for form in (MANY, LINES)} <= seen.keys()


@each_operation(STATUS.exclude(path_regex="/(changes|session)$"))
@CASES
def test_status_is_as_it_describes_itself(deployment: Deployment, case: Case[Any]) -> None:
    """All questions but the one whose answer has no end, and signing in."""
    ask_reader(deployment, "status", case)


@each_operation(NOTIFY.exclude(path_regex="/ack$"))
@CASES
def test_notify_is_as_it_describes_itself(deployment: Deployment, case: Case[Any]) -> None:
    """The same of the alerts."""
    ask_reader(deployment, "notify", case)


@each_operation(NOTIFY.include(path_regex="/ack$"))
@CASES
def test_acknowledging_is_as_described(deployment: Deployment, case: Case[Any]) -> None:
    """Of an alert that there is, and of others; what the ledger then refuses is an outcome, too."""
    case.path_parameters["ledger"] = LEDGER
    headers = dict(deployment.headers("board"))
    known = httpx.get(deployment.address("notify", "alerts"), params={"limit": 1}, headers=headers).json()["items"]
    if known and case.method == "POST":
        case.path_parameters["alert"] = known[0]["id"]
    if isinstance(case.body, dict) and isinstance(until := case.body.get("until"), str):
        case.body["until"] = _YEAR.sub(_bounded, until, count=1)
    ask(deployment, "notify", case, "office")
    if case.meta is not None and case.meta.phase.name.value == "fuzzing":
        for source in (None, "audit"):
            assert ask(deployment, "notify", case, source).status_code in {400, 401, 403, 405, 415}


@each_operation(STATUS.include(path_regex="/session$"))
@CASES
def test_signing_in_is_as_described(deployment: Deployment, case: Case[Any]) -> None:
    """With a good token, or a code made for it, where the form is right: each wrong one would delay the next answer."""
    case.path_parameters["ledger"] = LEDGER
    if isinstance(case.body, dict) and isinstance(case.body.get("token"), str) and case.body["token"]:
        case.body["token"] = deployment.tokens["board"]
    if isinstance(case.body, dict) and isinstance(case.body.get("code"), str) and case.body["code"]:
        made = httpx.post(deployment.address("status", "session/codes"), headers=deployment.headers("board"))
        case.body["code"] = made.json()["code"]
    ask(deployment, "status", case, "board" if case.method != "POST" else None)
