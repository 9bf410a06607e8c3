"""Files of a company's own, mapped to channel events."""

from streams.imports.document import MappingError
from streams.imports.files import UnreadableFileError
from streams.imports.mapping import Mapping
from streams.imports.reading import MappedImport, Progress, Unmapped, read_events

__all__ = ["MappedImport", "Mapping", "MappingError", "Progress", "Unmapped", "UnreadableFileError", "read_events"]
