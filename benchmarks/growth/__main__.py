"""One measurement: ``python -m benchmarks.growth SUBJECT SIZE``."""

from __future__ import annotations

import json
import sys

from ..measure import refuse_hypothesis
from .curves import measure_subject

if __name__ == "__main__":
    numbers = measure_subject(sys.argv[1], int(sys.argv[2]))
    refuse_hypothesis()
    print(json.dumps(numbers))
