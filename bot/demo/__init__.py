"""A small, believable network whose every day can be tried without AWS."""
