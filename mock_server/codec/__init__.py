"""Between values and what stands for them on the wire: parameters, and bodies of every media type.

Imports ``spec``, ``model`` and ``errors`` only. Each family of media types is one module with ``read``
and ``write``; ``table.py`` finds it.
"""
