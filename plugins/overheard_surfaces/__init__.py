"""Answers of the products that people use (the ChatGPT app, Google's AI Mode and AI Overviews and
others), bought from collectors; and how they differ from the answers by API.
"""
