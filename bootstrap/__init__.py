"""What a person applies once to an account, so that the workflow may sign in: who is trusted, and what each may do."""
