"""What persons set of banks while the product runs."""
