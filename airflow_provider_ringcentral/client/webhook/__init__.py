"""Team Messaging's incoming webhooks: no login, one URL, a pace of their own."""
