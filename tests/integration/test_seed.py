"""The real table, from its text to rows and deadlines that pass."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from events.log import Log
from events.schema import DeadlinePassed
from services.common.settings import shipped
from tests.deployment import LEDGER, Deployment, reading
from tests.integration.waiting import settled

TABLE = "zhanjiang-2017-key-tasks.txt"

YEAR_2017, YEAR_2018, YEAR_2020 = "2018-01-01T00:00:00+08:00", "2019-01-01T00:00:00+08:00", "2021-01-01T00:00:00+08:00"

PASSED = {
    "03": YEAR_2018,
    "07": YEAR_2018,
    "08": YEAR_2020,
    "09": YEAR_2018,
    "10": YEAR_2017,
    "11": YEAR_2018,
    "12": YEAR_2018,
    "14": YEAR_2017,
    "17": YEAR_2017,
    "19": YEAR_2017,
    "22": YEAR_2017,
    "23": YEAR_2018,
}
"""Due instants by row, as the table's phrases are to be read; row 7's has two readings and passes on the later one."""


async def test_with_no_progress_the_tables_deadlines_pass_once_each_at_their_instants(
    tmp_path: Path, server_url: str, redis: Any
) -> None:
    """Also where ingest was down over all of them: 12 pass, none earlier or twice, and the board shows them red."""
    issued, years_later = tmp_path / "issued", tmp_path / "later"
    issued.mkdir()
    years_later.mkdir()
    async with Deployment(issued, server_url, clock="2017-08-01T09:00:00+08:00").running("ingest") as deployment:
        table = str(shipped(TABLE))
        done = deployment.command("import", table, "--plan", "zj-2017", "--issued", "2017-08-01")
        assert (done.returncode, done.stdout) == (0, "accepted 27, duplicate 0, refused 0\n")
        again = deployment.command("import", table, "--plan", "zj-2017", "--issued", "2017-08-01")
        assert (again.returncode, again.stdout) == (0, "accepted 0, duplicate 27, refused 0\n")
    async with Deployment(years_later, server_url, clock="2021-01-02T00:00:00+08:00").running() as deployment:
        position = await settled(deployment)
        passed = [
            (entry.event.subject, entry.event.data.due.isoformat())
            async for batch in Log(redis, LEDGER).scan()
            for entry in batch
            if isinstance(entry.event.data, DeadlinePassed)
        ]
        assert sorted(passed) == [(f"zj-2017-{row}", due) for row, due in sorted(PASSED.items())]
        async with reading(deployment) as http:
            overview = (await http.get(deployment.address("status", "overview"))).json()
            rows = (await http.get(deployment.address("status", "tasks"))).json()["items"]
            alerts = await http.get(deployment.address("notify", "alerts"), params={"on": "passed", "limit": 1000})
        assert (overview["tasks"], overview["obligations"], overview["overdue"]) == (27, 288, 12)
        assert {row["task"][-2:]: row["overdue_since"] for row in rows if row["light"] == "red"} == PASSED
        kinds = Counter(row["deadline"]["kind"] for row in rows)
        assert kinds == {"ongoing": 14, "triggered": 1, "fixed": 11, "ambiguous": 1}
        told = {(alert["task"], alert["recipient"]) for alert in alerts.json()["items"]}
        units = {(row["task"], unit["unit"]) for row in rows if row["light"] == "red" for unit in row["units"]}
        assert told == units | {(row["task"], "市政府督查室") for row in rows if row["light"] == "red"}
        verified = deployment.command("audit", "verify", "--json")
        found = json.loads(verified.stdout)
        assert (found["position"], found["findings"]) == (position, [])
        assert verified.returncode == 0
