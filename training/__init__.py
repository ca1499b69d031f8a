"""Makes the models that ship with the package; nothing of it runs when questions are answered."""
