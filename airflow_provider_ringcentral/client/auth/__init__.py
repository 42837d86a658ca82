"""Logging in with a JWT: credentials, the token that all processes share, its encryption."""
