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
        self._tried = 0
        self._single: tuple[str, int] | None = None

    def trying(self, work: Work) -> None:
        """This work is about to be committed."""
        self._tried = work.size
        singles = [(batch.topic, record.offset) for batch in work.batches for record in batch.records] if work.size == 1 else []
        self._single = singles[0] if singles else None

    def too_large(self) -> bool:
        """Halve what was tried; a single record that does not fit is refused. Whether the next attempt is smaller."""
        if self._tried > 1:
            self.most = self._tried // 2
            log.info("partition %d: a commit was too large, taking %d records at a time", self._number, self.most)
            return True
        if self._single is None or self._single in self.refused:
            log.error("partition %d: a commit of %d records is too large and cannot be made smaller", self._number, self._tried)
            return False
        self.refused.add(self._single)
        return True

    def fitted(self, work: Work) -> None:
        """This work is committed."""
        if work.size:  # a tick may commit before the refused record comes again
            self.refused.clear()
            self.most = min(self._largest, self.most * 2)
