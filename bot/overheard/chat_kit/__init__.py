"""What chats with buttons and forms have in common, for platforms of plugins too."""
