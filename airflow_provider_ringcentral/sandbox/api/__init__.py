"""RingCentral over HTTP: routes, the checks of every request, operations, and the form of responses."""
