"""One message for one request of the task, whatever happens on the way."""
