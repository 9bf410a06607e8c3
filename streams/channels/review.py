"""Reviews: what customers write about a product or the company where others read it, and what they read there themselves.

A review has a number, `indirect.review` or the reference `content`: by it what one customer wrote and what another read meet,
also where the company's own pages show it (`page_viewed` with that reference). Its words stay where they are. It is an indirect
channel: nobody is in contact with the company itself.
"""

from typing import Final

from streams.channels.meaning import RATING, REVIEW, WORD_OF_MOUTH, Channel, kinds

CHANNEL: Final = Channel("review", kinds(REVIEW, WORD_OF_MOUTH, RATING))
