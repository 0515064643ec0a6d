"""Walks: checks that we make ourselves, one file a family. ``contract/checks.py`` lists them."""
