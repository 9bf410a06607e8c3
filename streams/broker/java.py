"""Java on this machine: what the local servers that need it run on."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

from streams.broker.server import BrokerError

JAVA_AT_LEAST: Final = 17


class JavaMissingError(BrokerError):
    """No Java of this machine is new enough; the message is one line and says how to get one."""


def find_java(program: str) -> str:
    """Path of a Java of version 17 or newer for `program`: JAVA_HOME's, else the one on PATH. Raises JavaMissingError."""
    home = os.environ.get("JAVA_HOME")
    candidates = [str(Path(home) / "bin" / "java")] if home else []
    candidates += [found for found in [shutil.which("java")] if found]
    seen = "none was found"
    for java in candidates:
        if not os.access(java, os.X_OK):
            continue
        answer = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 - a fixed program
        match = re.search(r'version "(\d+)', answer.stderr)
        if match and int(match.group(1)) >= JAVA_AT_LEAST:
            return java
        seen = f"{java} is version {match.group(1) if match else 'unknown'}"
    raise JavaMissingError(f"{program} needs Java {JAVA_AT_LEAST} or newer and {seen}; on Debian: apt-get install openjdk-17-jre-headless")
