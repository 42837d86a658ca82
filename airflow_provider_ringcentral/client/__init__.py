"""RingCentral's protocol, without Airflow. Import from its modules: this page only says what they are for.

`credentials` who we are, `client` requests within the quota, `ledger` what processes share, `errors` what can go wrong.
"""
