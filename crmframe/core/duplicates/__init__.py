"""Who is there already: records with the same number, address or company name."""

from crmframe.core.duplicates.finding import Match, find, find_of_record

__all__ = ["Match", "find", "find_of_record"]
