import shutil
from pathlib import Path
from typing import Any

import pytest

from services.common.settings import shipped
from tests.status.status_client import LEDGER, History, StatusService


@pytest.fixture
def history(redis: Any) -> History:
    """Return the ledger's log, which is empty."""
    return History(redis)


@pytest.fixture
def service(redis: Any, server_url: str, tmp_path: Path) -> StatusService:
    """Return a status service that can be run, with the shipped ledger."""
    shutil.copy(shipped(f"{LEDGER}.toml"), tmp_path)
    return StatusService(server_url, tmp_path)
