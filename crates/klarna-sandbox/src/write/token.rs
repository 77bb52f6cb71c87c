//! The client token: it looks like the real one (recorded exchange), and its `base_url` leads the
//! browser back to the sandbox. The signature is noise.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use crate::{
    rules::{market, purchase::Purchase},
    state::Moment,
};

/// A token for the browser SDK.
pub(crate) fn client_token(session_id: &str, purchase: &Purchase, moment: &Moment<'_>) -> String {
    let country = purchase.country();
    let locale = market::locale(&country, purchase.locale.as_deref());
    let header = json!({"alg": "RS256", "kid": "5a4d2b0c-0000-4000-8000-6b766974740a"});
    let claims = json!({
        "session_id": session_id,
        "base_url": format!("{}/kp", moment.base_url),
        "design": purchase.design.as_deref().unwrap_or("klarna"),
        "language": locale.get(..2),
        "purchase_country": country,
        "environment": "playground",
        "merchant_name": "Sandbox shop",
        "session_type": "PAYMENTS",
        "client_event_base_url": moment.base_url,
        "scheme": true,
        "experiments": [],
        "region": market::region(&country),
        "order_amount": purchase.amount(),
        "version": "sandbox",
    });
    let [header, claims] =
        [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string().as_bytes()));
    let signature = URL_SAFE_NO_PAD.encode([moment.ids.bytes(), moment.ids.bytes()].concat());
    format!("{header}.{claims}.{signature}")
}
