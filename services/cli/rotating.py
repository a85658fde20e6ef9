"""The commands `duban archive new-key` and `retire-key`: rotation of the keys that sign a ledger's archives."""

from typing import Annotated

import typer

from events.seal.errors import ArchiveError, FormatError, SigningError
from events.seal.keys import SM2_SM3
from events.seal.signers import KEY_TYPES
from services.cli.options import DataOption, LedgerOption, err, out
from services.cli.sealed_places import place_in
from services.cli.target import LEDGER
from services.common.settings import SettingsError
from services.ingest.sealing.places import STREAMS
from services.ingest.sealing.signing import add_keys, retire_keys

_RESTART = "restart ingest, and give auditors and witnesses the new policy (`duban audit key`)"


def new_key(
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
    sm2: Annotated[bool, typer.Option("--sm2", help="Only a key of SM2/SM3, which signs another line")] = False,
) -> None:
    """Make new keys for a ledger's archives, which sign beside the present ones. For the machine that has the keys."""
    for stream in STREAMS:
        try:
            new = add_keys(place_in(data, ledger, stream).key, (SM2_SM3,) if sm2 else KEY_TYPES)
        except (ArchiveError, FormatError, SigningError, FileNotFoundError) as error:
            raise SettingsError(str(error)) from error
        for key in new:
            out.print(f"{stream}: new key {key.name}+{key.key_id.hex()}", soft_wrap=True)
    err.print(f"copy the keys to their offline place, {_RESTART}")


def retire_key(
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="Key ids: 8 hexadecimal digits")],
    data: DataOption = None,
    ledger: LedgerOption = LEDGER,
) -> None:
    """Let keys sign no more, and delete them; auditors still verify what they have signed."""
    gone = 0
    for stream in STREAMS:
        try:
            keys = retire_keys(place_in(data, ledger, stream).key, set(ids))
        except (ArchiveError, FormatError, SigningError, FileNotFoundError) as error:
            raise SettingsError(str(error)) from error
        gone += len(keys)
        for key in keys:
            out.print(f"{stream}: retired {key.name}+{key.key_id.hex()}", soft_wrap=True)
    if not gone:
        raise SettingsError(f"no key of {ledger} that signs has the id {', '.join(ids)}; `duban audit key` prints them")
    err.print(_RESTART)
