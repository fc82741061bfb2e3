"""The figures that Haechi promises, and the seeded clusters on which they are taken."""
