"""Recording: what went through to a real deployment, or what somebody else recorded, becomes fixtures."""
