"""Occasions: fairs, events and demonstrations, where people of the company meet customers for a day or two.

As in a store, a visit carries where it was as its location, and a quote or purchase the price of one unit.
"""

from typing import Final

from streams.channels.meaning import CONVERSATION, SHARED, VISIT, WORD_OF_MOUTH, Channel, kinds

CHANNEL: Final = Channel("occasion", kinds(VISIT, CONVERSATION, WORD_OF_MOUTH, SHARED))
