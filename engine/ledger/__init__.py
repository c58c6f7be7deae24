"""Double entry in PostgreSQL: accounts, vouchers, balances."""
