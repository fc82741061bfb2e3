"""The checks of `haechi lint`, one module for each subject."""
