"""Sends heartbeats to a port of this machine: ``... sender PORT SECONDS COUNT``."""

from __future__ import annotations

import socket
import sys
import time


def main() -> None:
    """Send, as regularly as can be."""
    port, interval, count = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        start = time.monotonic()
        for number in range(count):
            time.sleep(max(0.0, start + number * interval - time.monotonic()))
            sock.sendto(b"beat", ("127.0.0.1", port))


if __name__ == "__main__":
    main()
