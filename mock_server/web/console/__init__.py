"""The console: the control room at ``/__mock/``, for people.

A page is a row of ``table.py``, a module and a template.
"""
