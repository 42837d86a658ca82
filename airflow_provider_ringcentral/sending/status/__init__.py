"""The status of messages: what it means, and how a task waits for it."""
