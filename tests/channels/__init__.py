"""The channels beside bank-direct batches."""
