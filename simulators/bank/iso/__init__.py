"""bank_a's dialect: ISO 20022 over HTTP."""
