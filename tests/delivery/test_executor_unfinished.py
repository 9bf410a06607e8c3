"""A processor that cannot do all in one commit: it is asked again at once, and what comes in between is taken up."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace

import pytest
from acting import TOPIC, Remembering, Stage, batch, until

from streams.delivery.commit import Changes

pytestmark = pytest.mark.usefixtures("quick_retries")


class Lengthy(Remembering):
    """Has three commits' work to do once a batch has come, and tells what it was asked with."""

    left = 0

    async def step(self, work):
        changes = await super().step(work)
        self.left = 3 if work.batches else max(0, self.left - 1)
        if changes is None and not self.left:
            return None
        return replace(changes or Changes({b"left": b"%d" % self.left}), unfinished=self.left > 0)


async def test_who_is_not_finished_is_asked_again_without_anything_coming(play):
    stage = Stage()
    stage.processor = Lengthy
    executor = await play(stage)
    stage.put(executor, batch(0, 2))
    await until(lambda: stage.state.get(b"left") == b"1" and not stage.processors[0].left)
    assert [(work.size, work.tick) for work in stage.processors[0].work] == [(2, False), (0, False), (0, False), (0, False)]


async def test_what_comes_is_taken_up_while_more_is_to_be_done(play):
    stage = Stage()
    stage.processor = Lengthy
    stage.hold = asyncio.Event()
    executor = await play(stage)
    stage.put(executor, batch(0, 2))
    await until(lambda: stage.processors[0].left == 3)
    stage.put(executor, batch(2, 3))
    stage.hold.set()
    await until(lambda: executor.offset(TOPIC) == 3 and not stage.processors[0].left)
    assert [work.size for work in stage.processors[0].work][:2] == [2, 1]


async def test_who_is_not_finished_has_not_caught_up(play, monkeypatch):
    stage = Stage()
    stage.processor = Lengthy
    executor = await play(stage)
    monkeypatch.setattr(stage, "reach", lambda partition: SimpleNamespace(fetched=2, end=2, asked_ms=5))
    stage.put(executor, batch(0, 2))
    seen = []
    step = Lengthy.step

    async def looking(self, work):
        seen.append(executor.caught_up_ms(TOPIC))
        return await step(self, work)

    monkeypatch.setattr(Lengthy, "step", looking)
    await until(lambda: len(seen) == 4)
    await until(lambda: executor.caught_up_ms(TOPIC) == 5)
    assert seen[1:] == [None, None, None]
