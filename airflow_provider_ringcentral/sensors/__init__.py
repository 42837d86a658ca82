"""Sensors: wait until something is true at RingCentral."""
