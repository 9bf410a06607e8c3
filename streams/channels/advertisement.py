"""Advertisements in space that the company pays for: those that a customer saw, and clicked.

An advertisement is of a campaign and one of its creatives; what it offers, and at which price, is a part beside it. To see one is
outbound, to click it the customer's. It is an indirect channel; `medium` says whether it was digital.
"""

from typing import Final

from streams.channels.meaning import ADVERTISEMENT, OFFER, STATEMENT, Channel, kinds

CHANNEL: Final = Channel("advertisement", kinds(ADVERTISEMENT, OFFER, STATEMENT))
