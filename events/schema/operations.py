"""What operators do (运维操作): the events of the ledger `ops`, whose subject is the ledger that they are about. Pure.

They have no secrets, no texts and no addresses: what is sealed stays for ever.
"""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from events.deadline import Instant, check_year
from events.schema.base import Data
from events.schema.texts import Name

SourceName: TypeAlias = Annotated[
    Name, Meta(description="The source, as the ledger's file names it.", examples=["board"])
]
OperatorName: TypeAlias = Annotated[
    Name, Meta(description="Who did it: as `--by` says, or the account.", examples=["duban@server-1"])
]
TokenId: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-f]{16}$(?!\n)",
        description="The id of the token, as `duban token list` shows it.",
        examples=["0f8a2c41d97be633"],
    ),
]
SessionId: TypeAlias = Annotated[
    str,
    Meta(
        pattern=r"^[0-9a-f]{16}$(?!\n)",
        description="The id of the session, as `duban token list --sessions` shows it.",
        examples=["5a1c04d20f8a2c41"],
    ),
]
Sha256: TypeAlias = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$(?!\n)")]
SessionDays: TypeAlias = Annotated[
    int, Meta(ge=1, description="The days that the session lasts, of a dashboard that asked for them.", examples=[90])
]
Count: TypeAlias = Annotated[int, Meta(ge=0)]
Position: TypeAlias = Annotated[int, Meta(ge=0)]
First: TypeAlias = Annotated[Position, Meta(description="The first position.", examples=[101])]
Last: TypeAlias = Annotated[Position, Meta(description="The last position.", examples=[240])]
Events: TypeAlias = Annotated[Count, Meta(description="How many events.", examples=[140])]


class Operation(Data, frozen=True):
    """Submitted by a service or a command of duban itself, to the ledger `ops` alone."""

    speaker = "operations"


class SessionStarted(Operation, frozen=True):
    """A browser has signed in (登录)."""

    source: SourceName
    session: SessionId
    token: TokenId
    means: Annotated[
        Literal["token", "link"], Meta(description="Whether a token was typed or a link used.", examples=["token"])
    ]
    days: SessionDays | None = None


class SessionEnded(Operation, frozen=True):
    """A browser's session was ended before its time (退出登录)."""

    source: SourceName
    session: SessionId
    by: Annotated[Name, Meta(description="The source that has signed out, or the operator.", examples=["board"])]


class SignInsFailed(Operation, frozen=True):
    """Sign-ins that failed within a minute (登录失败), counted by one instance of status."""

    count: Annotated[Count, Meta(description="How many failed.", examples=[12])]
    networks: Annotated[Count, Meta(description="From how many networks; their addresses are not kept.", examples=[1])]
    since: Annotated[Instant, Meta(description="The first.", examples=["2018-03-31T09:59:04+08:00"])]
    until: Annotated[Instant, Meta(description="The last.", examples=["2018-03-31T09:59:58+08:00"])]

    def __post_init__(self) -> None:
        check_year(self.since, self.until)


class LinkMade(Operation, frozen=True):
    """A one-time sign-in link was made (一次性登录链接)."""

    source: SourceName
    token: TokenId
    days: SessionDays | None = None


class TokenMade(Operation, frozen=True):
    """A token was made, or one from a file became valid (令牌签发)."""

    source: SourceName
    token: TokenId
    by: OperatorName
    expires: (
        Annotated[
            Instant, Meta(description="Until when it is good; exclusive.", examples=["2019-01-01T00:00:00+08:00"])
        ]
        | None
    ) = None

    def __post_init__(self) -> None:
        check_year(self.expires)


class TokenRevoked(Operation, frozen=True):
    """A token was revoked (令牌吊销)."""

    source: SourceName
    token: TokenId
    by: OperatorName


