//! What Hosted Payment Page answers, in the member order of the documented samples.

use super::{
    json::{Json, Object},
    time,
};
use crate::{
    rules::purchase::Purchase,
    state::hpp::{Completion, HppSession},
};

/// A session as it is answered when it is created. `manual_identification_check_url`, which the
/// schema has too, stands in no sample.
pub(crate) fn created(session: &HppSession) -> Object<'_> {
    let id = &session.session_id;
    let api = format!("{}/hpp/v1/sessions/{id}", session.base_url);
    let module = Object::new()
        .with("token", &session.distribution_token)
        .with(
            "standalone_url",
            format!(
                "{}?profile_id={{{{profile_id}}}}&view_id={{{{view_id}}}}",
                session.operators_url()
            ),
        )
        .with("generation_url", format!("{api}/distribution-module/token"));
    Object::new()
        .with("session_id", id)
        .with("redirect_url", session.redirect_url())
        .with("session_url", api.clone())
        .with("qr_code_url", session.qr_code_url())
        .with("distribution_url", format!("{api}/distribution"))
        .with("expires_at", time(session.expires_at))
        .with("distribution_module", module)
}

/// A session as it is read, and as callbacks have it. `customer`: whose details are shown.
pub(crate) fn session<'a>(session: &'a HppSession, customer: Option<&'a Purchase>) -> Json<'a> {
    let object = Object::new()
        .with("session_id", &session.session_id)
        .with("status", session.status.as_str());
    let object = match &session.result {
        None => object,
        Some(Completion::Authorized { authorization_token }) => {
            object.with("authorization_token", authorization_token)
        }
        Some(Completion::Placed { order_id, klarna_reference }) => {
            object.with("order_id", order_id).with("klarna_reference", klarna_reference)
        }
    };
    object
        .with("updated_at", time(session.updated_at))
        .with("expires_at", time(session.expires_at))
        .maybe("customer", customer.map(shown_customer))
        .into()
}

fn shown_customer(purchase: &Purchase) -> Object<'_> {
    let address = purchase.billing_address.as_ref();
    let customer = purchase.customer.as_ref();
    let known = |name| {
        let texts = [customer, address].into_iter().flatten();
        texts.filter_map(|it| it.get(name)).find(|text| !text.is_empty())
    };
    let names =
        ["date_of_birth", "family_name", "given_name", "national_identification_number", "title"];
    names.into_iter().fold(Object::new(), |object, name| object.maybe(name, known(name)))
}
