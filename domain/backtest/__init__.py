"""A scoring model tried on what has already happened: history is replayed through it and through the model in use."""
