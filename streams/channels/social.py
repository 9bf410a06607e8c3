"""Social media: what customers and the company say to each other on networks, in public or not, and what customers say to others there.

A post that turns to the company is a `message_received`, a chat a conversation; both wait for an answer. What customers tell each
other (a review, a recommendation) is indirect, though the channel is the company's own.
"""

from typing import Final

from streams.channels.meaning import CONVERSATION, MESSAGE, REVIEW, SHARED, WORD_OF_MOUTH, Channel, kinds

CHANNEL: Final = Channel("social", kinds(CONVERSATION, MESSAGE, REVIEW, WORD_OF_MOUTH, SHARED))
