"""The website: pages and forms, the offers that it shows, the orders placed on it.

Most kinds come from the customer's hand (a page viewed, a form submitted) and are inbound. An offer or an error shown is
rendered on a page that the customer opened; only the offer counts as the company's word, so only it is outbound.
"""

from typing import Final

from streams.channels.meaning import SHARED, WEB, Channel, kinds

CHANNEL: Final = Channel("website", kinds(WEB, SHARED))
