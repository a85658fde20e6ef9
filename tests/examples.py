"""One canonical example per event type, and small makers of the events that tests need most.

Told in this order they are the life of task 7 of the 2017 table: its phrase “2018年12月前” can be read in two ways, is
clarified, the task is late all the same, is closed too early, opened again, a merger gives it another lead, and a
person takes on the alert. Only the first request, which was refused, is not among them.
"""

import msgspec

from events.deadline import Deadline, Fixed
from events.envelope import Event, additions, encode, parse
from events.schema import ProgressReported, TaskAssigned, Unit

TASK = "zj-2017-07"

LEAD = "市残联"

WIRE: tuple[bytes, ...] = tuple(
    line.encode()
    for line in """\
{"specversion":"1.0","id":"assigned-07","source":"office","type":"duban.task.assigned.v1","subject":"zj-2017-07","time":"2017-08-01T09:00:00+08:00","datacontenttype":"application/json","data":{"title":"全市至少建立两个规模化残疾人集中就业基地，企业所在地政府要对其设施设备、无障碍改造等给予支持。","plan":"zj-2017","lead":"市残联","lead_inferred":true,"units":[{"name":"市残联","role":"lead","group":false,"open":false},{"name":"市人力资源社会保障局","role":"cooperating","group":false,"open":false},{"name":"各县（市、区）政府","role":"cooperating","group":true,"open":false},{"name":"湛江开发区管委会","role":"cooperating","group":false,"open":false}],"deadline":{"kind":"ambiguous","text":"2018年12月前完成","strict":"2018-12-01T00:00:00+08:00","loose":"2019-01-01T00:00:00+08:00"},"row":7,"deliverable":"两个规模化残疾人集中就业基地"}}
{"specversion":"1.0","id":"signed-07-1","source":"units/disabled-persons-federation","type":"duban.task.signed.v1","subject":"zj-2017-07","time":"2017-08-02T10:15:00+08:00","datacontenttype":"application/json","data":{"unit":"市残联"}}
{"specversion":"1.0","id":"report-07-1","source":"units/disabled-persons-federation","type":"duban.progress.reported.v1","subject":"zj-2017-07","time":"2018-03-31T10:00:00+08:00","datacontenttype":"application/json","data":{"unit":"市残联","summary":"廉江市就业基地已挂牌，安置残疾人46名。","percent":50,"problems":"第二个基地的场地尚未落实。","evidence":[{"name":"挂牌照片.jpg","url":"https://example.org/evidence/07-1.jpg","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}]}}
{"specversion":"1.0","id":"correction-07-1","source":"units/disabled-persons-federation","type":"duban.progress.corrected.v1","subject":"zj-2017-07","time":"2018-04-03T16:20:00+08:00","datacontenttype":"application/json","data":{"report":"report-07-1","reason":"安置人数有误。","unit":"市残联","summary":"廉江市就业基地已挂牌，安置残疾人38名。","percent":45.5}}
{"specversion":"1.0","id":"clarified-07-1","source":"office","type":"duban.deadline.clarified.v1","subject":"zj-2017-07","time":"2018-04-10T09:30:00+08:00","datacontenttype":"application/json","data":{"deadline":{"kind":"fixed","text":"2018年11月底前完成","due":"2018-12-01T00:00:00+08:00"},"reason":"“12月前”指12月1日以前。"}}
{"specversion":"1.0","id":"refused-07-1","source":"office","type":"duban.extension.refused.v1","subject":"zj-2017-07","time":"2018-06-11T09:00:00+08:00","datacontenttype":"application/json","data":{"request_id":"request-07-1","reason":"距到期尚有半年，请先落实场地。"}}
{"specversion":"1.0","id":"request-07-2","source":"units/disabled-persons-federation","type":"duban.extension.requested.v1","subject":"zj-2017-07","time":"2018-10-08T11:00:00+08:00","datacontenttype":"application/json","data":{"unit":"市残联","reason":"第二个基地的无障碍改造须待雨季后施工。","proposed_due":"2019-02-01T00:00:00+08:00"}}
{"specversion":"1.0","id":"granted-07-2","source":"office","type":"duban.extension.granted.v1","subject":"zj-2017-07","time":"2018-10-12T15:00:00+08:00","datacontenttype":"application/json","data":{"request_id":"request-07-2","due":"2019-01-01T00:00:00+08:00"}}
{"specversion":"1.0","id":"neared:zj-2017-07:2019-01-01T00:00:00+08:00:30","source":"duban/clock","type":"duban.deadline.neared.v1","subject":"zj-2017-07","time":"2018-12-02T00:00:00+08:00","datacontenttype":"application/json","data":{"due":"2019-01-01T00:00:00+08:00","days_left":30}}
{"specversion":"1.0","id":"passed:zj-2017-07:2019-01-01T00:00:00+08:00","source":"duban/clock","type":"duban.deadline.passed.v1","subject":"zj-2017-07","time":"2019-01-01T00:00:00+08:00","datacontenttype":"application/json","data":{"due":"2019-01-01T00:00:00+08:00"}}
{"specversion":"1.0","id":"urged-07-1","source":"office","type":"duban.task.urged.v1","subject":"zj-2017-07","time":"2019-01-04T08:30:00+08:00","datacontenttype":"application/json","data":{"units":["市残联","湛江开发区管委会"],"message":"任务已逾期，请于一周内报送进展和完成时限。"}}
{"specversion":"1.0","id":"submitted-07-1","source":"units/disabled-persons-federation","type":"duban.completion.submitted.v1","subject":"zj-2017-07","time":"2019-01-18T17:40:00+08:00","datacontenttype":"application/json","data":{"unit":"市残联","summary":"两个基地均已建成，共安置残疾人91名。","evidence":[{"name":"验收报告.pdf"}]}}
{"specversion":"1.0","id":"returned-07-1","source":"office","type":"duban.completion.returned.v1","subject":"zj-2017-07","time":"2019-01-22T09:10:00+08:00","datacontenttype":"application/json","data":{"unit":"市残联","reason":"缺第二个基地的无障碍验收材料。"}}
{"specversion":"1.0","id":"closed-07-1","source":"office","type":"duban.task.closed.v1","subject":"zj-2017-07","time":"2019-02-15T10:00:00+08:00","datacontenttype":"application/json","data":{"outcome":"implemented","reason":"材料补齐，予以销号。"}}
{"specversion":"1.0","id":"reopened-07-1","source":"office","type":"duban.task.reopened.v1","subject":"zj-2017-07","time":"2019-03-20T14:00:00+08:00","datacontenttype":"application/json","data":{"reason":"抽查发现第二个基地尚未投入使用。"}}
{"specversion":"1.0","id":"reassigned-07-1","source":"office","type":"duban.task.reassigned.v1","subject":"zj-2017-07","time":"2019-04-01T09:00:00+08:00","datacontenttype":"application/json","data":{"lead":"市人力资源社会保障局","units":[{"name":"市人力资源社会保障局","role":"lead","group":false,"open":false},{"name":"市残联","role":"cooperating","group":false,"open":false},{"name":"各县（市、区）政府","role":"cooperating","group":true,"open":false},{"name":"湛江开发区管委会","role":"cooperating","group":false,"open":false}],"reason":"机构改革，牵头职责划转。"}}
{"specversion":"1.0","id":"acknowledged-07-1","source":"notify/link","type":"duban.alert.acknowledged.v1","subject":"zj-2017-07","time":"2019-04-01T09:00:00+08:00","datacontenttype":"application/json","data":{"alert":"0f8a2c41d97be6335a1c04d2","by":"李明","word":"已联系，周五前报","until":"2019-04-05T18:00:00+08:00"}}
""".splitlines()
)
"""The examples as their sources send them."""

