"""bank_b's dialect: Chinese style XML in GB18030."""
