"""Idempotent sending: the message, what the store records of it, and the algorithm."""
