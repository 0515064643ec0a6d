"""Hostile requests as data: what is sent, what must come back, and the line of an RFC that says so."""
