//! What operators send: forms that carry the secret of their session.

use axum::Form;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::message::Message;
use super::session::{CsrfToken, SignedIn};

/// Largest form, in bytes: room for an amount for each of a thousand order lines.
pub(super) const BYTES_MAX: usize = 256 * 1024;

/// A form that an operator sent from a page of this server. `T` sees every member but the secret;
/// `Vec<(String, String)>` takes whatever members there are, in order.
pub(crate) struct DashboardForm<T> {
    /// Who sent it.
    pub signed_in: SignedIn,
    /// What was filled in.
    pub form: T,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for DashboardForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        // Whoever is signed in was asked for the form's secret, too: see `guard`.
        let signed_in = SignedIn::from_request_parts(&mut parts, state)
            .await
            .map_err(IntoResponse::into_response)?;
        let bytes = read(body, BYTES_MAX).await.map_err(IntoResponse::into_response)?;
        let form = typed(parts, &bytes, state).await.map_err(IntoResponse::into_response)?;
        Ok(Self { signed_in, form })
    }
}

async fn typed<T: DeserializeOwned, S: Send + Sync>(
    parts: Parts,
    bytes: &[u8],
    state: &S,
) -> Result<T, Message> {
    let request = Request::from_parts(parts, Body::from(without_secret(bytes)));
    let Form(form) = Form::from_request(request, state).await.map_err(|_| {
        Message::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "The form cannot be read",
            "Something in it is missing or of another kind than expected, so nothing was done. Go \
             back, load the page again, and send it again.",
        )
    })?;
    Ok(form)
}

/// The form without what only the guard asks for.
fn without_secret(form: &[u8]) -> String {
    let members = form_urlencoded::parse(form).filter(|(name, _)| name != CsrfToken::MEMBER);
    form_urlencoded::Serializer::new(String::new()).extend_pairs(members).finish()
}

/// The whole body, if it is not larger than a form is.
pub(super) async fn read(body: Body, most: usize) -> Result<Bytes, Message> {
    axum::body::to_bytes(body, most).await.map_err(|_| {
        Message::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The form is too large",
            format!("It is larger than {most} bytes, so nothing was done. Send less at a time."),
        )
    })
}

/// A form's member; empty where it has none.
pub(super) fn member(form: &[u8], name: &str) -> String {
    let mut members = form_urlencoded::parse(form);
    members.find(|(it, _)| it == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use axum::http::header;
    use kvitt_core::UserId;
    use kvitt_engine::{IdSource as _, RandomIds};
    use kvitt_ledger::{PasswordHash, User};
    use serde::Deserialize;

    use super::*;

    /// Reads a form of somebody who was let in.
    async fn received<T: DeserializeOwned>(body: impl Into<Body>) -> Result<T, StatusCode> {
        let signed_in = SignedIn {
            user: User {
                id: UserId(RandomIds.id(jiff::Timestamp::UNIX_EPOCH)),
                name: "asa".to_owned(),
                password_hash: PasswordHash::new(""),
                created_at: jiff::Timestamp::UNIX_EPOCH,
                revoked_at: None,
            },
            csrf: CsrfToken::of_a_test(),
            frozen: None,
        };
        let request = Request::post("/dashboard/orders/ord_1/captures")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .extension(signed_in)
            .body(body.into())
            .unwrap();
        match DashboardForm::from_request(request, &()).await {
            Ok(DashboardForm { signed_in, form }) => {
                assert_eq!(signed_in.user.name, "asa");
                Ok(form)
            }
            Err(response) => Err(response.status()),
        }
    }

    #[tokio::test]
    async fn members_of_any_name_come_in_order_and_repeated() {
        let body = "quantity.b=2&csrf_token=x&quantity.a%2F1=1&quantity.b=+%C3%A5&csrf_token=y";
        let pairs: Vec<(String, String)> = received(body).await.unwrap();
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(pairs, [("quantity.b", "2"), ("quantity.a/1", "1"), ("quantity.b", " å")]);
        let map: HashMap<String, String> = received("a=1&csrf_token=x").await.unwrap();
        assert_eq!(map, HashMap::from([("a".to_owned(), "1".to_owned())]));
        let none: Vec<(String, String)> = received("").await.unwrap();
        assert_eq!(none, []);
    }

    #[tokio::test]
    async fn a_form_of_a_kind_is_read_strictly() {
        #[derive(Debug, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Capture {
            amount: u32,
        }
        let read = received::<Capture>("csrf_token=x&amount=5").await;
        assert_eq!(read, Ok(Capture { amount: 5 }));
        for bad in ["csrf_token=x", "amount=five", "amount=5&more=1", "amount=5&amount=5"] {
            assert_eq!(received::<Capture>(bad).await, Err(StatusCode::UNPROCESSABLE_ENTITY));
        }
    }

    #[tokio::test]
    async fn a_form_may_be_large_but_not_larger() {
        let form = |bytes: usize| format!("a={}", "x".repeat(bytes - 2));
        let read = received::<Vec<(String, String)>>(form(BYTES_MAX)).await.unwrap();
        assert_eq!(read[0].1.len(), BYTES_MAX - 2);
        let read = received::<Vec<(String, String)>>(form(BYTES_MAX + 1)).await;
        assert_eq!(read, Err(StatusCode::PAYLOAD_TOO_LARGE));
    }

    #[tokio::test]
    async fn without_the_guard_nobody_is_let_in() {
        let request = Request::post("/dashboard").body(Body::empty()).unwrap();
        let read = DashboardForm::<Vec<(String, String)>>::from_request(request, &()).await;
        assert_eq!(read.err().unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
