"""Notifiers: alerts that callbacks and deadlines send."""
