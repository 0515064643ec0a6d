"""The pure core: from a request and a snapshot of state to an answer. No clock, no chance, no sockets."""
