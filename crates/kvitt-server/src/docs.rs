//! The description of the interface, for programs and for people. Loads nothing from elsewhere.

mod page;

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use crate::problem::Problem;

static DESCRIPTION: LazyLock<String> =
    LazyLock::new(|| crate::openapi().to_pretty_json().unwrap_or_default());

static PAGE: LazyLock<Option<String>> = LazyLock::new(|| page::render().ok());

/// Read this description as an OpenAPI document
#[utoipa::path(get, path = "/openapi.json", tag = "Service", operation_id = "openapi_json",
    responses((status = 200, description = "An OpenAPI document", body = Object)))]
pub(crate) async fn openapi_json() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DESCRIPTION.as_str()).into_response()
}

/// Read this description as a page
#[utoipa::path(get, path = "/docs", tag = "Service", operation_id = "docs",
    responses((status = 200, description = "A page", body = String, content_type = "text/html")))]
pub(crate) async fn page() -> Result<Response, Problem> {
    let page = PAGE.as_deref().ok_or_else(Problem::internal)?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
                 form-action 'none'; frame-ancestors 'none'",
            ),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
    ];
    Ok((headers, page).into_response())
}
