"""The command `ringcentral-diagnose`: what is wrong with a Connection, and who fixes it."""
