"""The ledger: what all processes of one credential share (tokens, rate limit windows, idempotency records)."""
