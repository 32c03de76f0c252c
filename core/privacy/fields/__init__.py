"""Protected fields: sealed columns, masks, purposes, showing a value and whose it is."""
