"""Learning: what a deployment answered where fixtures only assume becomes ``source: observed`` in a copy of them."""
