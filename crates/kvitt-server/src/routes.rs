//! The one table of routes: what there is, and who may call it. Router and description are both
//! made from it, so that neither knows a route that the other does not.

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::MethodRouter;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::app::{App, ServerConfig};
use crate::problem::{Problem, codes};
use crate::{
    assets, callbacks, checkout_page, checkouts, docs, events, health, intents, layers, metrics,
    orders,
};

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// A shop, with its API key.
    Merchant,
    /// Klarna, with the checkout's secret in the address.
    Klarna,
    /// A shopper, with the link's secret in the address.
    Shopper,
    /// Whoever may see the metrics: with an API key, or everybody where configured so.
    Metrics,
    /// Everybody.
    Anyone,
}

fn table() -> Vec<(Owner, UtoipaMethodRouter<App>)> {
    use Owner::{Anyone, Klarna, Merchant, Metrics};
    vec![
        (Merchant, routes!(checkouts::create::create)),
        (Merchant, routes!(checkouts::list::list)),
        (Merchant, routes!(checkouts::read::read)),
        (Merchant, routes!(checkouts::change::change)),
        (Merchant, routes!(checkouts::abandon::abandon)),
        (Merchant, routes!(checkouts::authorization::authorization)),
        (Merchant, routes!(checkouts::place::place)),
        (Merchant, routes!(orders::list::list)),
        (Merchant, routes!(orders::read::read)),
        (Merchant, routes!(orders::change::change)),
        (Merchant, routes!(orders::captures::create)),
        (Merchant, routes!(orders::captures::list)),
        (Merchant, routes!(orders::refunds::create)),
        (Merchant, routes!(orders::refunds::list)),
        (Merchant, routes!(orders::close::cancel)),
        (Merchant, routes!(orders::close::release)),
        (Merchant, routes!(orders::close::extend)),
        (Merchant, routes!(orders::shipping_info::of_order)),
        (Merchant, routes!(orders::shipping_info::of_capture)),
        (Merchant, routes!(intents::read)),
        (Merchant, routes!(events::list)),
        (Merchant, routes!(checkouts::events::events)),
        (Merchant, routes!(orders::events::events)),
        (Klarna, routes!(callbacks::authorization)),
        (Klarna, routes!(callbacks::notification)),
        (Anyone, routes!(health::healthz)),
        (Anyone, routes!(health::readyz)),
        (Metrics, routes!(metrics::metrics)),
        (Anyone, routes!(docs::openapi_json)),
        (Anyone, routes!(docs::page)),
    ]
}

/// Pages, their scripts and files: what is no interface for programs, and not described as one.
fn pages() -> Vec<(Owner, &'static str, MethodRouter<App>)> {
    let owned = |owner| move |(path, handlers)| (owner, path, handlers);
    let shoppers = checkout_page::routes().into_iter().map(owned(Owner::Shopper));
    let files = assets::routes().into_iter().map(owned(Owner::Anyone));
    shoppers.chain(files).collect()
}

/// The server: every route, and what happens around each.
pub fn router(config: ServerConfig) -> Router {
    let app = App::new(config);
    let mut router = OpenApiRouter::<App>::new();
    for (owner, (schemas, paths, handlers)) in table() {
        let handlers = match owner {
            Owner::Merchant => {
                handlers.route_layer(from_fn_with_state(app.clone(), layers::require_key))
            }
            Owner::Metrics => handlers
                .route_layer(from_fn_with_state(app.clone(), layers::require_key_for_metrics)),
            // Secrets in addresses are checked where the checkout is known: in the engine.
            Owner::Klarna | Owner::Shopper | Owner::Anyone => handlers,
        };
        router = router.routes((schemas, paths, handlers));
    }
    let (mut router, _) = router.split_for_parts();
    for (_, path, handlers) in pages() {
        router = router.route(path, handlers);
    }
    router
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn(layers::take_in))
        .layer(from_fn_with_state(app.clone(), layers::within_time))
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(from_fn_with_state(app.clone(), layers::observe))
        .with_state(app)
}

async fn no_such_path() -> Problem {
    Problem::new(codes::ROUTE_NOT_FOUND, "there is no such path: see /docs for those there are")
}

