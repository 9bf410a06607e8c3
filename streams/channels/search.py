"""Search engines that are not the company's own: what customers searched there, and the results they clicked.

The company's own search is `searched` of website and app. What was searched for passes by the allow-list only. A result may show
an offer or state a price. It is an indirect channel.
"""

from typing import Final

from streams.channels.meaning import OFFER, SEARCH, STATEMENT, Channel, kinds

CHANNEL: Final = Channel("search", kinds(SEARCH, OFFER, STATEMENT))
