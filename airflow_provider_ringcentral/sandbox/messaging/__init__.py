"""What the sandbox's company sends and receives: messages, faxes, chats, broadcasts and calls placed by RingOut."""