async fn no_such_method() -> Problem {
    let detail = "the path does not take this method: the header Allow lists those that it takes";
    Problem::new(codes::METHOD_NOT_ALLOWED, detail)
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "kvitt",
        description = "Take Klarna payments: checkouts, orders, captures, refunds. Amounts are \
            integers in minor units (149.90 kr is 14990). Every answer carries `X-Request-Id`. \
            Errors are `application/problem+json` with a stable `code`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "Checkouts", description = "One cart to be paid, until it is an order."),
        (name = "Orders", description = "What Klarna accepted, and what becomes of it."),
        (name = "Intents", description = "Acts that were wanted, and how far they have come."),
        (name = "Events", description = "What happened, in order."),
        (name = "Klarna", description = "Where Klarna calls back."),
        (name = "Service", description = "The server itself."),
    ),
    components(schemas(crate::problem::Content)),
)]
struct Base;

/// The description of the server's interface.
pub fn openapi() -> OpenApi {
    let mut router = OpenApiRouter::<App>::with_openapi(Base::openapi());
    for (owner, (schemas, mut paths, handlers)) in table() {
        for item in paths.paths.values_mut() {
            for operation in operations(item) {
                describe(operation, owner);
            }
        }
        router = router.routes((schemas, paths, handlers));
    }
    let (_, mut openapi) = router.split_for_parts();
    if let Some(components) = &mut openapi.components {
        let key = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API key, as `kvitt key create` makes it"))
            .build();
        components.add_security_scheme(API_KEY, SecurityScheme::Http(key));
    }
    openapi
}

const API_KEY: &str = "api_key";

/// What holds for every operation of an owner.
fn describe(operation: &mut Operation, owner: Owner) {
    let needs_key = matches!(owner, Owner::Merchant | Owner::Metrics);
    if needs_key {
        let scopes: [&str; 0] = [];
        let requirement = utoipa::openapi::SecurityRequirement::new(API_KEY, scopes);
        operation.security = Some(vec![requirement]);
    }
    let problem = ResponseBuilder::new()
        .description("What went wrong, and the way out")
        .content(
            "application/problem+json",
            Content::new(Some(RefOr::Ref(Ref::from_schema_name("Problem")))),
        )
        .build();
    operation.responses.responses.insert("default".to_owned(), RefOr::T(problem));
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_these_routes_are_open() {
        let open: Vec<String> = table()
            .into_iter()
            .filter(|(owner, _)| *owner != Owner::Merchant)
            .flat_map(|(owner, (_, paths, _))| {
                paths.paths.into_keys().map(move |path| format!("{owner:?} {path}"))
            })
            .collect();
        assert_eq!(
            open,
            [
                "Klarna /callbacks/klarna/{checkout_id}/{secret}/authorization",
                "Klarna /callbacks/klarna/{checkout_id}/{secret}/notification",
                "Anyone /healthz",
                "Anyone /readyz",
                "Metrics /metrics",
                "Anyone /openapi.json",
                "Anyone /docs",
            ]
        );
    }

    #[test]
    fn only_these_pages_are_there() {
        let pages: Vec<String> =
            pages().into_iter().map(|(owner, path, _)| format!("{owner:?} {path}")).collect();
        assert_eq!(
            pages,
            [
                "Shopper /checkout/{checkout_id}/{secret}",
                "Shopper /checkout/{checkout_id}/{secret}/",
                "Shopper /checkout/{checkout_id}/{secret}/fragment",
                "Shopper /checkout/{checkout_id}/{secret}/state",
                "Shopper /checkout/{checkout_id}/{secret}/session",
                "Shopper /checkout/{checkout_id}/{secret}/shopper",
                "Shopper /checkout/{checkout_id}/{secret}/authorization",
                "Anyone /embed.js",
                "Anyone /assets/checkout.css",
            ]
        );
    }

    #[test]
    fn every_operation_is_described() {
        let mut openapi = openapi();
        for (path, item) in &mut openapi.paths.paths {
            for operation in operations(item) {
                let summary = operation.summary.as_deref().unwrap_or_default();
                assert!(!summary.is_empty(), "{path} has no summary");
                assert!(operation.operation_id.is_some(), "{path} has no operation id");
            }
        }
    }
}
