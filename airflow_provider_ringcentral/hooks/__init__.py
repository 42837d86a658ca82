"""Connection to client: the seam where RingCentral meets Airflow."""
