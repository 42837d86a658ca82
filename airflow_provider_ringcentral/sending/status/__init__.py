"""What a status means, and waiting for the last one."""
