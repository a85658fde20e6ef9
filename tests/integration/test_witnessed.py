"""Real processes: ingest's checkpoints are cosigned by a running `duban witness`, which goes away and comes back."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from events.envelope import encode
from services.common.clock import sleep
from tests.cli.terminal import run
from tests.deployment import Deployment
from tests.examples import assigned
from tests.ingest.sealed import place
from tests.integration.publishers import assignments, over_http
from tests.integration.test_sealing import checked, grown, published, sealing
from tests.patience import PATIENCE
from tests.ports import free_ports


class WitnessProcess:
    """`duban witness`, which can be stopped and started again with the same key and state."""

    def __init__(self, home: Path) -> None:
        self.home, self.port = home, free_ports(1)
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def lines(self) -> list[str]:
        """Return its lines for policies."""
        words = "witness", "key", "--data", str(self.home), "--name", "w.example/1", "--url", self.url
        return run(*words).stdout.splitlines()

    def start(self, policy: Path) -> None:
        """Start it as a witness of a policy's logs."""
        words = "--data", str(self.home), "--policy", str(policy), "--listen", f"127.0.0.1:{self.port}"
        command = [sys.executable, "-m", "services.cli", "witness", *words]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait()
            self._process = None


async def test_ingest_waits_for_its_witness(redis: Any, server_url: str, tmp_path: Path) -> None:
    """Acknowledging does not; readiness says what is missing; later everything is published and cosigned."""
    deployment, witness = sealing(tmp_path, "first", server_url), WitnessProcess(tmp_path / "witness")
    own, logs = tmp_path / "witnesses.policy", tmp_path / "logs.policy"
    own.write_text("\n".join([*witness.lines(), "quorum w.example/1", ""]), encoding="utf-8")
    async with deployment.running("ingest"):  # makes the keys, of which the witness is told
        await over_http(deployment, "office", assignments())
        await grown(tmp_path, 0)
    logs.write_text(run("audit", "key", environment={"DUBAN_KEYS": str(tmp_path / "keys")}).stdout, encoding="utf-8")
    deployment.environment |= {"DUBAN_POLICY": str(own)}
    before = published(tmp_path)
    try:
        async with deployment.running("ingest"):
            await over_http(deployment, "office", [encode(assigned("t-1", source="office"))])
            await _warned(deployment, "what witnesses have cosigned is not known")
            assert published(tmp_path) == before
            witness.start(logs)
            size = await grown(tmp_path, before)
            witness.stop()
            await over_http(deployment, "office", [encode(assigned("t-2", source="office"))])
            await _warned(deployment, "waits for witnesses: w.example/1 has not cosigned")
            assert published(tmp_path) == size
            witness.start(logs)
            await grown(tmp_path, size)
            found = checked(deployment, tmp_path)
            assert (found["findings"], found["entries"]) == ([], published(tmp_path))
            keys = {"DUBAN_KEYS": str(tmp_path / "keys"), "DUBAN_POLICY": str(own)}
            (tmp_path / "policy").write_text(run("audit", "key", environment=keys).stdout, encoding="utf-8")
            words = str(place(tmp_path).archive), "--policy", str(tmp_path / "policy")
            done = run("audit", "fsck", *words)
            assert (done.returncode, "cosigned by w.example/1 at" in done.stdout) == (0, True), done.stdout
    finally:
        witness.stop()


async def _warned(deployment: Deployment, said: str) -> None:
    """Wait until readiness has a warning."""
    async with asyncio.timeout(PATIENCE), httpx.AsyncClient() as http:
        while said not in (await http.get(f"{deployment.base('ingest')}/health/ready")).text:
            await sleep(0.1)
