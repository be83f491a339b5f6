"""``python -m otp`` is the command ``otp``."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
