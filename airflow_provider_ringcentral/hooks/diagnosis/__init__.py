"""Diagnose a Connection: what is wrong with it, and who fixes it."""
