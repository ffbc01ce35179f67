"""Many days: replications of rosters on any engine, over any executor, and what is known after them."""
