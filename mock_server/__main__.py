"""The ``mock-server`` command, also as ``python -m mock_server``."""

import gc


def main() -> None:
    """The entry point of the console script."""
    gc.disable()  # what is imported is no garbage, and to look for some costs a tenth of a start
    from mock_server.cli import main as run

    run()


if __name__ == "__main__":
    main()
