"""The measured claims: `make bench`, or `python -m bench [call_log] [imports] [limits]`."""
