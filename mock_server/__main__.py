"""``python -m mock_server`` is the ``mock-server`` command."""

from mock_server.cli import main

if __name__ == "__main__":
    main()
