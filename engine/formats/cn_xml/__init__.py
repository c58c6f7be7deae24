"""Chinese-style bank XML in GB18030: batch payment and collection, queries, statements."""
