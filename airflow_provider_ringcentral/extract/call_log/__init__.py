"""The calls of a window, each once."""
