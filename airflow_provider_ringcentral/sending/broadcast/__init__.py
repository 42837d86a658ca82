"""A list of recipients, its batches and its result."""
