//! The one table of routes: what there is, and who may call it. Router and description are both
//! made from it, so that neither knows a route that the other does not.

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::MethodRouter;
use utoipa::OpenApi as _;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, RefOr, ResponseBuilder};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use utoipa_axum::routes;

use crate::app::{App, ServerConfig};
use crate::problem::{Problem, codes};
use crate::{
    assets, attention, callbacks, checkout_page, checkouts, dashboard, docs, events, health,
    intents, layers, ledger, metrics, orders, webhook_endpoints,
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
    /// An operator who is signed in.
    Operator,
    /// Whoever may see the metrics: with an API key, or everybody where configured so.
    Metrics,
    /// Everybody.
    Anyone,
}

/// A route with its description, which is megabytes with all its schemas: made when it is needed, one
/// at a time.
type Described = fn() -> UtoipaMethodRouter<App>;

macro_rules! described {
    ($(($owner:expr, $routes:expr)),* $(,)?) => {
        vec![$(($owner, (|| $routes) as Described)),*]
    };
}

fn table() -> Vec<(Owner, Described)> {
    use Owner::{Anyone, Klarna, Merchant, Metrics};
    described![
        (Merchant, routes!(checkouts::create::create)),
        (Merchant, routes!(checkouts::list::list)),
        (Merchant, routes!(checkouts::read::read)),
        (Merchant, routes!(checkouts::change::change)),
        (Merchant, routes!(checkouts::abandon::abandon)),
        (Merchant, routes!(checkouts::authorization::authorization)),
        (Merchant, routes!(checkouts::place::place)),
        (Merchant, routes!(checkouts::reconcile::reconcile)),
        (Merchant, routes!(checkouts::reconcile::adopt)),
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
        (Merchant, routes!(orders::undo::undo)),
        (Merchant, routes!(orders::reconcile::reconcile)),
        (Merchant, routes!(orders::shipping_info::of_order)),
        (Merchant, routes!(orders::shipping_info::of_capture)),
        (Merchant, routes!(orders::send_out::trigger)),
        (Merchant, routes!(intents::read)),
        (Merchant, routes!(intents::settle)),
        (Merchant, routes!(attention::attention)),
        (Merchant, routes!(ledger::read)),
        (Merchant, routes!(ledger::thaw)),
        (Merchant, routes!(events::list)),
        (Merchant, routes!(checkouts::events::events)),
        (Merchant, routes!(checkouts::callbacks::callbacks)),
        (Merchant, routes!(orders::events::events)),
        (Merchant, routes!(webhook_endpoints::create::create)),
        (Merchant, routes!(webhook_endpoints::list::list)),
        (Merchant, routes!(webhook_endpoints::read::read)),
        (Merchant, routes!(webhook_endpoints::change::change)),
        (Merchant, routes!(webhook_endpoints::delete::delete)),
        (Merchant, routes!(webhook_endpoints::rotate_secret::rotate_secret)),
        (Merchant, routes!(webhook_endpoints::deliveries::deliveries)),
        (Merchant, routes!(webhook_endpoints::resend::resend)),
        (Merchant, routes!(webhook_endpoints::test::test)),
        (Merchant, routes!(webhook_endpoints::messages::messages)),
        (Klarna, routes!(callbacks::authorization)),
        (Klarna, routes!(callbacks::notification)),
        (Klarna, routes!(callbacks::push)),
        (Klarna, routes!(callbacks::confirmation)),
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
    let operators = dashboard::routes().into_iter().map(owned(Owner::Operator));
    let door = dashboard::door().into_iter().map(owned(Owner::Anyone));
    let files = assets::routes().into_iter().map(owned(Owner::Anyone));
    shoppers.chain(operators).chain(door).chain(files).collect()
}

/// The server: every route, and what happens around each.
pub fn router(config: ServerConfig) -> Router {
    let app = App::new(config);
    let mut router = OpenApiRouter::<App>::new();
    for (owner, described) in table() {
        let (_, paths, handlers) = described();
        let handlers = match owner {
            Owner::Merchant => {
                handlers.route_layer(from_fn_with_state(app.clone(), layers::require_key))
            }
            Owner::Metrics => handlers
                .route_layer(from_fn_with_state(app.clone(), layers::require_key_for_metrics)),
            // Secrets in addresses are checked where the checkout is known: in the engine.
            Owner::Klarna | Owner::Shopper | Owner::Anyone => handlers,
            Owner::Operator => dashboard::guarded(handlers, &app),
        };
        // Nobody reads the schemas of a router that serves.
        router = router.routes((Vec::new(), paths, handlers));
    }
    let (mut router, _) = router.split_for_parts();
    for (owner, path, handlers) in pages() {
        let handlers = match owner {
            Owner::Operator => dashboard::guarded(handlers, &app),
            _ => handlers,
        };
        router = router.route(path, handlers);
    }
    router
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn_with_state(app.clone(), layers::around))
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
        (name = "Webhooks", description = "Where events are sent, signed, in the format of \
            Standard Webhooks (https://www.standardwebhooks.com)."),
        (name = "Klarna", description = "Where Klarna calls back."),
        (name = "Service", description = "The server itself."),
    ),
    components(schemas(crate::problem::Content)),
)]
struct Base;

