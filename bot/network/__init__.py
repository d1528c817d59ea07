"""What an address or a port means."""
