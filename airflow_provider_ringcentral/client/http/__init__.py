"""Requests and answers on the wire: bodies, hosts that may receive secrets, downloads."""
