"""HTTP: hosts that may receive secrets, request and response bodies, connection errors, downloads."""
