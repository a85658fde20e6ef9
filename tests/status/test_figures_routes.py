"""Units, overview and calendar over HTTP, of the present and of the past, and the exports of each answer."""

from typing import Any

import pytest

from services.status.export.formats import MEDIA_TYPES
from tests.status.export.reading import csv_rows, document, texts, values, workbook
from tests.status.status_client import LEDGER, STILL, History, StatusService, batch, problem

CSV = MEDIA_TYPES["csv"]

LEAD = "市人力资源社会保障局"
"""The lead of the examples' task at the end."""


async def test_the_units_of_a_ledger(service: StatusService, history: History) -> None:
    """/units has each unit that has a task, once, with its figures and the position, in the order that is asked for."""
    await history.append_examples()
    await history.append(*batch(range(3)), *batch(range(1), 1))
    async with service.running(STILL) as client:
        answer = await client.get("units", sort="-led")
        found = answer.json()
        assert (len(found["items"]), found["total"], found["next"]) == (12, 12, None)
        assert answer.headers["duban-position"] == "20"
        assert found["items"][0] == {
            "unit": "市残联",
            "led": 3,
            "joined": 1,
            "open": 4,
            "closed": 0,
            "overdue": 1,
            "due_soon": 0,
            "on_time": 0,
            "counted": 0,
            "on_time_rate": None,
            "mean_days_late": None,
            "last_report_at": "2019-01-18T17:40:00+08:00",
            "position": 20,
        }
        late = next(one for one in found["items"] if one["unit"] == LEAD)
        assert (late["counted"], late["on_time"], late["mean_days_late"]) == (1, 0, 91.0)
        by_name = (await client.get("units")).json()["items"]
        assert [one["unit"] for one in by_name] == sorted(one["unit"] for one in by_name)


async def test_a_unit_by_any_of_its_names(service: StatusService, history: History) -> None:
    """/units/{name} is that unit's row; a unit without a task has zeros; what is no unit is not found."""
    await history.append_examples()
    async with service.running(STILL) as client:
        rows = {one["unit"]: one for one in (await client.get("units")).json()["items"]}
        for name in (LEAD, "市人社局", f" {LEAD} "):
            assert (await client.get(f"units/{name}")).json() == rows[LEAD]
        idle = (await client.get("units/市体育局")).json()
        assert (idle["unit"], idle["led"], idle["joined"], idle["counted"]) == ("市体育局", 0, 0, 0)
        answer = await client.get("units/市气象局")
        assert "no unit is called '市气象局'; GET /v1/zhanjiang/units lists" in problem(answer, 404)
        assert answer.headers["duban-position"] == "16"
        assert "is a group of 赤坎区、霞山区" in problem(await client.get("units/各县（市、区）政府"), 404)


async def test_figures_of_any_past_position_and_instant(service: StatusService, history: History) -> None:
    """`as_of` gives the figures of that board, at that instant."""
    await history.append_examples()
    async with service.running(STILL) as client:
        on_time = [(await client.get("units/市残联", as_of=position)).json() for position in (9, 10, 12, 14, 15)]
        assert [(one["counted"], one["mean_days_late"]) for one in on_time] == [
            (0, None),
            (1, 1.0),
            (1, 18.0),
            (1, 46.0),
            (1, 79.0),
        ]
        assert [one["position"] for one in on_time] == [9, 10, 12, 14, 15]
        later = (await client.get("units/市残联", as_of="2019-01-11T00:00:00+08:00")).json()
        assert (later["position"], later["mean_days_late"]) == (11, 11.0)
        overview = (await client.get("overview", as_of="2019-01-11T00:00:00+08:00")).json()
        assert (overview["at"], overview["overdue"], overview["position"]) == ("2019-01-11T00:00:00+08:00", 1, 11)
        assert overview["months"][0] == {"month": "2019-01", "due": 0, "closed": 0, "overdue": 0}
        assert overview["earlier"] == {"due": 1, "closed": 0, "overdue": 1}
        assert overview["week"]["newly_overdue"] == 0
        empty = (await client.get("units", as_of=0)).json()
        assert empty == {"items": [], "next": None, "total": 0}


