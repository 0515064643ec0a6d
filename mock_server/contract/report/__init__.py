"""Showing a result: one file a format. All of them get masked text only."""
