"""The commands, one module each; `haechi.cli.app` names them and imports none before it runs."""
