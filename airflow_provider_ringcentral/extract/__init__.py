"""Records into files, without Airflow."""
