"""The SQL for numbers: one typed function per question, one file per family."""
