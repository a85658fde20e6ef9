"""Who may read what operators do."""

from types import SimpleNamespace
from typing import Any

from events.ledger import Ledger, Source
from events.operations import OPS
from services.common import sessions, tokens
from services.common.access import Access
from services.common.callers import Authentication
from services.common.clock import SystemClock, real_time
from services.common.identity import Remembered, cookie_name
from services.common.networks import Networks
from services.common.sessions import SignInCode


async def test_auditors_of_any_ledger_read_what_operators_do(redis: Any) -> None:
    """As `<ledger>.<source>`, by a token or a session; what else a browser carries neither helps nor harms."""
    roles = {"zhanjiang": {"audit": "auditor", "board": "dashboard"}, "other": {"zhanjiang.board": "auditor"}}
    sources = {name: {one: Source(role) for one, role in own.items()} for name, own in roles.items()}  # type: ignore[arg-type]
    access = Access({name: Ledger(name, sources=own) for name, own in sources.items()})
    endpoints: Any = {name: SimpleNamespace(redis=redis, clock=SystemClock()) for name in (*roles, OPS)}
    found = Authentication(Networks(), endpoints, Remembered(endpoints), access.has_source, secure=False)
    own = await sessions.installation(redis)

    async def cookie(ledger: str, source: str) -> str:
        hash = tokens.hash_of(await tokens.issue(redis, ledger, source))
        secret, _ = await sessions.start(redis, ledger, SignInCode(source, hash), real_time())
        return f"{cookie_name(own, ledger, secure=False)}={secret}"

    async def whose(header: str, value: str) -> tuple[str | None, bool]:
        headers = [(header.encode(), value.encode())]
        scope = {"path": f"/v1/{OPS}/log/checkpoint", "method": "GET", "headers": headers, "client": ("192.0.2.1", 1)}
        source = (await found.caller(scope)).source
        return source, access.has_source(OPS, source)

    audit, board = await cookie("zhanjiang", "audit"), await cookie("zhanjiang", "board")
    assert await whose("authorization", f"Bearer {await tokens.issue(redis, 'zhanjiang', 'audit')}") == (
        "zhanjiang.audit",
        True,
    )
    assert await whose("cookie", audit) == ("zhanjiang.audit", True)
    assert await whose("cookie", board) == ("zhanjiang.board", False)
    elsewhere = await cookie("other", "zhanjiang.board")
    assert await whose("cookie", f"{board}; {elsewhere}") == ("other.zhanjiang.board", True)
    assert await whose("cookie", "duban-0123456789abcdef-ops=x") == (None, False)
