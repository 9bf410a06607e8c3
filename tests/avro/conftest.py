import pytest

from streams.avro.registry import FileRegistry


@pytest.fixture(scope="session")
def registry():
    return FileRegistry()
