"""Readings of `tools.health` for Prometheus, in its text format."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import timezone

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from .health import PROBLEM, Reading, Verdict

LABELS = ["kind", "name", "key"]

Judged = Sequence[tuple[Reading, Verdict]]


def write_metrics(judged: Judged) -> bytes:
    """Each gauge with a line for each reading that knows its value.

    :param judged: readings and what is said about them
    """
    registry = CollectorRegistry()
    registry.register(_Readings(judged))
    return generate_latest(registry)


class _Readings:
    """What ``prometheus_client`` collects from."""

    def __init__(self, judged: Judged) -> None:
        self.judged = judged

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for name, text, values in self._get_gauges():
            gauge = GaugeMetricFamily(f"ecm_{name}", text, labels=LABELS)
            for reading, value in values:
                gauge.add_metric([reading.kind, reading.name, reading.key], value)
            yield gauge

    def _get_gauges(self) -> Iterator[tuple[str, str, Iterable[tuple[Reading, float]]]]:
        yield "healthy", "1 while it works or is off, 0 with a problem", self._get_states()
        yield "on", "1 where it has to work", self._get_values("is_on")
        yield "behind_seconds", "How late it is", self._get_values("behind")
        yield "failures", "Failures in a row", self._get_values("failures")
        yield "backlog", "What waits for it", self._get_values("backlog")
        yield "rate_per_hour", "Contacts of the last hour", self._get_values("rate")
        yield "last_success_timestamp_seconds", "When it worked last", self._get_successes()

    def _get_states(self) -> Iterator[tuple[Reading, float]]:
        for reading, verdict in self.judged:
            yield reading, float(verdict.state != PROBLEM)

    def _get_values(self, name: str) -> Iterator[tuple[Reading, float]]:
        for reading, _verdict in self.judged:
            value = getattr(reading, name)
            if value is not None:
                yield reading, float(value)

    def _get_successes(self) -> Iterator[tuple[Reading, float]]:
        for reading, _verdict in self.judged:
            if moment := reading.last_success_at:
                yield reading, moment.replace(tzinfo=timezone.utc).timestamp()
