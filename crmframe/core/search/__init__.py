"""Search over all records: one tokenizer for both databases, their own inverted indexes, the actor's rights inside."""
