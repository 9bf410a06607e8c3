"""What of a touchpoint's headers goes on: `admitted` carries what identify must know, `identified` what stitch and record must."""

from collections.abc import Callable

import pytest
from conversing import Installation, Record, touch

from streams.journeys.touchpoint import encode
from streams.processors.hand_over import Sender
from streams.processors.internal import ASSIGNMENT, CHANNEL, KIND, MOVED, REBUILD, REBUILT, TOUCHPOINT, touchpoint_output
from streams.processors.stitch_records import Holding

LOGIN, COOKIE = "customer_number:" + "a" * 32, "cookie:" + "b" * 32
SEEN = touch("e1", (LOGIN, COOKIE), 1)
ADMITTED = touchpoint_output("admitted", 0, SEEN.anchor, SEEN, encode(SEEN))
AGAIN = [(REBUILT, b"1"), (REBUILD, b"c run 0 1")]


async def identified(one: Installation, more: list[tuple[str, bytes]]) -> Record:
    """What becomes of the touchpoint behind identify, where it was admitted with more headers."""
    one.publish(ADMITTED._replace(headers=[*ADMITTED.headers, *more]))
    await one.drain()
    (record,) = [each for each in one.topics["identified", 0] if dict(each.headers)[KIND] == TOUCHPOINT]
    return record


@pytest.mark.parametrize("more", [[], AGAIN, [(MOVED, b"1")]])
async def test_identified_carries_the_channel_the_assignment_and_that_it_comes_again(
    installation: Callable[[int], Installation], more: list[tuple[str, bytes]]
) -> None:
    assert (await identified(installation(1), more)).headers == (
        (KIND, TOUCHPOINT),
        (CHANNEL, b"website"),
        (ASSIGNMENT, f"{LOGIN} 0".encode()),
        *more,
    )


@pytest.mark.parametrize("more", [[], AGAIN])
async def test_what_is_sent_to_the_next_identifier_carries_again_what_identify_must_know(
    installation: Callable[[int], Installation], more: list[tuple[str, bytes]]
) -> None:
    record = await identified(installation(1), more)
    sent = Sender("identified", "admitted", 1).send_after(Holding(LOGIN, 0, "c", moved_to="", is_gone=True), record)
    assert sent == ADMITTED._replace(key=COOKIE.encode(), headers=[*ADMITTED.headers, *more])