/// The description of the server's interface.
pub fn openapi() -> OpenApi {
    let mut router = OpenApiRouter::<App>::with_openapi(Base::openapi());
    for (owner, described) in table() {
        let (schemas, mut paths, handlers) = described();
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
    use std::sync::Arc;

    use axum::body::Body;
    use axum::http::{Method, Request, StatusCode, header};
    use axum::response::Response;
    use kvitt_engine::{Accounts, Engine, Parts, RandomIds, Settings, SystemClock};
    use tower::ServiceExt as _;

    use super::*;

    #[test]
    fn only_these_routes_are_open() {
        let open: Vec<String> = table()
            .into_iter()
            .filter(|(owner, _)| *owner != Owner::Merchant)
            .flat_map(|(owner, described)| {
                let (_, paths, _) = described();
                paths.paths.into_keys().map(move |path| format!("{owner:?} {path}"))
            })
            .collect();
        assert_eq!(
            open,
            [
                "Klarna /callbacks/klarna/{checkout_id}/{secret}/authorization",
                "Klarna /callbacks/klarna/{checkout_id}/{secret}/notification",
                "Klarna /callbacks/klarna/{checkout_id}/{secret}/push",
                "Klarna /callbacks/klarna/{checkout_id}/{secret}/confirmation",
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
                "Operator /dashboard",
                "Operator /dashboard/attention",
                "Operator /dashboard/webhook-endpoints/{id}/enable",
                "Operator /dashboard/orders",
                "Operator /dashboard/orders/{id}",
                "Operator /dashboard/orders/{id}/acts/undo",
                "Operator /dashboard/orders/{id}/acts/{kind}",
                "Operator /dashboard/orders/{id}/settle/{intent}",
                "Operator /dashboard/orders/{id}/adopt",
                "Operator /dashboard/orders/{id}/reconcile",
                "Operator /dashboard/sign-out",
                "Anyone /dashboard/sign-in",
                "Anyone /embed.js",
                "Anyone /assets/checkout.css",
                "Anyone /assets/dashboard.css",
            ]
        );
    }

    /// A server that nobody is signed in to.
    async fn unknown_to_all(folder: &std::path::Path) -> Router {
        let database = format!("sqlite:{}", folder.join("kvitt.db").display());
        let engine = Engine::new(Parts {
            ledger: kvitt_ledger::open(&database).await.unwrap(),
            accounts: Accounts::default(),
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            settings: Settings::new("https://pay.example".parse().unwrap()),
        });
        router(ServerConfig::new(engine, Arc::new(RandomIds)))
    }

    #[tokio::test]
    async fn whoever_is_not_signed_in_reaches_no_page_for_operators() {
        let folder = tempfile::tempdir().unwrap();
        let router = unknown_to_all(folder.path()).await;
        let ask = async |method: &Method, path: &str, origin: &str| -> Response {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header(header::ORIGIN, origin)
                .header(header::COOKIE, "__Host-kvitt_session=stolen");
            router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
        };
        let paths = pages().into_iter().filter(|(owner, ..)| *owner == Owner::Operator);
        for (_, path, _) in paths {
            let path = path.replace(['{', '}'], "_");
            let mut taken = 0;
            for method in [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                let answer = ask(&method, &path, "https://pay.example").await;
                if answer.status() == StatusCode::METHOD_NOT_ALLOWED {
                    continue;
                }
                taken += 1;
                if method == Method::GET {
                    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
                    let to = answer.headers()[header::LOCATION].to_str().unwrap();
                    assert!(to.starts_with("/dashboard/sign-in"), "{path}: {to}");
                } else {
                    assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{method} {path}");
                    let foreign = ask(&method, &path, "https://evil.example").await;
                    assert_eq!(foreign.status(), StatusCode::FORBIDDEN, "{method} {path}");
                }
                assert!(answer.headers().contains_key(header::CONTENT_SECURITY_POLICY), "{path}");
            }
            assert!(taken > 0, "{path} takes no method");
        }
    }

    #[test]
    fn every_page_of_the_dashboard_but_its_door_is_for_operators() {
        for (owner, path, _) in pages() {
            let is_door = path == "/dashboard/sign-in";
            if path.starts_with("/dashboard") && !is_door {
                assert_eq!(owner, Owner::Operator, "{path}");
            } else {
                assert_ne!(owner, Owner::Operator, "{path}");
            }
        }
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
