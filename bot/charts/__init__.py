"""Chart descriptions in, PNG out. matplotlib is imported here and nowhere else."""
