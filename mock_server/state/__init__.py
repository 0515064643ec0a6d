"""State: what lives between requests, behind one protocol."""
