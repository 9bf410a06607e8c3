"""Every benchmark that `make bench` prints, one after the other. Run: .venv/bin/python -m bench"""

import subprocess
import sys

for program in ("bench.admit", "bench.fold", "bench.stages", "bench.pipeline", "bench.latency"):
    print(f"== {program}", flush=True)
    if subprocess.run([sys.executable, "-m", program], check=False).returncode:
        sys.exit(1)
