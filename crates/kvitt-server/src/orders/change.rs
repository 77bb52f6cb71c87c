//! `PATCH /v1/orders/{id}`

use axum::extract::State;
use axum::response::Response;
use kvitt_core::{AuthorizationWish, ReferencesWish, Wish};
use kvitt_money::Country;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::placed;
use crate::acts::{ActParams, Wanted, carry_out};
use crate::app::App;
use crate::extract::{Call, IdempotencyKeyParam, OrderIdParam, OrderRef, Params};
use crate::input::{Address, CartInput, OrderLineInput, Whole};
use crate::problem::{Problem, codes};
use crate::view::{ActAnswer, ActReply};

/// A change of an order, of exactly one kind: lines (`order_lines`, `order_amount`,
/// `order_tax_amount`, `description`), references (`merchant_reference1`, `merchant_reference2`)
/// or `shipping_address`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderChange {
    /// The new total: the sum of the lines.
    #[schema(value_type = Option<i64>)]
    order_amount: Option<Whole>,
    /// Tax in it; computed where absent.
    #[schema(value_type = Option<i64>)]
    order_tax_amount: Option<Whole>,
    /// All of the lines, each with the `line_id` it had where it is the same line.
    order_lines: Option<Vec<OrderLineInput>>,
    /// Why, shown to the customer; at most 255 characters.
    description: Option<String>,
    /// The shop's order number; an empty one clears it.
    merchant_reference1: Option<String>,
    /// The shop's second reference; an empty one clears it.
    merchant_reference2: Option<String>,
    /// The new shipping address.
    shipping_address: Option<Address>,
}

enum Change {
    Lines { cart: CartInput, description: Option<String> },
    References(ReferencesWish),
    ShippingAddress(Box<klarna::Address>),
}

impl OrderChange {
    fn one(self) -> Result<Change, Problem> {
        let lines = self.order_amount.is_some()
            || self.order_tax_amount.is_some()
            || self.order_lines.is_some()
            || self.description.is_some();
        let references = self.merchant_reference1.is_some() || self.merchant_reference2.is_some();
        match (lines, references, self.shipping_address) {
            (true, false, None) => Ok(Change::Lines {
                cart: CartInput {
                    order_amount: self
                        .order_amount
                        .ok_or_else(|| CartInput::missing("order_amount"))?,
                    order_tax_amount: self.order_tax_amount,
                    order_lines: self
                        .order_lines
                        .ok_or_else(|| CartInput::missing("order_lines"))?,
                },
                description: self.description,
            }),
            (false, true, None) => Ok(Change::References(ReferencesWish {
                merchant_reference1: self.merchant_reference1,
                merchant_reference2: self.merchant_reference2,
            })),
            (false, false, Some(address)) => Ok(Change::ShippingAddress(Box::new(address.into()))),
            _ => Err(Problem::new(
                codes::ONE_CHANGE_PER_CALL,
                "give exactly one kind of change: order_lines with order_amount, or \
                 merchant_reference1 and merchant_reference2, or shipping_address",
            )),
        }
    }
}

/// Change an order
///
/// Its lines and amount, its references, or its shipping address: one kind per call, since each
/// is a call to Klarna of its own.
#[utoipa::path(patch, path = "/v1/orders/{id}", tag = "Orders", operation_id = "change_order",
    params(OrderIdParam, ActParams, IdempotencyKeyParam),
    request_body(content = OrderChange, example = json!({
        "merchant_reference1": "1001-B"
    })),
    responses(
        (status = 200, description = "Changed; with `preview=true` what it would do",
            body = ActReply),
        (status = 202, description = "Whether it is changed is not known yet", body = ActAnswer),
    ))]
pub(crate) async fn change(
    State(app): State<App>,
    OrderRef(id): OrderRef,
    Params(params): Params<ActParams>,
    Call { caller, body }: Call<OrderChange>,
) -> Result<Response, Problem> {
    let (sale, _) = placed(&app, id).await?;
    let (wish, shipping_address) = wish(body.one()?, sale.terms.market.purchase_country())?;
    let wanted = Wanted { shipping_address, ..Wanted::changed(wish, params.preview) };
    carry_out(&app, id, wanted, &caller).await
}

fn wish(change: Change, country: Country) -> Result<(Wish, Option<SecretString>), Problem> {
    Ok(match change {
        Change::Lines { cart, description } => {
            let cart = cart.check(country)?;
            (Wish::UpdateAuthorization(AuthorizationWish { cart, description }), None)
        }
        Change::References(references) => (Wish::UpdateReferences(references), None),
        Change::ShippingAddress(address) => {
            let text = serde_json::to_string(&address).map_err(|_| Problem::internal())?;
            (Wish::UpdateShippingAddress, Some(SecretString::from(text)))
        }
    })
}
