"""The set-up: one list of steps, which a chat draws as forms and a terminal as prompts."""
