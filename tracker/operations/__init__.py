"""Operating: what keeps a tracker healthy over years, on top of what is stored and read."""
