"""One meaning: every evaluator says the same of every table and every fact."""
