"""Speed, measured beside floors in the same run; nothing here is a test and nothing asserts wall time."""
