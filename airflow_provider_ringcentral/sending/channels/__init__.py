"""One module a way of sending: what is checked, sent and looked up."""
