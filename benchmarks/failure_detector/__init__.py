"""What failure detectors are worth: on traces, and when the loop is blocked."""
