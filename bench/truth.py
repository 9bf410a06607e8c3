"""Precision and recall of every rule against simulated truth. Run: .venv/bin/python -m bench.truth [CUSTOMERS [SEED ...]]"""

import json
import subprocess
import sys


def main() -> int:
    """Print one line per seed and rule; 0 only where every rule is exact."""
    customers = sys.argv[1] if len(sys.argv) > 1 else "5000"
    exact = True
    for seed in sys.argv[2:] or ["1", "2", "3", "4", "5"]:
        command = [sys.executable, "-m", "streams.cli", "demo", "--customers", customers, "--seed", seed, "--json"]
        run = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        if run.returncode:
            print(f"seed {seed}: the demonstration failed")
            return 1
        result = json.loads(run.stdout.splitlines()[-1])
        for rule, score in result["truth"].items():
            exact = exact and score["precision"] == score["recall"] == 1.0
            print(f"seed {seed}  {rule:20} planted {score['planted']:4}  precision {score['precision']:.2%}  recall {score['recall']:.2%}")
        print(f"seed {seed}  {result['received']:,} touchpoints, difference {result['difference']}, {result['seconds']:.0f} s", flush=True)
    return 0 if exact else 1


if __name__ == "__main__":
    sys.exit(main())
