"""Back up and restore: the state, the spending, the approved answers, and the index in use."""

from footnote_qa.bot.backup.archive import Backup, Place, write_backup
from footnote_qa.bot.backup.restoring import restore_backup

__all__ = ["Backup", "Place", "restore_backup", "write_backup"]
