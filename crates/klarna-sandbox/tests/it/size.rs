//! How much the browser SDK's stand-in makes a page load.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};

use crate::support::Shop;

/// Below this once it is compressed, in bytes.
const LIMIT: usize = 40_000;

/// `cargo nextest run -p klarna-sandbox size --no-capture` shows the figures.
#[tokio::test]
async fn the_script_is_small() {
    let shop = Shop::open().await;
    let script = shop.get("/kp/lib/v1/api.js").await.text;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(script.as_bytes()).unwrap();
    let compressed = encoder.finish().unwrap().len();
    println!("api.js: {} bytes, {compressed} compressed; the limit is {LIMIT}", script.len());
    assert!(compressed < LIMIT, "{compressed} bytes");
    assert!(compressed > 1000, "the whole script");
}
