//! Validates recorded answers of the sandbox against Klarna's published OpenAPI files.
