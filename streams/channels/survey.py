"""The survey: what customers scored, and what the score is about.

A score always has its scale (CSAT, NPS or CES); scales are never mixed. What is rated is another event, a reference, a channel
or a journey.
"""

from typing import Final

from streams.channels.meaning import RATING, Channel

CHANNEL: Final = Channel("survey", RATING)
