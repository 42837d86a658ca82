"""Notifiers: what callbacks and deadlines send."""