async def test_the_calendar(service: StatusService, history: History) -> None:
    """/calendar has the days with deadlines between two days, both included."""
    await history.append_examples()
    async with service.running(STILL) as client:
        answer = await client.get("calendar", **{"from": "2018-12-31", "to": "2018-12-31"})
        assert answer.json() == {
            "items": [{"day": "2018-12-31", "due": 1, "closed": 0, "overdue": 1}],
            "next": None,
            "total": 1,
            "position": 16,
        }
        past = await client.get("calendar", **{"from": "2018-01-01", "to": "2018-12-30", "as_of": 7})
        assert [one["day"] for one in past.json()["items"]] == ["2018-11-30"]
        for wrong in ({"from": "2018-12-31", "to": "2018-12-30"}, {"from": "2000-01-01", "to": "2018-12-30"}):
            assert "must be at or after" in problem(await client.get("calendar", **wrong), 400)
        assert problem(await client.get("calendar"), 400)
        assert problem(await client.get("calendar", **{"from": "soon", "to": "2018-12-30"}), 400)


DISTANT = ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00%2B08:00", "3000-01-01T00:00:00Z", "1949-12-31T23:59:59Z")

MOMENTS = (
    *("overview?as_of=", "overview?compare=", "overview?format=docx&as_of=", "units?as_of=", "units/市残联?as_of="),
    *("tasks?as_of=", "tasks?compare=", "tasks?format=csv&as_of=", "tasks?due_before=", "tasks?due_after="),
    *("tasks/t-1?as_of=", "tasks/t-1/events?as_of=", "calendar?from=2018-01-01&to=2018-12-31&as_of="),
)


@pytest.mark.parametrize("instant", DISTANT)
async def test_no_event_is_of_a_distant_year(service: StatusService, history: History, instant: str) -> None:
    """400 names the years for an instant that no event can have, whatever it is asked for."""
    await history.append_examples()
    async with service.running(STILL) as client:
        for path in MOMENTS:
            answer = await client.http.get(f"{path}{instant}")
            assert "is not of the years 1950 to 2999 (UTC)" in problem(answer, 400), path


async def test_the_first_and_last_instant_of_events(service: StatusService, history: History) -> None:
    """The board is shown at any instant that an event can have; a calendar has any days at all."""
    await history.append_examples()
    async with service.running(STILL) as client:
        for instant in ("1950-01-01T00:00:00Z", "2999-12-31T23:59:59.999999Z", "2999-12-31T23:59:59-00:00"):
            for path in MOMENTS:
                if "t-1" not in path:
                    assert (await client.http.get(f"{path}{instant}")).status_code == 200, path
        for day in ("0001-01-01", "9999-12-31"):
            assert (await client.get("calendar", **{"from": day, "to": day})).json()["items"] == []
        assert problem(await client.get("calendar", **{"from": "0001-01-01", "to": "9999-12-31"}), 400)


async def test_figures_follow_the_log(service: StatusService, history: History) -> None:
    """The figures of a running service are those of the log, after each event and after a restart."""
    tail = await history.append_examples()
    for _ in range(2):
        async with service.running(STILL) as client:
            for number in range(tail, tail + 3):
                tail = await history.append(*batch(range(number, number + 1)))
                await client.until(tail)
                live = (await client.get("units")).json()
                past = (await client.get("units", as_of=tail)).json()
                assert live == past
                assert (await client.get("overview")).json()["tasks"] == tail - 15


