//! Where the buyer's pages are shown: in a window, else in an overlay, and what ends either.

use serde_json::json;

use crate::merchant::{Merchant, cart};

const OVERLAY: &str = "#klarna-apf-iframe";

#[tokio::test(flavor = "multi_thread")]
async fn sdk_pop_up() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    merchant.loaded(&cart()).await;
    page.script(
        "const open = window.open; window.opened = [];
        window.open = (...how) => { opened.push(how); return open(...how); };",
    )
    .await;
    let shop = merchant.buy().await;
    page.to_window(&shop).await;
    let opened = page.script("return opened").await;
    assert_eq!(opened.as_array().map(Vec::len), Some(1));
    assert_eq!(opened[0][1], "klarna-payments-popup");
    let how = opened[0][2].as_str().unwrap();
    // In the middle of the shop's window of 1280 by 900.
    let corner = page.script("return [screenX, screenY]").await;
    let [x, y] = [0, 1].map(|axis| corner[axis].as_i64().unwrap());
    let middle =
        format!("popup,width=500,height=700,left={},top={},resizable=no", x + 390, y + 100);
    assert_eq!(how, middle);
    // The shop's page is covered, and leads back to the window or out.
    let covered = "const host = document.querySelector('[data-sandbox=backdrop]');
        const dialog = host.shadowRoot.querySelector('[role=dialog][aria-modal=true]');
        return [document.activeElement === host, host.shadowRoot.activeElement.textContent,
            dialog.textContent.includes('Klarna sandbox')]";
    assert_eq!(page.script(covered).await, json!([true, "Show the window", true]));
    page.axe("the page under the pop-up").await;
    page.script("document.querySelector('a').focus()").await;
    assert_eq!(page.script(covered).await[0], true, "the keyboard stays");
    page.keys(&["Escape"]).await;
    page.to_last_window(&shop).await;
    assert_eq!(merchant.answer().await, json!({"approved": false, "show_form": true}));
    let left = "return document.querySelectorAll('[data-sandbox]').length";
    assert_eq!(page.script(left).await, 0);
    assert_eq!(page.script("return document.activeElement.id").await, "buy", "and comes back");

    // Who leaves the page takes the window along.
    merchant.buy().await;
    page.to_window(&shop).await;
    merchant.goto().await;
    page.to_last_window(&shop).await;
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_overlay_where_no_window_opens() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    let real = "const open = window.open;";
    for (name, window_open) in [
        ("refused", "window.open = () => null".to_owned()),
        ("it throws", "window.open = () => { throw new Error('no') }".to_owned()),
        (
            "closed before it showed anything",
            format!(
                "{real} window.open = (...how) => {{ const it = open(...how); it.close(); return it }}"
            ),
        ),
    ] {
        merchant.loaded(&cart()).await;
        page.script(&window_open).await;
        page.click("#buy").await;
        let frame = page.find(OVERLAY).await;
        assert_eq!(frame.attr("title").await.unwrap().as_deref(), Some("Klarna"), "{name}");
        frame.enter_frame().await.unwrap();
        page.identify().await;
        page.approve().await;
        page.client.enter_parent_frame().await.unwrap();
        assert_eq!(merchant.answer().await["approved"], true, "{name}");
        assert_eq!(page.count(OVERLAY).await, 0, "{name}");
        assert_eq!(page.windows().await, 1, "{name}");
    }
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_overlay_where_the_window_stays_empty() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    for closed_by_the_buyer in [false, true] {
        merchant.loaded(&cart()).await;
        merchant.fault("/kp/flow/", &json!({"kind": "status", "status": 500})).await;
        let shop = page.window().await;
        // No time passes but what is said.
        page.script("const now = Date.now(); window.late = 0; Date.now = () => now + late").await;
        page.click("#buy").await;
        page.to_other_window(&shop).await;
        let look = async || {
            let url = page.client.current_url().await.ok()?;
            url.path().starts_with("/kp/flow/").then_some(())
        };
        page.until("the window shows an error", look).await;
        if closed_by_the_buyer {
            page.client.close_window().await.unwrap();
            page.to_window(&shop).await;
        } else {
            page.to_window(&shop).await;
            assert_eq!(page.count(OVERLAY).await, 0);
            page.script("late = 10001").await;
        }
        page.find(OVERLAY).await.enter_frame().await.unwrap();
        page.at_step("phone").await;
        page.client.enter_parent_frame().await.unwrap();
        page.to_last_window(&shop).await;
        assert_eq!(page.script("return told").await, json!([]));
    }
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_only_the_buyers_window_is_believed() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    merchant.loaded(&cart()).await;
    page.script(
        "const spied = window.fetch; window.fetch = async (...asked) => {
            const answer = await spied(...asked);
            window.flow = await answer.clone().json();
            return answer;
        };",
    )
    .await;
    let shop = merchant.buy().await;
    page.to_window(&shop).await;
    let forged = "return new Promise((done) => {
        addEventListener('message', () => setTimeout(done), {once: true});
        postMessage({source: 'klarna-sandbox', flow_id: flow.flow_id,
            result: {approved: true, show_form: true}}, '*');
    })";
    page.script(forged).await;
    assert_eq!(page.windows().await, 2, "the buyer goes on");
    assert_eq!(page.script("return told").await, json!([]));
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_overlay_covers_and_gives_back() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    merchant.loaded(&cart()).await;
    page.script(
        "window.open = () => null; window.events = [];
        document.querySelector('main').style.minHeight = '3000px'; scrollTo(0, 120);
        document.body.style.color = 'rgb(1, 2, 3)';
        for (const event of ['fullscreenOverlayShown', 'fullscreenOverlayHidden']) {
            Klarna.Payments.on(event, (...with_) => events.push([event, with_.length]));
        }",
    )
    .await;
    let state = "return [document.documentElement, document.body].map((it) => \
        it.classList.contains('klarna-payments-fso-open')).concat(scrollY, \
        document.body.getAttribute('style'))";
    let before = page.script(state).await;
    page.script("document.querySelector('#buy').focus({preventScroll: true}); buy()").await;
    page.find(OVERLAY).await;
    let during = page.script(state).await;
    assert_eq!((&during[0], &during[1]), (&json!(true), &json!(true)));
    let fixed = "const { position, top } = getComputedStyle(document.body); return [position, top]";
    assert_eq!(page.script(fixed).await, json!(["fixed", "-120px"]));
    assert_eq!(page.script("return events").await, json!([["fullscreenOverlayShown", 0]]));
    page.script("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'Escape'}))").await;
    assert_eq!(merchant.answer().await, json!({"approved": false, "show_form": true}));
    assert_eq!(page.script(state).await, before);
    let events = json!([["fullscreenOverlayShown", 0], ["fullscreenOverlayHidden", 0]]);
    assert_eq!(page.script("return events").await, events);
    merchant.browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sdk_flow_that_cannot_begin() {
    let merchant = Merchant::open().await;
    let page = &merchant.browser;
    merchant.loaded(&cart()).await;
    let shop = page.window().await;
    merchant.fault("/purchase-flows", &json!({"kind": "status", "status": 503})).await;
    page.click("#buy").await;
    let failed = json!({"approved": false, "show_form": false});
    assert_eq!(merchant.answer().await, failed, "told, never thrown");
    page.to_last_window(&shop).await;
    // The session is over: the same, and the next one is another matter.
    merchant.at_sandbox("POST", "/sandbox/v1/clock/advance", &json!({"by": "PT49H"})).await;
    page.click("#buy").await;
    assert_eq!(merchant.told(2).await[1], failed);
    merchant.loaded(&cart()).await;
    merchant.buy().await;
    merchant.browser.close().await;
}
