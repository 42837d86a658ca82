"""What the company sent and received: mailboxes, batches, calls placed, Team Messaging."""
