"""The calls that changed since the last run."""
