"""Scores: what scorers and judges read in answers, their versions, and re-scoring."""
