"""Faxes: the message, its files, its cover page, and sending a failed fax again."""