async def test_an_export_by_media_type_or_format(service: StatusService, history: History) -> None:
    """`Accept` or `format` chooses the form; each is a file with a name, at a position."""
    await history.append_examples()
    async with service.running(STILL) as client:
        for format, media_type in MEDIA_TYPES.items():
            by_format = await client.get("tasks", format=format)
            by_accept = await client.http.get("tasks", headers={"Accept": media_type})
            for answer in (by_format, by_accept):
                assert answer.status_code == 200
                assert answer.headers["content-type"].partition(";")[0] == media_type
                assert answer.headers["duban-position"] == "16"
        answer = await client.get("tasks", format="xlsx")
        assert answer.headers["content-disposition"] == (
            'attachment; filename="duban-register-2019-04-01.xlsx"; '
            "filename*=UTF-8''%E7%9D%A3%E6%9F%A5%E5%8F%B0%E8%B4%A6-2019-04-01.xlsx"
        )
        browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
        for accept in (browser, "*/*", "application/json, text/csv;q=0.5", "image/png"):
            answer = await client.http.get("tasks", headers={"Accept": accept})
            assert answer.headers["content-type"] == "application/json"
        assert problem(await client.get("tasks", format="pdf"), 400)
        assert problem(await client.get("tasks", format="csv", lang="fr"), 400)


async def test_an_export_has_all_rows_that_match(service: StatusService, history: History) -> None:
    """Filters, order and `as_of` hold for an export; the size of a page does not."""
    await history.append(*batch(range(5)))
    await history.append(*batch(range(2), 1))
    async with service.running(STILL) as client:

        async def ids(**query: Any) -> list[str]:
            headings, *rows = csv_rows((await client.get("tasks", format="csv", limit=1, **query)).content)
            return [row[headings.index("任务编号")] for row in rows]

        assert await ids(sort="-position") == ["t-0001", "t-0000", "t-0004", "t-0003", "t-0002"]
        assert await ids(state="in-progress", sort="task") == ["t-0000", "t-0001"]
        assert await ids(state="in-progress", as_of=6) == ["t-0000"]
        headings = csv_rows((await client.get("tasks", format="csv", lang="en")).content)[0]
        assert headings[:2] == ["No.", "Task"]
        assert problem(await client.get("tasks", format="csv", light="pink"), 400)


async def test_what_changed_is_exported(service: StatusService, history: History) -> None:
    """With `compare`, each row tells what changed since, with the values before and after; filters hold."""
    await history.append_examples()
    async with service.running(STILL) as client:
        answer = await client.get("tasks", format="csv", as_of=14, compare=1)
        headings, row = csv_rows(answer.content)
        assert headings[:3] == ["序号", "工作任务", "变化"]
        assert row[2] == "销号；灯：正常改为办结；进展：未填报改为45.5%；时限：2018年12月前完成改为2018年11月底前完成"
        assert "%E4%BB%BB%E5%8A%A1%E5%8F%98%E5%8C%96%E6%83%85%E5%86%B5-2019-" in answer.headers["content-disposition"]
        english = csv_rows((await client.get("tasks", format="csv", as_of=14, compare=1, lang="en")).content)
        assert "progress: not reported → 45.5%" in english[1][2]
        assert len(csv_rows((await client.get("tasks", format="csv", compare=1, as_of=2, changed="new")).content)) == 1
        absent = csv_rows((await client.get("tasks", format="csv", compare=14, as_of=0, changed="absent")).content)
        assert absent[1][2] == "已不在台账中"
        (table,) = document((await client.get("tasks", format="docx", as_of=14, compare=1)).content).tables
        assert [cell.text for cell in table.rows[0].cells][2] == "变化"
        assert workbook((await client.get("tasks", format="xlsx", compare=1)).content).sheetnames == ["任务变化情况"]


