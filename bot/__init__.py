"""The house in which questions about AWS VPC Flow Logs are answered."""
