"""What a service measures, for Prometheus: its requests, its process, and the figures of each ledger."""

from collections.abc import Iterator, Mapping
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotAuthorizedException
from litestar.types import ASGIApp, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from services.common.access import CHALLENGE, OPEN
from services.common.clock import monotonic
from services.common.edge import STREAM
from services.common.endpoints import Endpoint
from services.contract.openapi import answers, problems

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
"""Bounds of the buckets of durations."""


class Metrics:
    """The metrics of one service, by Prometheus' names: `duban_…`, seconds, `_total` for what is counted."""

    def __init__(self, service: str, endpoints: Mapping[str, Endpoint]) -> None:
        self.registry = CollectorRegistry()
        self._seconds = Histogram(
            "duban_request_seconds",
            "Time until an answer is complete",
            ["method", "route", "status"],
            registry=self.registry,
            buckets=SECONDS,
        )
        self._streams = Gauge("duban_streams", "Open streams of changes", ["route"], registry=self.registry)
        self.registry.register(_Ledgers(service, endpoints))
        ProcessCollector(registry=self.registry)

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)

    def measuring(self, app: ASGIApp) -> ASGIApp:
        """Return a middleware that counts requests, their durations, and open streams."""

        async def handle(scope: Scope, receive: Receive, send: Send) -> None:
            route = scope.get("path_template", "")
            if scope["route_handler"].opt.get(STREAM):
                with self._streams.labels(route).track_inprogress():
                    await app(scope, receive, send)
                return
            status, start = "500", monotonic()

            async def sending(message: Any) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = str(message["status"])
                await send(message)

            try:
                await app(scope, receive, sending)
            finally:
                self._seconds.labels(str(scope.get("method", "")), route, status).observe(monotonic() - start)

        return handle


class _Ledgers(Collector):
    """The figures of each ledger's endpoint, as they are when they are asked for."""

    def __init__(self, service: str, endpoints: Mapping[str, Endpoint]) -> None:
        self._service = service
        self._endpoints = endpoints

    def collect(self) -> Iterator[Metric]:
        """Yield the figures, all ledgers of one name together."""
        found: dict[str, CounterMetricFamily | GaugeMetricFamily] = {}
        for ledger, endpoint in list(self._endpoints.items()):
            for one in endpoint.samples():
                labels = {"service": self._service, "ledger": ledger, **one.labels}
                if one.name not in found:
                    kind = CounterMetricFamily if one.counts else GaugeMetricFamily
                    found[one.name] = kind(one.name, one.help, labels=list(labels))
                found[one.name].add_metric(list(labels.values()), one.value)
        yield from found.values()


@get(
    "/metrics",
    summary="What this service measures, for Prometheus; with a token of any ledger unless bound to loopback",
    media_type=CONTENT_TYPE_LATEST,
    opt={OPEN: True},
    responses={200: answers({"type": "string"}, "The metrics, as text", CONTENT_TYPE_LATEST), **problems(401)},
)
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    app: Any = request.app
    state = app.state
    if not state.access.loopback and not await app.authentication.has_token(request.scope):
        raise NotAuthorizedException("a valid token of a source of any ledger is needed", headers=CHALLENGE)
    return Response(state.metrics.text(), media_type=CONTENT_TYPE_LATEST)
