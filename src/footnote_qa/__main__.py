"""Run the command `footnote` as `python -m footnote_qa`."""

from footnote_qa.bot.cli import main

if __name__ == "__main__":
    main()
