"""A simulated source system: sends claims, acknowledges what comes back, loses, repeats."""
