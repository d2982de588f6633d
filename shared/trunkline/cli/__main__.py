"""`python -m trunkline.cli`, for where the `trunkline` script is not on the path."""

from trunkline.cli import main

if __name__ == "__main__":
    main()
