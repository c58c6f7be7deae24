"""What every simulator needs: HTTP with a grip on the socket, storage, money, options."""
