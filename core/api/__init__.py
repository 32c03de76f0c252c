"""The REST API: resources of plugins and records under ``/api/v1/<district>/``, with OpenAPI for each district."""
