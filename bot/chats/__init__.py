"""Shelf 1: chat platforms, one place each.

A chat makes a `Call` of what a leader says and shows the `Reply`; it posts and edits messages when
the postman asks. `bot.app` plugs in those that are set up.
"""
