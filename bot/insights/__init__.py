"""The CloudWatch Logs Insights query language: pure text in, tree and SQL out."""
