"""Bank files and messages: read and written here, pure, no database, no web, no clock."""
