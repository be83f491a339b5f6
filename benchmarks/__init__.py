"""How fast it is, against others and against itself."""
