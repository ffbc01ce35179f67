"""Closed forms on plain numbers: a planner's quick answers, and where the search for a roster starts."""
