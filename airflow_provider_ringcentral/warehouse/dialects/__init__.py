"""How each database is spoken to."""
