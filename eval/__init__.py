"""Question sets in, evidence out."""
