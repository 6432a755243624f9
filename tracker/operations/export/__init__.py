"""What was recorded, written for another tracker or for other programs."""
