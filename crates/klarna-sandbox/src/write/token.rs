//! The client token: it looks like the real one (recorded exchange), and its `base_url` leads the
//! browser back to the sandbox.

use std::sync::LazyLock;

use base64::{
    Engine as _,
    engine::{Simd, general_purpose::NO_PAD},
};

use super::{
    json::{Json, Object},
    text::compact,
};
use crate::rules::{market, purchase::Purchase};

const HEADER: &str = r#"{"alg":"RS256","kid":"5a4d2b0c-0000-4000-8000-6b766974740a"}"#;

static BASE64: LazyLock<Simd> = LazyLock::new(|| Simd::url_safe(NO_PAD));

/// The first part of every token, with the point behind it.
static START: LazyLock<String> = LazyLock::new(|| BASE64.encode(HEADER) + ".");

/// How long a signature of RS256 is. This one is noise, since nobody can verify Klarna's.
const SIGNATURE_BYTES: usize = 256;

/// A token for the browser SDK. Members and their order are those of 2024; what Klarna's own
/// script is told by `experiments`, `offering_opts` and `oo` is not known. The same session has the
/// same token whenever it is asked for, as long as it is about the same amount.
pub(crate) fn client_token(session_id: &str, purchase: &Purchase, base_url: &str) -> String {
    let country = purchase.country();
    let claims = Object::new()
        .with("session_id", session_id)
        .with("base_url", market::browser_base(base_url, &country))
        .with("design", purchase.design.as_deref().unwrap_or("klarna"))
        .with("language", market::language(&country, purchase.locale.as_deref()))
        .with("purchase_country", &*country)
        .with("environment", "playground")
        .with("merchant_name", "Sandbox shop")
        .with("session_type", "PAYMENTS")
        .with("client_event_base_url", base_url)
        .with("scheme", true)
        .with("experiments", Json::Array(Vec::new()))
        .with("region", market::region(&country))
        .with("order_amount", purchase.amount())
        .with("offering_opts", 2)
        .with("oo", "d2")
        .with("version", "v1.10.0-sandbox");
    let claims = compact(&claims.into());
    let mut token = String::with_capacity(START.len() + claims.len() * 4 / 3 + 512);
    token.push_str(&START);
    BASE64.encode_string(&claims, &mut token);
    token.push('.');
    // The session's id, again and again: no two sessions sign alike.
    let mut signature = [0; SIGNATURE_BYTES];
    for piece in signature.chunks_mut(session_id.len().max(1)) {
        if let Some(noise) = session_id.as_bytes().get(..piece.len()) {
            piece.copy_from_slice(noise);
        }
    }
    BASE64.encode_string(signature, &mut token);
    token
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::rules::read::Body;

    #[test]
    fn it_can_be_decoded_and_has_the_length_of_the_real_one() {
        let body = json!({"purchase_country": "us", "locale": "es-US", "order_amount": 700,
            "design": "quo\"ted"});
        let (purchase, _) = Purchase::read(&Body::of(&body));
        let base_url = "http://127.0.0.1:4010";
        let token = client_token("48ab3d6b-e3b5-1f2b-8000-000000000001", &purchase, base_url);
        let parts: Vec<&str> = token.split('.').collect();
        let decode = |part: &str| BASE64.decode(part).unwrap();
        let header: Value = serde_json::from_slice(&decode(parts[0])).unwrap();
        assert_eq!(header["alg"], "RS256");
        let claims: Value = serde_json::from_slice(&decode(parts[1])).unwrap();
        assert_eq!(claims["session_id"], "48ab3d6b-e3b5-1f2b-8000-000000000001");
        assert_eq!(claims["base_url"], "http://127.0.0.1:4010/na/kp");
        assert_eq!((&claims["region"], &claims["language"]), (&"us".into(), &"es".into()));
        assert_eq!((&claims["order_amount"], &claims["design"]), (&700.into(), &"quo\"ted".into()));
        assert_eq!(decode(parts[2]).len(), 256);
    }
}
