"""``python -m benchmarks``."""

import sys

from .options import main

if __name__ == "__main__":
    sys.exit(main())
