"""The fine-tuning side: what vendors allow, what a fine-tune changed, what to write and teach."""
