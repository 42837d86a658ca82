"""Operators: thin, one module per noun."""
