"""Chat: conversations on the site, over WhatsApp or Messenger, with people or a bot, and the messages that start some of them.

The medium is an attribute, not a channel. `staffed` is false while a bot answers. A conversation's number is the reference
`conversation`; it is also a weak identifier, so an event that knows nothing else follows the customer who owns it.
"""

from typing import Final

from streams.channels.meaning import CONVERSATION, MESSAGE, SHARED, Channel, kinds

CHANNEL: Final = Channel("chat", kinds(CONVERSATION, MESSAGE, SHARED))
