"""A dashboard: a snapshot, then changes, through whatever happens to status."""

import asyncio

from services.common.clock import sleep
from tests.deployment import Deployment, reading
from tests.integration.dashboard import Dashboard, rows
from tests.integration.publishers import TASKS, assignments, over_http, reports
from tests.integration.waiting import settled
from tests.patience import PATIENCE

REPORTS = 3_000


async def test_a_dashboard_that_lives_through_restarts_ends_with_the_rows_of_tasks(deployment: Deployment) -> None:
    """A snapshot and the changes that follow it miss nothing, also where status is killed and started in between."""
    await over_http(deployment, "office", assignments())
    await settled(deployment)
    dashboard = Dashboard(deployment)
    following = asyncio.create_task(dashboard.follow())
    publishing = asyncio.create_task(over_http(deployment, "units", reports(0, REPORTS)))
    for life in (1, 2):
        async with asyncio.timeout(PATIENCE):
            while dashboard.connections < life:
                await sleep(0.05)
        await sleep(0.3)
        deployment.kill("status")
        await sleep(0.3)
        deployment.start("status")
        await deployment.ready("status")
    await publishing
    position = await settled(deployment)
    async with reading(deployment) as http:
        _, expected = await rows(http, deployment)
        async with asyncio.timeout(PATIENCE):
            while dashboard.position < position:
                await sleep(0.05)
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    assert len(expected) == TASKS
    assert dashboard.rows == expected
    assert dashboard.connections >= 3
