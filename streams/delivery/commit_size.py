"""How many records one commit takes: fewer after one that was too large, more again after each that fitted."""

import logging

from streams.delivery.commit import Work

log = logging.getLogger(__name__)


class CommitSize:
    """The size of a partition's next commit, and the records that are too large for any.

    most        records that the next commit takes at most
    refused     topic and offset of records that did not fit alone
    """

    def __init__(self, number: int, largest: int) -> None:
        self.most = largest
        self.refused: set[tuple[str, int]] = set()
        self._number, self._largest = number, largest
        self._single: tuple[str, int] | None = None

    def trying(self, work: Work) -> None:
        """This work is about to be committed."""
        singles = [(batch.topic, record.offset) for batch in work.batches for record in batch.records] if work.size == 1 else []
        self._single = singles[0] if singles else None

    def too_large(self) -> None:
        """Halve what one commit takes; a single record that does not fit is refused."""
        if self.most > 1:
            self.most = max(1, self.most // 2)
            log.info("partition %d: a commit was too large, taking %d records at a time", self._number, self.most)
        elif self._single is not None:
            self.refused.add(self._single)

    def fitted(self, work: Work) -> None:
        """This work is committed."""
        if work.size:  # a tick may commit before the refused record comes again
            self.refused.clear()
            self.most = min(self._largest, self.most * 2)
