"""`python -m pteg` is the command line."""

from pteg.cli import main

if __name__ == "__main__":
    main()
