//! The live stream of exchanges.

use serde_json::{Value, json};

use crate::support::Shop;

/// An event stream, read event by event.
struct Stream {
    response: reqwest::Response,
    text: String,
}

impl Stream {
    async fn open(shop: &Shop, query: &str, last_event_id: Option<&str>) -> Self {
        let url = format!("{}/sandbox/v1/exchanges/live{query}", shop.running.url());
        let request = shop.client.get(url);
        let request = match last_event_id {
            Some(id) => request.header("Last-Event-ID", id),
            None => request,
        };
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        let mut stream = Self { response, text: String::new() };
        assert_eq!(stream.block().await.unwrap(), "retry: 1000\n: exchanges as they happen");
        stream
    }

    /// What comes next up to an empty line; `None`: the stream is over.
    async fn block(&mut self) -> Option<String> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (block, rest) = (block.to_owned(), rest.to_owned());
                self.text = rest;
                return Some(block);
            }
            let chunk = self.response.chunk().await.ok().flatten()?;
            self.text += std::str::from_utf8(&chunk).unwrap();
        }
    }

    /// The next event: its id and its exchange.
    async fn event(&mut self) -> (String, Value) {
        let block = self.block().await.unwrap();
        let (id, data) = block.split_once('\n').unwrap();
        let data = data.strip_prefix("data: ").unwrap();
        assert!(!data.contains('\n'), "one line");
        (id.strip_prefix("id: ").unwrap().to_owned(), serde_json::from_str(data).unwrap())
    }

    /// The paths of the next events.
    async fn paths(&mut self, count: usize) -> Vec<String> {
        let mut paths = Vec::new();
        for _ in 0..count {
            let (id, exchange) = self.event().await;
            assert_eq!(id, exchange["number"].to_string());
            paths.push(exchange["path"].as_str().unwrap().to_owned());
        }
        paths
    }
}

/// Exchanges whose paths are all that matters.
async fn ask(shop: &Shop, paths: &[&str]) {
    for path in paths {
        shop.get(path).await;
    }
}

#[tokio::test]
async fn each_exchange_is_told_as_it_happens() {
    let shop = Shop::open().await;
    ask(&shop, &["/before"]).await;
    let mut stream = Stream::open(&shop, "", None).await;
    ask(&shop, &["/payments/v1/a"]).await;
    let (id, told) = stream.event().await;
    let read = shop.client.get(format!("{}/sandbox/v1/exchanges/2", shop.running.url()));
    assert_eq!(id, "2");
    assert_eq!(told, read.send().await.unwrap().json::<Value>().await.unwrap());
    assert_eq!(told["request_headers"]["authorization"], "(hidden)");
    assert_eq!((&told["path"], &told["status"]), (&json!("/payments/v1/a"), &json!(404)));
    ask(&shop, &["/b", "/c"]).await;
    assert_eq!(stream.paths(2).await, ["/b", "/c"]);
}

#[tokio::test]
async fn a_reader_goes_on_where_it_was() {
    let shop = Shop::open().await;
    ask(&shop, &["/1", "/2", "/3"]).await;
    let mut all = Stream::open(&shop, "?after=0", None).await;
    assert_eq!(all.paths(3).await, ["/1", "/2", "/3"]);
    let mut back = Stream::open(&shop, "?after=0", Some("2")).await;
    assert_eq!(back.paths(1).await, ["/3"]);
    let mut lost = Stream::open(&shop, "", Some("nonsense")).await;
    // The number of an earlier sandbox.
    let mut stranger = Stream::open(&shop, "", Some("4")).await;
    assert_eq!(stranger.paths(3).await, ["/1", "/2", "/3"]);
    ask(&shop, &["/4"]).await;
    for stream in [&mut all, &mut back, &mut lost, &mut stranger] {
        assert_eq!(stream.paths(1).await, ["/4"]);
    }
}

#[tokio::test]
async fn what_does_not_fit_is_left_out() {
    let shop = Shop::open().await;
    ask(&shop, &["/payments/v1/x", "/ordermanagement/v1/boots", "/ordermanagement/v1/y"]).await;
    let mut boots = Stream::open(&shop, "?q=BOOTS&after=0", None).await;
    let mut payments = Stream::open(&shop, "?api=payments&after=0", None).await;
    ask(&shop, &["/z", "/ordermanagement/v1/more?boots=1", "/payments/v1/w"]).await;
    let found = ["/ordermanagement/v1/boots", "/ordermanagement/v1/more?boots=1"];
    assert_eq!(boots.paths(2).await, found);
    assert_eq!(payments.paths(2).await, ["/payments/v1/x", "/payments/v1/w"]);
    assert_eq!(shop.get("/sandbox/v1/exchanges?q=boots&limit=1").await.json()[0]["path"], found[0]);
}

#[tokio::test]
async fn numbers_go_on_after_a_reset() {
    let shop = Shop::open().await;
    ask(&shop, &["/1", "/2"]).await;
    let mut stream = Stream::open(&shop, "", None).await;
    assert_eq!(shop.post("/sandbox/v1/reset", &json!({})).await.status, 204);
    ask(&shop, &["/3"]).await;
    let (id, told) = stream.event().await;
    assert_eq!((id.as_str(), &told["path"]), ("3", &json!("/3")));
    let left = shop.get("/sandbox/v1/exchanges").await.json();
    assert_eq!(left.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn it_ends_with_the_sandbox() {
    let shop = Shop::open().await;
    let mut stream = Stream::open(&shop, "", None).await;
    let (client, url) = (shop.client.clone(), shop.running.url());
    drop(shop);
    assert_eq!(stream.block().await, None);
    while client.get(&url).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn only_reading_it_is_possible() {
    let shop = Shop::open().await;
    let got = shop.post("/sandbox/v1/exchanges/live", &json!({})).await;
    assert_eq!((got.status, got.json()["code"].as_str()), (404, Some("NOT_FOUND")));
}
