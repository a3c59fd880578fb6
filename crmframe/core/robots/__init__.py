"""Robots of group chats, which tell a group what happened."""
