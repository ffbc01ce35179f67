"""cssim."""
