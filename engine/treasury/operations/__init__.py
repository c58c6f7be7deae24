"""What operators see and do: the action queue, schedules and banks, within their organisations."""
