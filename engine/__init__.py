"""Sluicegate's engine: rules decide, machines act, the ledger balances."""
