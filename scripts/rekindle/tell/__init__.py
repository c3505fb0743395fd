"""What people are told: why a message goes out or not, and everything that is held about a person."""
