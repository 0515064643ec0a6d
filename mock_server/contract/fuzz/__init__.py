"""Fuzzing through Schemathesis, which runs as a process of its own with a generated configuration."""
