//! What the buyer sees, page by page and state by state, and what the shop's page shows of it.

use serde_json::json;

use crate::driver::Browser;
use crate::merchant::{Merchant, cart, cart_of};

/// The overlay's frame has a document of its own, which axe cannot look into from outside: its
/// pages are looked at in the window.
const IN_FRAME: &str = "#klarna-apf-iframe";

/// Also on a small phone nothing sticks out.
pub(crate) async fn look(page: &Browser, name: &str) {
    page.look(name).await;
    page.resize(360, 640).await;
    page.fits(name, "small phone").await;
    page.chromium("Emulation.clearDeviceMetricsOverride", json!({})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_pictures_of_the_shops_page() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    merchant.loaded(&cart()).await;
    look(page, "sdk-widget").await;
    merchant.buy().await;
    let windows = page.client.windows().await.unwrap();
    page.to_window(&windows[0]).await;
    page.look("sdk-backdrop").await;
    page.keys(&["Escape"]).await;
    merchant.answer().await;
    page.script("window.open = () => null").await;
    page.click("#buy").await;
    page.find(IN_FRAME).await.enter_frame().await.unwrap();
    page.at_step("phone").await;
    page.client.enter_parent_frame().await.unwrap();
    page.look("sdk-overlay").await;
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_pictures_of_the_buyers_pages() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    merchant.loaded(&cart_of("customer+new_user+auth_id_scan@email.se")).await;
    let shop = merchant.buy().await;
    look(page, "buyer-phone").await;
    page.click("summary").await;
    look(page, "buyer-test-persons").await;
    page.fill("#phone", "12").await;
    page.press("continue").await;
    page.find("#phone-problem").await;
    look(page, "buyer-phone-problem").await;
    page.fill("#phone", "+46701740620").await;
    page.press("continue").await;
    page.at_step("otp").await;
    look(page, "buyer-otp").await;
    page.fill("#otp", "999999").await;
    page.press("continue").await;
    page.find("#otp-problem").await;
    look(page, "buyer-otp-problem").await;
    page.fill("#otp", "123456").await;
    page.press("continue").await;
    page.at_step("sign_up").await;
    look(page, "buyer-sign-up").await;
    for (name, text) in [("given_name", " "), ("postal_code", "1"), ("date_of_birth", "then")] {
        page.fill(&format!("#{name}"), text).await;
    }
    page.press("continue").await;
    page.find("#given_name-problem").await;
    look(page, "buyer-sign-up-problems").await;
    for (name, text) in [("given_name", "Nina"), ("postal_code", "11148")] {
        page.fill(&format!("#{name}"), text).await;
    }
    page.fill("#date_of_birth", "1970-07-10").await;
    page.press("continue").await;
    page.at_step("check").await;
    look(page, "buyer-check").await;
    page.press("continue").await;
    page.at_step("plan").await;
    look(page, "buyer-plan").await;
    page.press("continue").await;
    page.at_step("review").await;
    look(page, "buyer-review").await;
    page.press("close").await;
    page.wait_for_text("h1", "Cancel the purchase?").await;
    look(page, "buyer-close").await;
    page.press("stay").await;
    page.at_step("review").await;
    page.press("approve").await;
    page.at_step("denied").await;
    look(page, "buyer-denied").await;
    let address = page.client.current_url().await.unwrap();
    page.press("leave").await;
    page.to_last_window(&shop).await;
    // Opened again by its address, there is no shop to tell.
    page.goto(address.as_str()).await;
    page.at_step("done").await;
    look(page, "buyer-done").await;
    page.goto(address.join("unknown").unwrap().as_str()).await;
    page.at_step("not-found").await;
    look(page, "buyer-not-found").await;

    merchant.loaded(&cart()).await;
    merchant.buy().await;
    merchant.at_sandbox("POST", "/sandbox/v1/clock/advance", &json!({"by": "PT49H"})).await;
    page.press("continue").await;
    page.at_step("expired").await;
    look(page, "buyer-expired").await;
    merchant.browser.close().await;
}
