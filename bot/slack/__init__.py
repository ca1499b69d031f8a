"""The Slack adapter: takes questions and posts exactly one answer in their thread."""
