"""A simulated bank: accounts, bookings, statements, two dialects, faults on demand."""
