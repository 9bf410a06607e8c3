"""The store: visits, advice, quotes and purchases, and what was said at the counter.

A visit carries the store's number as its location; a quote or purchase carries the price of one unit.
"""

from typing import Final

from streams.channels.meaning import CONVERSATION, SHARED, VISIT, Channel, kinds

CHANNEL: Final = Channel("store", kinds(VISIT, CONVERSATION, SHARED))
