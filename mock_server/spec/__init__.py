"""The OpenAPI document: reading it, its operations, its schemas. Pure but for the meta-schema's loader."""
