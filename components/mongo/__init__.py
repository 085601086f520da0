"""Components of MongoDB and of what the migration creates in it."""
