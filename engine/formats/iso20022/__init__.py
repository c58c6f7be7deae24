"""ISO 20022: pain.001 and pain.008 out, pain.002 and camt.052/053/054 in."""
