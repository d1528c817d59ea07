"""What Slack can send, one file per kind: each acknowledges, hands over and returns."""
