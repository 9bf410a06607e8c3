"""E-mail: messages to and from customers; each reply names the message that it answers.

`message_received` and `message_replied` come from the customer, `message_sent` from the company, the answer to a customer's
message included (`in_reply_to`).
"""

from typing import Final

from streams.channels.meaning import MESSAGE, SHARED, Channel, kinds

CHANNEL: Final = Channel("email", kinds(MESSAGE, SHARED))
