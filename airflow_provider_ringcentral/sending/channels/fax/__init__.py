"""Faxes: files, cover pages, errors, and what is sent anew."""
