"""What a function is uploaded as: its own code, and the layers with other people's."""
