"""A noticeboard: the smallest plugin that uses every kind of extension. Read it before you write your own."""
