"""What holds for the whole workspace: its settings, and the master data of the company that works here."""
