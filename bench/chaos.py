"""The kill test of streams.delivery on Apache Kafka: `make chaos`, or `python -m bench.chaos [--without GUARANTEE | --all-off]`.

Workers are killed, stopped, joined, frozen and woken while events flow, and one in a hundred of what they hand to their partitions gets
lost. In the end the state and everything published must be what one thread makes of the same events. `--without` switches one guarantee
off, in the workers of this test alone: the run must turn red then.
"""

import argparse
import asyncio
import contextlib
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from bench.chaos_fold import Published, Reference, differing, judge, some
from bench.chaos_storm import Storm
from bench.chaos_switches import SWITCHES
from bench.chaos_topics import Committed, Topics, create, produce
from bench.chaos_worker import PARTITIONS
from streams.broker.java import JavaMissingError
from streams.broker.kafka import KafkaMissingError, LocalKafka
from streams.delivery.commit import POSITION_KEY

DRAIN_S = 75.0
"""How long the workers have for what is left; a transaction that nobody aborts ends after 60 s."""
QUIET_S = 20.0
"""With nothing more committed for so long, a state that differs stays different: sessions have run out, workers have started."""
SHORT_EVENTS, SHORT_S = 20_000, 32.0
ATTEMPTS = 3
"""A short run deals three or four blows: on a busy machine none of them may hit what is switched off, so other seeds are tried."""


async def reference_of(servers: str, topics: Topics) -> list[Reference]:
    """The input, reckoned by one thread."""
    reckoned = [Reference() for _ in range(PARTITIONS)]
    async with Committed(servers, *topics.sources) as reader:
        async for record in reader.more():
            reckoned[record.partition].add(record.topic, record.key, record.value)
    return reckoned


async def drained(servers: str, topics: Topics, reference: list[Reference], storm: Storm) -> list[list[bytes]]:
    """Wait until the state is the reference's, or stays different; returns the keys that differ, by partition."""
    state: list[dict[bytes, bytes]] = [{} for _ in range(PARTITIONS)]
    until = quiet = time.monotonic()
    until += DRAIN_S
    async with Committed(servers, topics.changelog) as reader:
        while True:
            storm.reap()
            async for record in reader.more():
                quiet = time.monotonic()
                if record.key != POSITION_KEY:
                    state[record.partition][record.key] = record.value
            differs = [differing(reference[number].state, state[number]) for number in range(PARTITIONS)]
            now = time.monotonic()
            if not any(differs) or now > until or now - quiet > QUIET_S:
                return differs
            await asyncio.sleep(0.5)


async def published_of(servers: str, topics: Topics, reference: list[Reference]) -> list[Published]:
    """Everything that was published, judged."""
    found: defaultdict[int, list[tuple[bytes, bytes]]] = defaultdict(list)
    async with Committed(servers, topics.out) as reader:
        async for record in reader.more():
            found[record.partition].append((record.key, record.value))
    return [judge(reference[number], found[number]) for number in range(PARTITIONS)]


async def run(servers: str, *, events: int, seconds: float, seed: int, without: str | None) -> bool:
    """One run; whether it is exact."""
    topics = Topics(f"chaos-{time.time_ns() // 1_000_000}")
    await create(servers, topics)
    arguments = ["--servers", servers, "--id", topics.run, "--topics", *topics.sources]
    arguments += ["--without", without] if without else []
    began = time.monotonic()
    print(f"{events:,} events, {seconds:.0f} s, seed {seed}, " + (f"without {without}" if without else "nothing switched off"), flush=True)
    with tempfile.TemporaryDirectory(prefix="touchpoints-chaos-") as folder:
        storm = Storm(arguments, Path(folder), seed)
        try:
            await storm.begin()
            await asyncio.gather(produce(servers, topics, seed, events, seconds), storm.rage(seconds))
            reference = await reference_of(servers, topics)
            red = without and any(each.unheard or each.repeated for each in await published_of(servers, topics, reference))
            differs = [] if red else await drained(servers, topics, reference, storm)
            if any(differs) and not without:
                await storm.say_where()
            await storm.calm()
        finally:
            storm.end()
        published = await published_of(servers, topics, reference)
        exact = _report(storm, reference, differs, published, time.monotonic() - began)
        if not exact and without is None:
            kept = tempfile.mkdtemp(prefix="touchpoints-chaos-wrong-")
            shutil.copytree(folder, kept, dirs_exist_ok=True)
            print(f"what the workers said is kept in {kept}")
        return exact


def _report(storm: Storm, reference: list[Reference], differs: list[list[bytes]], published: list[Published], seconds: float) -> bool:
    wrong = [key for partition in differs for key in partition]
    gathered = {name: [key for each in published for key in getattr(each, name)] for name in ("unheard", "repeated", "unfinished")}
    died = storm.happened["died"] + storm.happened["hung"]
    exact = not wrong and all(each.exact for each in published)
    events = sum(len(values) for each in reference for key, values in each.prefixes.items() if key.startswith(b"\1all "))
    counts = ", ".join(f"{storm.happened[what]} {what}" for what in ("kills", "stops", "freezes", "wakes", "joins"))
    print(
        f"  {storm.happened['hit at work']} hit at work, {storm.said('out', 'commit')} commits, "
        f"{storm.said('out', 'restore')} restores, {storm.said('out', 'refetch')} refetches, "
        f"{storm.said('err', 'was taken over')} commits fenced, {died} died or hung"
    )
    if not exact:
        print(
            f"  state wrong: {some(wrong) if differs else 'not compared'}; "
            + "; ".join(f"published {name}: {some(keys)}" for name, keys in gathered.items())
        )
    print(
        f"{'EXACT' if exact else 'WRONG'}: {events:,} events, {counts}; "
        f"state of {sum(len(each.state) for each in reference):,} keys {('wrong' if wrong else 'exact') if differs else 'not compared'}, "
        f"{sum(each.records for each in published):,} published {'exactly once' if all(each.exact for each in published) else 'wrongly'}; "
        f"{seconds:.0f} s",
        flush=True,
    )
    return exact and not died


async def all_off(servers: str, seed: int) -> bool:
    """Short runs without each guarantee, until one is red; whether every one turned red."""
    red: dict[str, int] = {}
    for without in SWITCHES:
        for attempt in range(ATTEMPTS):
            if not await run(servers, events=SHORT_EVENTS, seconds=SHORT_S, seed=seed + attempt, without=without):
                red[without] = attempt + 1
                break
    for without in SWITCHES:
        outcome = f"red, as it must be (run {red[without]})" if without in red else f"STILL GREEN after {ATTEMPTS} runs"
        print(f"without {without}: {outcome}")
    return red.keys() == SWITCHES.keys()


async def main(asked: argparse.Namespace) -> bool:
    async with contextlib.AsyncExitStack() as stack:
        servers = asked.kafka
        if not servers:
            servers = (await stack.enter_async_context(LocalKafka())).bootstrap
        if asked.all_off:
            return await all_off(servers, asked.seed)
        return await run(servers, events=asked.events, seconds=asked.seconds, seed=asked.seed, without=asked.without)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=95.0, help="how long events flow and workers are killed")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", choices=SWITCHES, help="switch one guarantee off: the run must turn red")
    parser.add_argument("--all-off", action="store_true", help="a short run without each of them")
    parser.add_argument("--kafka", default="", metavar="HOST:PORT", help="a Kafka that runs already")
    try:
        sys.exit(0 if asyncio.run(main(parser.parse_args())) else 1)
    except (JavaMissingError, KafkaMissingError) as error:
        sys.exit(str(error))