EXAMPLES: dict[str, Event] = {event.type: event for event in map(parse, WIRE)}
"""The examples by type name (`duban.task.assigned.v1`)."""

NEWER: dict[str, Event] = {
    "duban.task.assigned.v2": parse(
        """\
{"specversion":"1.0","id":"assigned-28","source":"office","type":"duban.task.assigned.v2","subject":"zj-2017-28","time":"2017-08-01T09:00:00+08:00","datacontenttype":"application/json","data":{"title":"每月30日前报送残疾人就业情况。","plan":"zj-2017","lead":"市残联","lead_inferred":true,"units":[{"name":"市残联","role":"lead","group":false,"open":false,"person":"张三"}],"deadline":{"kind":"recurring","text":"每月30日前","every":"month","first":"2018-03-01T00:00:00+08:00","day":30},"section":"一、社会保障","leader":"李四"}}""".encode()
    ),
    "duban.deadline.clarified.v2": parse(
        """\
{"specversion":"1.0","id":"clarified-28-1","source":"office","type":"duban.deadline.clarified.v2","subject":"zj-2017-28","time":"2018-02-10T09:30:00+08:00","datacontenttype":"application/json","data":{"deadline":{"kind":"recurring","text":"每月29日前","every":"month","first":"2018-03-01T00:00:00+08:00","day":29},"reason":"每月29日前报送。"}}""".encode()
    ),
}
"""Examples of what only a second version can say, by type name."""

