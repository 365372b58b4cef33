"""Lets ``python -m overheard`` do what ``overheard`` does."""

from overheard.app import main

if __name__ == "__main__":
    main()
