"""The operations that send and read messages."""
