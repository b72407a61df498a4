"""The heart: what can happen in a community, in verbs. No SDK, no HTTP, no markup, no SQL."""
