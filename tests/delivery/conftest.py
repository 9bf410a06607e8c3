import asyncio

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


@pytest.fixture
def make_topics():
    """Creates topics on a broker."""

    async def make(servers, *topics, partitions=1):
        admin = AIOKafkaAdminClient(bootstrap_servers=servers)
        await admin.start()
        try:
            await admin.create_topics([NewTopic(name, partitions, 1) for name in topics])
        finally:
            await admin.close()
        await asyncio.sleep(0.3)  # until the broker leads them

    return make
