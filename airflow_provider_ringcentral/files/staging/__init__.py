"""The checkpoint of a long extract: chunks beside the destination."""
