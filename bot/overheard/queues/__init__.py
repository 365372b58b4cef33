"""Who carries the tasks of runs out: this process, or workers that share a PostgreSQL database."""
