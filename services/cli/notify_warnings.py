"""What notify warns of, such as recipients that have no channel."""

import httpx

from services.cli.target import Target


async def notify_warnings(target: Target, ledger: str) -> list[str]:
    """Return the warnings of notify about a ledger; where it does not answer, that."""
    url = target.urls["notify"]
    try:
        async with httpx.AsyncClient(timeout=5) as http:
            answer = await http.get(f"{url}/health/ready")
            warnings = answer.json().get("warnings", ()) if answer.is_success else ()
    except httpx.HTTPError as error:
        return [f"notify: {url} does not answer, so that nobody is alerted: {error}"]
    return [warning for warning in warnings if warning.startswith(f"{ledger}: ")]
