"""Measure how faithfully documents are read: against other extractors, and on traps made here."""
