"""Questions from Slack, and exactly one answer in their thread."""
