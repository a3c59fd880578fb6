"""How the people of a team are doing."""
