"""Authentication with a JWT: credentials, the login, the token shared by all processes, and its encryption."""
