"""What the planner wrote, and nothing of what becomes of it.

A file comes in by `load` (its `load`, `loads`, `read`, `read_roster`) and goes out by it again (`dump`,
`resolved`, `digest`, `replace`). Inside are `schema` (every word of a scenario), `units`, `clock` (seconds
and wall time), `shifts` (the concrete shifts that its words allow), `presets` (data) and `templates` (files
to start from); `checks.warnings` and `untold.untold` say what is odd and what was left out.
"""
