"""Where RingCentral meets Airflow: Connections, clients, errors, storage, and the state of a task."""
