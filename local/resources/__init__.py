"""How each kind of resource comes to be: made up (recordings) or really created in the emulator."""
