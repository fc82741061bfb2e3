"""The screens of `haechi lab`."""
