"""Running the application: sockets, signals, limits on the wire."""

import sys

if not {"uvicorn", "watchfiles"} & sys.modules.keys():
    # uvicorn imports watchfiles where that is installed, for a reloader that nobody uses here: 2 ms and 2 MiB.
    sys.modules["watchfiles"] = None  # type: ignore[assignment]  # "there is none" (importlib, The module cache)
    try:
        import uvicorn  # noqa: F401
    finally:
        del sys.modules["watchfiles"]