async def test_units_and_overview_are_exported_too(service: StatusService, history: History) -> None:
    """Units as tables and as a document; the overview as tables, and as the draft of a notice."""
    await history.append_examples()
    async with service.running(STILL) as client:
        headings, *rows = csv_rows((await client.get("units", format="csv", sort="-led")).content)
        assert (headings[0], rows[0][0], len(rows)) == ("责任单位", LEAD, 12)
        (table,) = document((await client.get("units", format="docx")).content).tables
        assert len(table.rows) == 13
        figures, units = workbook((await client.get("overview", format="xlsx")).content).worksheets
        assert ["台账", "工作任务", 1] in values(figures)
        assert len(values(units)) == 13
        answer = await client.get("overview", format="docx", as_of=11)
        assert "%E7%9D%A3%E6%9F%A5%E9%80%9A%E6%8A%A5-2019-01-04.docx" in answer.headers["content-disposition"]
        notice = texts(document(answer.content))
        assert notice[:2] == ["关于湛江市残疾人工作重点任务\n进展情况的督查通报", "（代拟稿，数据截至2019年1月4日）"]
        english = texts(document((await client.get("overview", format="docx", lang="en")).content))
        assert english[1] == "(Draft; figures as of 1 April 2019)"


async def test_an_overview_compared_with_another_moment(service: StatusService, history: History) -> None:
    """`compare` adds the figures of the other moment, and how many tasks have each change between the two."""
    await history.append_examples()
    async with service.running(STILL) as client:
        shown = (await client.get("overview", as_of=14)).json()
        compared = (await client.get("overview", as_of=14, compare=9)).json()
        assert {name: compared[name] for name in shown} == shown
        assert compared["before"] == (await client.get("overview", as_of=9)).json()
        assert compared["changes"] == {
            "new": 0,
            "closed": 1,
            "newly-overdue": 0,
            "light": 1,
            "percent": 0,
            "deadline": 0,
            "units": 0,
            "absent": 0,
        }
        live = (await client.get("overview", compare=9)).json()
        assert (live["position"], live["before"]["position"], live["changes"]["units"]) == (16, 9, 1)
        assert "compare 'x' is not a position" in problem(await client.get("overview", compare="x"), 400)
        assert "figures compared are JSON only" in problem(await client.get("overview", compare=9, format="csv"), 400)


async def test_an_overview_has_the_days_with_events(service: StatusService, history: History) -> None:
    """The days of the ledger's zone, with the number of events of each, up to the day that is shown."""
    await history.append_examples()
    async with service.running(STILL) as client:
        days = (await client.get("overview")).json()["days"]
        assert len(days) == 16
        assert days[0] == {"day": "2017-08-01", "events": 1}
        past = (await client.get("overview", as_of="2018-12-31T00:00:00+08:00")).json()["days"]
        assert past == days[:9]
        tail = await history.append(*batch(range(3)))
        await client.until(tail)
        assert (await client.get("overview")).json()["days"] == [*days[:-1], {"day": "2019-04-01", "events": 4}]


async def test_a_past_overview_counts_no_later_event_of_its_day(service: StatusService, history: History) -> None:
    """It is the same for ever, as its entity tag says; so is what it is compared with."""
    await history.append(*batch(range(3)))
    path = "overview?as_of=2&compare=1"
    async with service.running(STILL) as client:
        answer = await client.http.get(path)
        assert answer.json()["days"] == [{"day": "2019-04-01", "events": 2}]
        assert answer.json()["before"]["days"] == [{"day": "2019-04-01", "events": 1}]
        assert (await client.get("overview", as_of=0)).json()["days"] == []
        await client.until(await history.append(*batch(range(3), 1)))
        again = await client.http.get(path)
        assert (again.content, again.headers["etag"]) == (answer.content, answer.headers["etag"])
        assert (await client.get("overview")).json()["days"] == [{"day": "2019-04-01", "events": 6}]


async def test_a_client_that_has_the_figures_gets_them_once(service: StatusService, history: History) -> None:
    """The entity tag of units, calendar and past overviews stays while they do, and changes with them."""
    tail = await history.append_examples()
    paths = ("units", "units/市残联", "calendar?from=2018-01-01&to=2018-12-31", "overview?as_of=9", "units?as_of=9")
    async with service.running(STILL) as client:
        tags = {path: (await client.http.get(path)).headers["etag"] for path in paths}
        for path, tag in tags.items():
            answer = await client.http.get(path, headers={"If-None-Match": tag})
            assert (answer.status_code, answer.content) == (304, b"")
        await history.append(*batch(range(1)))
        await client.until(tail + 1)
        for path, tag in tags.items():
            answer = await client.http.get(path, headers={"If-None-Match": tag})
            assert answer.status_code == (304 if "as_of" in path else 200)


