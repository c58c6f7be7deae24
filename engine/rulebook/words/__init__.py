"""Changes of the vocabulary in time: proposed, checked on what is live, signed, made live."""
