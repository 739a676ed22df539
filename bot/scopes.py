"""What the bot must be allowed to do in Slack: each Web API method that we call, and the scopes it asks for."""

from collections.abc import Mapping

METHODS: Mapping[str, tuple[str, ...]] = {
    "auth.test": (),
    "chat.delete": ("chat:write",),
    "chat.getPermalink": (),
    "chat.postEphemeral": ("chat:write",),
    "chat.postMessage": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.history": ("channels:history", "groups:history", "im:history"),
    "conversations.info": ("channels:read", "groups:read", "im:read"),
    "conversations.open": ("im:write",),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "files.completeUploadExternal": ("files:write",),
    "files.getUploadURLExternal": ("files:write",),
    "users.info": ("users:read",),
    "users.lookupByEmail": ("users:read", "users:read.email"),
    "views.open": (),
    "views.publish": (),
    "views.update": (),
}
"""Of the kinds of conversation we know public channels, private ones and direct messages."""

COMMANDS = "commands"
"""Slash commands ask for one as well, and are no method."""

BOT_SCOPES = frozenset({COMMANDS, *(scope for scopes in METHODS.values() for scope in scopes)})
APP_SCOPES = frozenset({"connections:write"})
"""Of the app-level token, for apps.connections.open."""
