//! Every page and state once, looked at.

use crate::driver::Browser;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_shop() {
    let world = World::start();
    let browser = Browser::open().await;
    browser.goto(&world.shop).await;
    browser.look("shop-products").await;
    browser.goto(&format!("{}/cart", world.shop)).await;
    browser.look("shop-cart-empty").await;
    browser.fill_cart(&world, "SE", &["coffee", "coffee", "book", "lamp"]).await;
    browser.look("shop-cart").await;
    browser.close().await;
}
