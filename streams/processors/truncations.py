"""Customers whose oldest touchpoints were dropped, as it is published: since when their history is not all in state, and what it lacks."""

from typing import Final

from streams.delivery.commit import Output
from streams.processors.dead_letters import OutputEncoder
from streams.processors.truncated import Mark

TRUNCATED: Final = "truncated"
WHOLE: Final = "whole"


class TruncationRows:
    """Turns a customer's mark into an output record."""

    def __init__(self, topic: str, encoder: OutputEncoder) -> None:
        self._topic, self._encoder = topic, encoder

    def row(self, customer: str, mark: Mark | None, rebuild: str, now_us: int, partition: int) -> tuple[Output, int]:
        """The record, and its version. `mark` is None where all of the history is here; `rebuild` names the one that this comes of."""
        version = now_us if mark is None else max(mark.version + 1, now_us)
        record = {
            "customer": customer,
            "version": version,
            "status": WHOLE if mark is None else TRUNCATED,
            "before": None if mark is None else mark.before,
            "dropped": 0 if mark is None else mark.dropped,
            "late": 0 if mark is None else mark.late + mark.behind,
            "needs_rebuild": mark is not None and mark.needs_rebuild,
            "rebuild": rebuild,
            "detected_at": now_us,
        }
        return Output(self._topic, partition, customer.encode(), self._encoder.encode(record)), version
