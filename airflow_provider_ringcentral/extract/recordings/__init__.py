"""The archive of recordings: names, sidecars, what is there, what is gone."""
