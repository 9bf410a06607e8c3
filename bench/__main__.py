"""Every benchmark that `make bench` prints, one after the other. Run: .venv/bin/python -m bench"""

import subprocess
import sys

PROGRAMS = ("admit", "fold", "stages", "rules", "pipeline", "latency", "detection", "memory", "restore")

for program in PROGRAMS:
    print(f"== bench.{program}", flush=True)
    if subprocess.run([sys.executable, "-m", *f"bench.{program}".split()], check=False).returncode:
        sys.exit(1)
