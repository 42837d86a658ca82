"""Waiting for RingCentral."""
