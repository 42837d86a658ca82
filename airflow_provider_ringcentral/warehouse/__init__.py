"""Files of calls into SQL tables: the latest version of each call, in one transaction a file. No Airflow here."""
