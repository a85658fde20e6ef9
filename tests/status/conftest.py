import shutil
from pathlib import Path
from typing import Any

import pytest

from services.common.settings import shipped
from tests.status.desk import LEDGER, History, House


@pytest.fixture
def history(redis: Any) -> History:
    """Return the ledger's log, which is empty."""
    return History(redis)


@pytest.fixture
def house(redis: Any, server_url: str, tmp_path: Path) -> House:
    """Return a place to run status in, with the shipped ledger."""
    shutil.copy(shipped(f"{LEDGER}.toml"), tmp_path)
    return House(server_url, tmp_path)
