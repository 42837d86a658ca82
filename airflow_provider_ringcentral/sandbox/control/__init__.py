"""Running the sandbox and telling it what to do: server, control calls, their Python client."""
