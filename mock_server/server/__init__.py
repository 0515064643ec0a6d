"""Running the application: sockets, signals, limits on the wire."""
