"""The phone: calls to and from the service desk, with their queues, transfers and outcomes.

A call is a conversation. It is inbound until answered; a call that the company makes says `direction: outbound` itself.
"""

from typing import Final

from streams.channels.meaning import CONVERSATION, SHARED, Channel, kinds

CHANNEL: Final = Channel("phone", kinds(CONVERSATION, SHARED))
