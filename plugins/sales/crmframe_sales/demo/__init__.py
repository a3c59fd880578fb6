"""What the sample company sells: leads, deals, quotes, orders and targets."""
