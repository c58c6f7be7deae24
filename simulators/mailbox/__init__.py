"""A simulated mailbox: takes e-mail over SMTP and SMS over HTTP, and shows what came."""
