"""The rate limit of each throttling group: sliding windows, a queue of waiting requests, penalties after a 429."""
