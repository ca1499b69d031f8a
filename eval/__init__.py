"""Evaluation: measure search and answers with question sets."""