async def test_an_export_has_an_entity_tag(service: StatusService, history: History) -> None:
    """A client that has the file gets 304; another form, language or position has another tag."""
    tail = await history.append_examples()
    async with service.running(STILL) as client:
        for path in ("tasks", "units", "overview"):
            tags = [
                (await client.get(path, as_of=9, **form)).headers["etag"]
                for form in ({"format": "csv"}, {"format": "csv", "lang": "en"}, {"format": "docx"}, {})
            ]
            assert len(set(tags)) == 4
            assert tags[0].startswith('W/"')
            query: dict[str, Any] = {"as_of": 9, "format": "csv"}
            known = {"If-None-Match": tags[0]}
            answer = await client.http.get(path, params=query, headers=known)
            assert (answer.status_code, answer.content) == (304, b"")
            answer = await client.http.get(path, params={"as_of": 9}, headers={**known, "Accept": CSV})
            assert answer.status_code == 200
        tag = (await client.get("tasks", format="csv")).headers["etag"]
        await history.append(*batch(range(1)))
        await client.until(tail + 1)
        answer = await client.http.get("tasks", params={"format": "csv"}, headers={"If-None-Match": tag})
        assert answer.status_code == 200


async def test_the_ledgers_own_words_are_part_of_an_entity_tag(service: StatusService, history: History) -> None:
    """Past figures and exports have them, so a client gets others after they were changed; and only then."""
    await history.append_examples()
    paths = (
        "overview?as_of=9",
        "overview?as_of=9&format=docx",
        "tasks?as_of=9&format=csv",
        "units?as_of=9&format=xlsx",
    )
    found = []
    for more in ("", '[light_names.red]\nword = "超期"', ""):
        with (service.ledgers / f"{LEDGER}.toml").open("a", encoding="utf-8") as file:
            file.write(f"\n{more}")
        async with service.running(STILL) as client:
            found.append([(await client.http.get(path)).headers["etag"] for path in paths])
    assert found[1] == found[2]
    assert not set(found[0]) & set(found[1])


@pytest.mark.parametrize("path", ["units", "units/市残联", "overview", "calendar?from=2018-01-01&to=2018-12-31"])
async def test_every_figure_names_its_position(service: StatusService, history: History, path: str) -> None:
    """Duban-Position is on every answer, and in it; another ledger is a problem."""
    await history.append_examples()
    async with service.running(STILL) as client:
        answer = await client.http.get(path)
        assert (answer.status_code, answer.headers["duban-position"]) == (200, "16")
        if path != "units":
            assert answer.json()["position"] == 16
        assert "'elsewhere'" in problem(await client.http.get(f"../elsewhere/{path}"), 404)
        wrong = f"{path}{'&' if '?' in path else '?'}as_of=yesterday"
        assert "as_of 'yesterday' is not a position" in problem(await client.http.get(wrong), 400)


async def test_lights_by_the_names_of_the_ledger(service: StatusService, history: History) -> None:
    """Overview tells the ledger's own words and colours of lights, and exports have the words."""
    await history.append_examples()
    with (service.ledgers / f"{LEDGER}.toml").open("a", encoding="utf-8") as file:
        file.write('\n[light_names.red]\nword = "超期"\nword_en = "Late"\n')
    async with service.running(STILL) as client:
        names = (await client.get("overview")).json()["light_names"]
        assert names == {"red": {"word": "超期", "word_en": "Late", "colours": None}}
        headings, *rows = csv_rows((await client.get("tasks", format="csv")).content)
        assert {row[headings.index("灯")] for row in rows} == {"▲ 超期"}
