"""A registry that speaks Confluent's HTTP API (Confluent's own, Apicurio's `/apis/ccompat/v7`, Redpanda's).

Schemas under an id never change, so each is asked for once. Calls block: ask from a thread where a loop must go on.
"""

import http.client
import json
import random
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from typing import Any, Final

from streams.avro.registry import FileRegistry, RegistryUnavailableError, UnknownSchemaError
from streams.avro.schema import Schema, SchemaError
from streams.avro.wire import Fingerprint, Reference, SchemaId

TIMEOUT_S: Final = 3.0
ATTEMPTS: Final = 4
FIRST_PAUSE_S: Final = 0.2
LARGEST_ANSWER_BYTES: Final = 1024 * 1024
UNKNOWN_FOR_S: Final = 30.0
"""An id that the registry did not know is not asked for again within this time."""

MOST_UNKNOWN: Final = 10_000
_NOT_FOUND: Final = 404
_REFUSED: Final = (409, 422)
"""Not compatible with what the subject has; not a valid schema."""

_WORTH_ANOTHER_TRY: Final = (408, 429, 500, 502, 503, 504)
_CONTENT_TYPE: Final = "application/vnd.schemaregistry.v1+json"


class ConfluentRegistry:
    """Writers' schemas by id from a registry; current versions, and fingerprints, from the shipped files."""

    def __init__(
        self,
        url: str,
        files: FileRegistry,
        *,
        subject: Callable[[str], str] = "{}-value".format,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Talk to the registry at `url`; `subject` gives the subject of a schema's name. Raises ValueError for a bad URL."""
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise ValueError(f"the registry's URL is {url!r}; http://host:port or https://host:port was expected")
        self._url = url.rstrip("/")
        self._files = files
        self._subject = subject
        self._sleep = sleep
        self._clock = clock
        self._found: dict[int, Schema] = {}
        self._unknown: dict[int, float] = {}
        self._ids: dict[str, int] = {}

    def current(self, name: str) -> Schema:
        """The shipped version: what an installation reads is its code's matter, not the registry's. Raises UnknownSchemaError."""
        return self._files.current(name)

    def find(self, reference: Reference) -> Schema:
        """The schema of an id, by the registry, or of a fingerprint. Raises UnknownSchemaError, RegistryUnavailableError."""
        if isinstance(reference, Fingerprint):
            return self._files.find(reference)
        number = reference.value
        if number in self._found:
            return self._found[number]
        if self._clock() < self._unknown.get(number, 0.0):
            raise UnknownSchemaError(f"the registry has no schema with the id {number}")
        try:
            schema = self._fetched(number)
        except UnknownSchemaError:
            if len(self._unknown) >= MOST_UNKNOWN:
                self._unknown.clear()
            self._unknown[number] = self._clock() + UNKNOWN_FOR_S
            raise
        self._found[number] = schema
        return schema

    def reference(self, name: str) -> Reference:
        """The id of the current version, registered under its subject where it is not yet.

        Raises UnknownSchemaError where the registry refuses it (it says why), RegistryUnavailableError.
        """
        if name not in self._ids:
            schema = self.current(name)
            path = f"/subjects/{urllib.parse.quote(self._subject(name), safe='')}"
            body = {"schema": json.dumps(schema.definition)}
            answer = self._call("POST", path, body)
            if answer is None:
                answer = self._call("POST", f"{path}/versions", body)
            number = answer.get("id") if answer else None
            if not isinstance(number, int):
                raise UnknownSchemaError(f"the registry gave no id for the schema {name!r} under {self._subject(name)!r}")
            self._ids[name] = number
            self._found[number] = schema
        return SchemaId(self._ids[name])

    def _fetched(self, number: int) -> Schema:
        answer = self._call("GET", f"/schemas/ids/{number}")
        if answer is None:
            raise UnknownSchemaError(f"the registry has no schema with the id {number}")
        if answer.get("schemaType", "AVRO") != "AVRO" or answer.get("references"):
            raise UnknownSchemaError(f"the schema with the id {number} is not one Avro schema without references")
        try:
            return Schema.of(json.loads(answer["schema"]), f"schema id {number}")
        except (SchemaError, KeyError, TypeError, ValueError, RecursionError) as error:
            raise UnknownSchemaError(f"the schema with the id {number} cannot be used: {error}") from error

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """The registry's answer; None where it knows no such thing. Tries a few times, each after a longer, random pause."""
        request = urllib.request.Request(  # noqa: S310  the scheme was checked at the start
            self._url + path,
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Content-Type": _CONTENT_TYPE, "Accept": f"{_CONTENT_TYPE}, application/json"},
        )
        failure = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                self._sleep(FIRST_PAUSE_S * 2 ** (attempt - 1) * (0.5 + random.random()))  # noqa: S311  jitter, no secret
            try:
                with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310  as above
                    return _object(answer.read(LARGEST_ANSWER_BYTES + 1))
            except urllib.error.HTTPError as error:
                with error:
                    if error.code == _NOT_FOUND:
                        return None
                    if error.code in _REFUSED:
                        reason = error.read(1000).decode(errors="replace")
                        raise UnknownSchemaError(f"the registry refused {method} {path}: {error.code} {reason}") from error
                    failure = f"{error.code} {error.reason}"
                    if error.code not in _WORTH_ANOTHER_TRY:
                        break
            except (OSError, http.client.HTTPException, ValueError) as error:
                failure = str(error) or type(error).__name__
        raise RegistryUnavailableError(
            f"the registry at {self._url} did not answer {method} {path}: {failure}; at most {ATTEMPTS} attempts were made"
        )


def _object(text: bytes) -> dict[str, Any]:
    if len(text) > LARGEST_ANSWER_BYTES:
        raise ValueError(f"an answer of more than {LARGEST_ANSWER_BYTES} bytes")
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("an answer that is no JSON object")  # noqa: TRY004  it is the registry's mistake, tried again
    return found
