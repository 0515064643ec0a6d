"""What is read out of a journal: filtered, explained, verified, judged, exported. Pure functions over entries as JSON.

An entry is what ``GET /__mock/journal`` shows of one exchange, its secrets masked: ``docs/control-api.md``.
"""
