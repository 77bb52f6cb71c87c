//! The client token: it looks like the real one (recorded exchange), and its `base_url` leads the
//! browser back to the sandbox. The signature is noise of the real one's length.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::json::{Json, Object};
use crate::{
    rules::{market, purchase::Purchase},
    state::Moment,
};

/// The bytes of an RS256 signature.
const SIGNATURE_BYTES: usize = 256;

/// A token for the browser SDK. Members and their order are those of 2024; what Klarna's own
/// script is told by `experiments`, `offering_opts` and `oo` is not known.
pub(crate) fn client_token(session_id: &str, purchase: &Purchase, moment: &Moment<'_>) -> String {
    let country = purchase.country();
    let locale = market::locale(&country, purchase.locale.as_deref());
    let header =
        Object::new().with("alg", "RS256").with("kid", "5a4d2b0c-0000-4000-8000-6b766974740a");
    let claims = Object::new()
        .with("session_id", session_id)
        .with("base_url", market::browser_base(moment.base_url, &country))
        .with("design", purchase.design.as_deref().unwrap_or("klarna"))
        .maybe("language", locale.get(..2))
        .with("purchase_country", &country)
        .with("environment", "playground")
        .with("merchant_name", "Sandbox shop")
        .with("session_type", "PAYMENTS")
        .with("client_event_base_url", moment.base_url)
        .with("scheme", true)
        .with("experiments", Json::Array(Vec::new()))
        .with("region", market::region(&country))
        .with("order_amount", purchase.amount())
        .with("offering_opts", 2)
        .with("oo", "d2")
        .with("version", "v1.10.0-sandbox");
    let [header, claims] = [header, claims].map(|part| {
        // Texts and numbers only: serialising them cannot fail.
        URL_SAFE_NO_PAD.encode(serde_json::to_string(&part).unwrap_or_default())
    });
    let noise = moment.ids.bytes();
    let signature: Vec<u8> = noise.iter().copied().cycle().take(SIGNATURE_BYTES).collect();
    format!("{header}.{claims}.{}", URL_SAFE_NO_PAD.encode(signature))
}
