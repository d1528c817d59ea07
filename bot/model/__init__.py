"""Nouns that every floor shares. Standard library only; nothing here acts."""
