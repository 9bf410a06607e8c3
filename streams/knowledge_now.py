"""What channels know now, read once: from a stack's folder where there is one, else from the broker."""

import asyncio
from pathlib import Path

from streams import topics
from streams.avro.configured import registry_of
from streams.journeys.knowledge import Knowledge
from streams.processors.knowledge import KnowledgeReader, Learner
from streams.settings import DEFAULT_FOLDER, Settings
from streams.stack_folder import KNOWLEDGE_FILE, read_back


def knowledge_now(settings: Settings, folder: Path | None = None) -> Knowledge:
    """The channels' knowledge; `folder` is that of a stack that may have stopped. Raises KafkaError where no broker answers."""
    knowledge, registry = Knowledge(), registry_of(settings)
    kept = (settings.folder or folder or DEFAULT_FOLDER) / KNOWLEDGE_FILE
    if kept.is_file():
        learner = Learner(registry, knowledge)
        for key, value in read_back(kept).items():
            learner.learn(bytes.fromhex(key), bytes.fromhex(value))
        return knowledge
    reader = KnowledgeReader(settings.brokers, settings.topic(topics.KNOWLEDGE), settings.partitions, registry, knowledge)
    asyncio.run(_read(reader))
    return knowledge


async def _read(reader: KnowledgeReader) -> None:
    try:
        await reader.start()
    finally:
        await reader.stop()
