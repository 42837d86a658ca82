"""Broadcasts: a list of recipients, sent in A2P batches, with a result for every recipient."""