class RulesChanged(Operation, frozen=True):
    """Ingest was started with another ledger file, or another version of the code's rules (规则和目录变更)."""

    version: Annotated[Name, Meta(description="The version of the code's rules.", examples=["1"])]
    sha256: Annotated[
        Sha256, Meta(description="Of the ledger's rules, as `duban audit rules` shows it.", examples=["9f" * 32])
    ]
    before: Annotated[Sha256, Meta(description="That of the rules before.", examples=["8e" * 32])] | None = None
    changed: Annotated[
        tuple[Name, ...],
        Meta(
            description="The tables and keys of the file that differ, as far as known.", examples=[["units", "sources"]]
        ),
    ] = ()


class ExportMade(Operation, frozen=True):
    """Rows or the whole ledger were exported as files (导出)."""

    by: Annotated[Name, Meta(description="The source that asked for it, or the operator.", examples=["board"])]
    what: Annotated[
        Literal["tasks", "changes", "units", "overview", "notice", "ledger"],
        Meta(description="What the file has; `ledger` is a package of everything.", examples=["tasks"]),
    ]
    format: Annotated[Literal["csv", "xlsx", "docx", "bagit"], Meta(description="Its format.", examples=["xlsx"])]
    position: Annotated[Position, Meta(description="The position that it reflects.", examples=[240])]


class LossAcknowledged(Operation, frozen=True):
    """An operator has accepted that acknowledged events are lost (确认事件丢失)."""

    by: OperatorName
    first: First
    last: Last


class ClockAcknowledged(Operation, frozen=True):
    """An operator has confirmed a held clock (确认时钟)."""

    by: OperatorName
    reading: Annotated[Instant, Meta(description="What it showed.", examples=["2018-03-31T10:00:00+08:00"])]
    expected: Annotated[
        Instant, Meta(description="What counted instead until then.", examples=["2018-03-31T08:00:00+08:00"])
    ]

    def __post_init__(self) -> None:
        check_year(self.reading, self.expected)


class LogEnded(Operation, frozen=True):
    """A log was ended, as events in it were lost and that was accepted; the next one continues it (日志换代)."""

    origin: Annotated[Name, Meta(description="Its origin.", examples=["0f8a2c41d97be633.duban.invalid/zhanjiang"])]
    size: Annotated[Count, Meta(description="The entries of its last checkpoint.", examples=[240])]
    root: Annotated[Sha256, Meta(description="The head of that checkpoint.", examples=["9f" * 32])]
    continued: Annotated[
        Position, Meta(description="The last position that the next log has from its files.", examples=[0])
    ]


class KeyMade(Operation, frozen=True):
    """A key signs a log from now on (签名密钥启用)."""

    origin: Annotated[
        Name, Meta(description="The log's origin.", examples=["0f8a2c41d97be633.duban.invalid/zhanjiang"])
    ]
    key: Annotated[Name, Meta(description="The key's id, in hexadecimal.", examples=["1f2e3d4c"])]
    replaces: Annotated[Name, Meta(description="The id of the key before it.", examples=["5b6a7988"])] | None = None


class RowsRebuilt(Operation, frozen=True):
    """Rows were folded from scratch and replaced (重建)."""

    by: OperatorName
    models: Annotated[tuple[Name, ...], Meta(description="Whose rows.", examples=[["status"]])]
    differing: Annotated[Count, Meta(description="How many saved rows differed.", examples=[0])]


class LogRestored(Operation, frozen=True):
    """Sealed events were put back into the log (恢复)."""

    by: OperatorName
    first: First
    last: Last
    count: Events


class LogTrimmed(Operation, frozen=True):
    """Events that are sealed were dropped from the server's memory (裁剪)."""

    by: OperatorName
    first: First
    last: Last
    count: Events


class RecordTrimmed(Operation, frozen=True):
    """Entries of the record of alerts that are sealed were dropped from the server's memory (提醒记录裁剪)."""

    by: OperatorName
    first: Annotated[Position, Meta(description="The number of the first entry.", examples=[1])]
    last: Annotated[Position, Meta(description="The number of the last entry.", examples=[2_048])]
    count: Annotated[Count, Meta(description="How many entries.", examples=[2_048])]
