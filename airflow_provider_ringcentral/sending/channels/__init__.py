"""The channels: one module for each, with what is validated, sent and looked up."""
