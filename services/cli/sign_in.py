"""Sign-in links: a page's address with a one-time code in its fragment, which no server and no log gets."""

import sys
from collections.abc import Mapping

import httpx

from events.ledger import Ledger
from services.cli.client import Client
from services.cli.options import err, out
from services.cli.service_error import ServiceError
from services.cli.target import READER, Target
from services.common.settings import SettingsError


async def sign_in_link(target: Target, ledger: str, source: str | None = None, days: int | None = None) -> str:
    """Return a link that signs a browser in, once, as the source; by default as DUBAN_TOKEN's, else as `board`."""
    if source is None and target.token is None:
        source = READER  # never another one's rights by default
    async with Client(target, ledger, source) as client:
        return f"{target.page(ledger)}#code={await client.sign_in_code(days)}"


async def print_links(target: Target, ledgers: Mapping[str, Ledger]) -> None:
    """Print a link per ledger if standard output is a terminal: in a file or a log it would be a secret at rest.

    A ledger without a source of the role dashboard has none.
    """
    if not sys.stdout.isatty():
        return
    for name, ledger in ledgers.items():
        source = _dashboard(ledger)
        if source is None:
            continue
        try:
            link = await sign_in_link(target, name, source)
        except (ServiceError, SettingsError, httpx.HTTPError) as error:
            err.print(f"no sign-in link for {name}: {error}; `duban open` makes one", style="yellow", soft_wrap=True)
        else:
            out.print(f"{ledger.title}: {link}", soft_wrap=True)
            out.print("It signs one browser in, within five minutes; `duban open` prints another.")


def _dashboard(ledger: Ledger) -> str | None:
    """Return `board` or another source that only reads for a screen, None if there is none."""
    names = [name for name, source in ledger.sources.items() if source.role == "dashboard"]
    return READER if READER in names else next(iter(names), None)
