"""What is wrong with a set-up, and who fixes it."""
