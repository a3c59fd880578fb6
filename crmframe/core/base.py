"""The base of the core's own entities: the core declares them as every plugin does."""

from crmframe.core.entities.declare import plugin_base

Base = plugin_base("core")
