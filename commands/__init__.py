"""The shelf: one question a file. A file offers `COMMAND`; its name is the command's."""
