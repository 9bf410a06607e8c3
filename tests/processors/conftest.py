"""A processor's surroundings, without a broker: dead letters, sealing, and the readers of what is published."""

import pytest

from streams.avro.codec import Decoder
from streams.avro.registry import FileRegistry
from streams.avro.sealing import Sealing
from streams.processors.dead_letters import DeadLetters, OutputEncoder

PARTITIONS = 2


@pytest.fixture(scope="session")
def registry():
    return FileRegistry()


@pytest.fixture(scope="session")
def sealing():
    return Sealing("k1:" + "11" * 32)


@pytest.fixture(scope="session")
def dead_letters(registry, sealing):
    return DeadLetters("dead", PARTITIONS, OutputEncoder(registry, "dead_letter"), sealing)


@pytest.fixture(scope="session")
def read_output(registry):
    """The record of an output's bytes, by its schema's name."""

    def record(name, value):
        schema = registry.current(name)
        prefix = registry.reference(name).prefix
        assert value.startswith(prefix)
        (found,) = Decoder(schema, schema).decode_run([value], len(prefix))
        return found

    return record
