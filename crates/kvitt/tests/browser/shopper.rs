//! What a shopper does, step by step.

use fantoccini::wd::WindowHandle;

use crate::driver::Browser;
use crate::world::World;

impl Browser {
    /// The checkout's state, as the page tells it.
    pub(crate) async fn wait_for_state(&self, state: &str) {
        self.find(&format!(r#"[data-kvitt="checkout"][data-state="{state}"]"#)).await;
    }

    pub(crate) async fn message(&self) -> String {
        self.text(r#"[data-kvitt="message"]"#).await
    }

    /// Puts so many of each product into the cart of a market, and goes to the cart.
    pub(crate) async fn fill_cart(&self, world: &World, market: &str, products: &[&str]) {
        for product in products {
            self.goto(&format!("{}/?market={market}", world.shop)).await;
            self.click(&format!(r#"[data-product="{product}"] button"#)).await;
            self.find(r#"[data-shop="cart"]"#).await;
        }
    }

    /// Opens a checkout and waits until Klarna is there.
    pub(crate) async fn open_checkout(&self, link: &str) {
        self.goto(link).await;
        self.wait_for_state("ready").await;
    }

    /// Presses Buy, and looks into Klarna's window.
    pub(crate) async fn buy(&self) -> WindowHandle {
        let shop = self.window().await;
        self.click(r#"[data-kvitt="buy"]"#).await;
        self.to_other_window(&shop).await;
        self.at_step("phone").await;
        shop
    }

    pub(crate) async fn at_step(&self, step: &str) {
        self.find(&format!(r#"main[data-step="{step}"]"#)).await;
    }

    pub(crate) async fn press(&self, action: &str) {
        self.click(&format!(r#"button[name="action"][value="{action}"]"#)).await;
    }

    /// From the phone number to the choice of plan, for somebody whom Klarna knows.
    pub(crate) async fn identify(&self) {
        self.at_step("phone").await;
        self.press("continue").await;
        self.at_step("otp").await;
        self.fill(r#"[name="otp"]"#, "123456").await;
        self.press("continue").await;
    }

    /// From the choice of plan to the last button, which is pressed.
    pub(crate) async fn approve(&self) {
        self.at_step("plan").await;
        self.press("continue").await;
        self.at_step("review").await;
        self.press("approve").await;
    }

    /// All of Klarna's pages, and back to the shop.
    pub(crate) async fn pay(&self) {
        let shop = self.buy().await;
        self.identify().await;
        self.approve().await;
        self.to_last_window(&shop).await;
    }
}
