"""What every capability stands on: database, clock, actions, schedules, boxes, audit, workspace."""