OPERATIONS_WIRE: tuple[bytes, ...] = tuple(
    line.encode()
    for line in """\
{"specversion":"1.0","id":"op-01","source":"ingest","type":"duban.ops.key.made.v1","subject":"zhanjiang","time":"2026-11-02T00:00:00Z","datacontenttype":"application/json","data":{"origin":"0f8a2c41d97be633.duban.invalid/zhanjiang","key":"1f2e3d4c","replaces":"5b6a7988"}}
{"specversion":"1.0","id":"op-02","source":"ingest","type":"duban.ops.rules.changed.v1","subject":"zhanjiang","time":"2026-11-02T00:00:01Z","datacontenttype":"application/json","data":{"version":"1","sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","before":"0b822cd15d6c15b0f00a089f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b","changed":["units"]}}
{"specversion":"1.0","id":"op-03","source":"commands","type":"duban.ops.token.made.v1","subject":"zhanjiang","time":"2026-11-02T00:00:02Z","datacontenttype":"application/json","data":{"source":"board","token":"0f8a2c41d97be633","by":"王芳","expires":"2027-06-30T16:00:00Z"}}
{"specversion":"1.0","id":"op-04","source":"status","type":"duban.ops.link.made.v1","subject":"zhanjiang","time":"2026-11-02T00:00:03Z","datacontenttype":"application/json","data":{"source":"board","token":"0f8a2c41d97be633","days":90}}
{"specversion":"1.0","id":"op-05","source":"status","type":"duban.ops.session.started.v1","subject":"zhanjiang","time":"2026-11-02T00:00:04Z","datacontenttype":"application/json","data":{"source":"board","session":"5a1c04d20f8a2c41","token":"0f8a2c41d97be633","means":"link","days":90}}
{"specversion":"1.0","id":"op-06","source":"status","type":"duban.ops.session.failed.v1","subject":"zhanjiang","time":"2026-11-02T00:01:00Z","datacontenttype":"application/json","data":{"count":12,"networks":1,"since":"2026-11-02T00:00:05Z","until":"2026-11-02T00:00:58Z"}}
{"specversion":"1.0","id":"op-07","source":"audit","type":"duban.ops.export.made.v1","subject":"zhanjiang","time":"2026-11-02T00:01:01Z","datacontenttype":"application/json","data":{"by":"audit@server-1","what":"ledger","format":"bagit","position":240}}
{"specversion":"1.0","id":"op-08","source":"commands","type":"duban.ops.token.revoked.v1","subject":"zhanjiang","time":"2026-11-02T00:01:02Z","datacontenttype":"application/json","data":{"source":"board","token":"0f8a2c41d97be633","by":"王芳"}}
{"specversion":"1.0","id":"op-09","source":"commands","type":"duban.ops.rows.rebuilt.v1","subject":"zhanjiang","time":"2026-11-02T00:01:03Z","datacontenttype":"application/json","data":{"by":"王芳","models":["ingest","status"],"differing":0}}
{"specversion":"1.0","id":"op-10","source":"commands","type":"duban.ops.loss.accepted.v1","subject":"zhanjiang","time":"2026-11-02T00:01:04Z","datacontenttype":"application/json","data":{"by":"王芳","first":238,"last":240}}
{"specversion":"1.0","id":"op-11","source":"commands","type":"duban.ops.log.restored.v1","subject":"zhanjiang","time":"2026-11-02T00:01:05Z","datacontenttype":"application/json","data":{"by":"王芳","first":238,"last":240,"count":3}}
{"specversion":"1.0","id":"op-12","source":"commands","type":"duban.ops.log.trimmed.v1","subject":"zhanjiang","time":"2026-11-02T00:01:06Z","datacontenttype":"application/json","data":{"by":"王芳","first":1,"last":100,"count":100}}
{"specversion":"1.0","id":"op-13","source":"ingest","type":"duban.ops.log.ended.v1","subject":"zhanjiang","time":"2026-11-02T00:01:07Z","datacontenttype":"application/json","data":{"origin":"0f8a2c41d97be633.duban.invalid/zhanjiang","size":240,"root":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08","continued":0}}
{"specversion":"1.0","id":"op-14","source":"commands","type":"duban.ops.clock.accepted.v1","subject":"zhanjiang","time":"2026-11-02T00:01:08Z","datacontenttype":"application/json","data":{"by":"王芳","reading":"2026-11-02T00:01:08Z","expected":"2026-11-01T22:01:08Z"}}
{"specversion":"1.0","id":"op-15","source":"status","type":"duban.ops.session.ended.v1","subject":"zhanjiang","time":"2026-11-02T00:01:09Z","datacontenttype":"application/json","data":{"source":"board","session":"5a1c04d20f8a2c41","by":"board"}}
{"specversion":"1.0","id":"op-16","source":"commands","type":"duban.ops.record.trimmed.v1","subject":"zhanjiang","time":"2026-11-02T00:01:10Z","datacontenttype":"application/json","data":{"by":"王芳","first":1,"last":2048,"count":2048}}
""".splitlines()
)
"""What the parts of duban submit to the ledger `ops`: one canonical example per type."""

