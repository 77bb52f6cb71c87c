//! A shop's single-page app, served by the test, with a policy that allows no inline script.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::driver::Browser;
use crate::world::World;

const PAGE: &str = r#"<!doctype html><html lang="en"><head><meta charset="utf-8"><title>App</title>
<link rel="icon" href="data:,"></head><body><main><h1>App</h1><div id="view"></div></main>
<script src="/app.js"></script></body></html>"#;

/// What such an app has: it draws views, and Klarna's callback is its own too.
const APP: &str = r#"
window.completed = [];
window.called = 0;
window.klarnaAsyncCallback = () => { window.called += 1; };
window.load = (server, data = {}) => new Promise((loaded) => {
  const script = document.createElement("script");
  Object.assign(script.dataset, data);
  script.onload = loaded;
  script.src = server + "/embed.js";
  document.querySelector('#view').append(script);
});
window.draw = (id) => { document.querySelector('#view').innerHTML = `<div id="${id}"></div>`; };
window.mount = (checkout, container) => window.Kvitt.mount({
  checkout, container, onCompleted: (it) => { window.completed.push(it); window.afterwards?.(); },
});
"#;

pub(crate) struct App {
    pub(crate) url: String,
    serving: JoinHandle<()>,
}

impl App {
    pub(crate) async fn start(world: &World) -> Self {
        let (server, sandbox) = (&world.server, &world.sandbox);
        let policy = format!(
            "default-src 'none'; script-src 'self' {server} {sandbox}; style-src {server} \
             'unsafe-inline'; connect-src {server} {sandbox}; frame-src {sandbox}; img-src data:; \
             form-action 'self'; base-uri 'none'"
        );
        let page = move || {
            let policy = policy.clone();
            async move {
                let html = "text/html; charset=utf-8".to_owned();
                ([(header::CONTENT_TYPE, html), (header::CONTENT_SECURITY_POLICY, policy)], PAGE)
                    .into_response()
            }
        };
        let script = async || ([(header::CONTENT_TYPE, "text/javascript")], APP);
        let router = Router::new().route("/", get(page)).route("/app.js", get(script));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.unwrap();
        });
        Self { url, serving }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Browser {
    /// Loads kvitt's script into the app, as often as this is called.
    pub(crate) async fn load_kvitt(&self, world: &World, data: Value) {
        let wait = "const [server, data, done] = arguments; load(server, data).then(done)";
        let arguments = vec![json!(world.server), data];
        self.client.execute_async(wait, arguments).await.unwrap();
    }

    /// Draws a view with a container, and the checkout in it.
    pub(crate) async fn mount(&self, link: &str, id: &str) {
        let mount = "draw(arguments[1]); window.handle = mount(arguments[0], '#' + arguments[1])";
        self.client.execute(mount, vec![json!(link), json!(id)]).await.unwrap();
    }

    /// How often the app was told that it is done.
    pub(crate) async fn times_completed(&self) -> u64 {
        self.script("return completed.length").await.as_u64().unwrap()
    }
}
