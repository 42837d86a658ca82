"""Posts and cards in chats."""
