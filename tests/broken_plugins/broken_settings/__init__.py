"""Its settings are not set."""

from pydantic import BaseModel


class Settings(BaseModel):
    """What must be set."""

    limit: int
