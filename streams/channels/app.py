"""The app: screens as the website has pages, and messages pushed to the device or read in its inbox.

A screen is a `page`. `message_sent` is a push or an inbox message and outbound; opening or clicking it is the customer's.
"""

from typing import Final

from streams.channels.meaning import MESSAGE, SHARED, WEB, Channel, kinds

CHANNEL: Final = Channel("app", kinds(WEB, MESSAGE, SHARED))
