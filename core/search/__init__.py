"""Search: analysis, ranking, correction, synonyms, snippets and facets over documents that others provide."""
