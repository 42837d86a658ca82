"""Load files of calls into SQL tables, which keep the latest version of each call. Imports no Airflow."""
