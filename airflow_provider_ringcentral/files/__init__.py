"""Files that are complete or absent, their formats and receipts."""
