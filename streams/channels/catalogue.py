"""All channels by name: a new channel is one schema, one file, and one line here."""

from collections.abc import Mapping
from typing import Final

from streams.channels import advertisement, app, chat, email, occasion, phone, review, search, social, store, survey, website
from streams.channels.meaning import Channel

CHANNELS: Final[Mapping[str, Channel]] = {
    each.CHANNEL.name: each.CHANNEL
    for each in (website, app, chat, email, phone, store, survey, occasion, social, advertisement, search, review)
}
