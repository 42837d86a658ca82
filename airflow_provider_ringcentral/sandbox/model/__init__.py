"""RingCentral as the sandbox keeps it: the company, its calls and messages, limits and tokens."""
