"""A business day under fire: workers are killed and paused, and banks misbehave."""
