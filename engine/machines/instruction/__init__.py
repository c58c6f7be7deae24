"""Instructions to move money: payment batches, attempts, evidence; never two, never lost."""
