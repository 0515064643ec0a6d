"""A mock server and contract tester driven by an OpenAPI document and YAML fixtures.

Importing the package costs nothing: every room is imported by the command that needs it.
"""

__version__ = "0.1.0"