OPERATION_EXAMPLES: dict[str, Event] = {event.type: event for event in map(parse, OPERATIONS_WIRE)}
"""Those examples by type name."""

RECORDED = "2019-04-01T01:00:00Z"
"""When the ledger records what `store` makes."""


def assigned(
    task: str = TASK,
    *,
    id: str | None = None,
    lead: str = LEAD,
    others: tuple[str, ...] = (),
    deadline: Deadline | None = None,
    **changes: object,
) -> Event:
    """Return the canonical assignment for another task, lead, cooperating units or deadline."""
    example = EXAMPLES["duban.task.assigned.v1"]
    assert isinstance(example.data, TaskAssigned)
    data = msgspec.structs.replace(
        example.data,
        lead=lead,
        units=(Unit(lead, "lead"), *(Unit(name) for name in others)),
        deadline=deadline or Fixed("2018年12月底前完成", due=example.time.replace(year=2019, month=1, day=1, hour=0)),
    )
    return msgspec.structs.replace(example, id=id or f"assigned-{task}", subject=task, data=data, **changes)


def reported(
    task: str = TASK,
    number: int = 1,
    *,
    unit: str = LEAD,
    percent: float | None = 50,
    **changes: object,
) -> Event:
    """Return a unit's report on a task; `number` tells its reports apart."""
    example = EXAMPLES["duban.progress.reported.v1"]
    data = ProgressReported(unit, "廉江市就业基地已挂牌。", percent)
    return msgspec.structs.replace(example, id=f"report-{task}-{unit}-{number}", subject=task, data=data, **changes)


def seal(raw: bytes, recorded: str, authid: str) -> bytes:
    """Return the bytes that are stored for those of a source, as ingest/draft.py makes them."""
    return raw[: raw.rindex(b"}")] + additions(recorded, authid)


def store(event: Event, recorded: str = RECORDED) -> bytes:
    """Return the bytes the log keeps of an event."""
    return seal(encode(event), recorded, event.source.partition("/")[0])
