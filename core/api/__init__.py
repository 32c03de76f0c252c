"""The REST API: resources of plugins and of records under ``/api/v1/<district>/``, described by OpenAPI per district."""
