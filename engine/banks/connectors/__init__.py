"""One module per way a bank speaks; a profile names its module (`connector: iso20022`)."""
