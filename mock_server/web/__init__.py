"""The web: Starlette around the pure core."""
