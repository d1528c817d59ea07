"""Insights text over flow logs in S3, run by Athena."""
