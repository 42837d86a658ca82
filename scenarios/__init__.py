"""Processes, servers and workloads that tests and bench both drive."""
