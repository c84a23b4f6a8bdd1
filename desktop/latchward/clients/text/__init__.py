"""Documents as text: what is to change changes, and every other byte stays."""
