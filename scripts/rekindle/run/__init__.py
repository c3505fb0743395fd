"""What a command does: enter an installation, build, replay, publish, back up, restore."""
