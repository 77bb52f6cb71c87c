//! `PATCH /v1/checkouts/{id}`

use axum::Json;
use axum::extract::State;
use kvitt_engine::MarketChange;
use kvitt_money::PurchaseMarket;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{known_account, whole};
use crate::app::App;
use crate::extract::{Call, CheckoutIdParam, CheckoutRef, Nothing, Params};
use crate::input::{CartInput, OrderLineInput, Whole};
use crate::problem::{Problem, codes};
use crate::view::Checkout;

/// A change of a checkout: its lines with their sum, its market (`purchase_country`,
/// `purchase_currency`, `locale`), or both at once. Amounts are minor units of the currency that it
/// has then.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckoutChange {
    /// What the customer pays: the sum of all lines' `total_amount`.
    #[schema(value_type = Option<i64>)]
    order_amount: Option<Whole>,
    /// Tax in it. Computed where absent; where given it must be right to one minor unit per line.
    #[schema(value_type = Option<i64>)]
    order_tax_amount: Option<Whole>,
    /// All of the lines, 1 to 1,000.
    order_lines: Option<Vec<OrderLineInput>>,
    /// Another country, ISO 3166: with lines for it, since tax differs.
    purchase_country: Option<String>,
    /// Another currency, ISO 4217; as it is where absent.
    purchase_currency: Option<String>,
    /// Another language; as it is where absent.
    locale: Option<String>,
    /// Name of the Klarna account for the other country; the one that sells there where absent.
    account: Option<String>,
}

impl CheckoutChange {
    fn cart(&mut self) -> Result<Option<CartInput>, Problem> {
        let order_tax_amount = self.order_tax_amount.take();
        match (self.order_amount.take(), self.order_lines.take()) {
            (Some(order_amount), Some(order_lines)) => {
                Ok(Some(CartInput { order_amount, order_tax_amount, order_lines }))
            }
            (None, None) if order_tax_amount.is_none() => Ok(None),
            (None, _) => Err(CartInput::missing("order_amount")),
            (_, None) => Err(CartInput::missing("order_lines")),
        }
    }

    /// The market wanted, if one is; what is not named stays.
    fn market(&self, now: PurchaseMarket) -> Result<Option<PurchaseMarket>, Problem> {
        let wanted = [&self.purchase_country, &self.purchase_currency, &self.locale, &self.account];
        if wanted.iter().all(|it| it.is_none()) {
            return Ok(None);
        }
        let locale = now.locale().to_string();
        Ok(Some(PurchaseMarket::new(
            self.purchase_country.as_deref().unwrap_or(now.purchase_country().code()),
            self.purchase_currency.as_deref().unwrap_or(now.purchase_currency().code()),
            self.locale.as_deref().unwrap_or(&locale),
        )?))
    }
}

/// Change a checkout
///
/// Its cart, its country, currency or locale. Possible until the order is being placed. An
/// authorization of before places no order any more and is given back: the shopper authorizes again.
/// Another market is another Klarna session, and an address in another country is forgotten; the
/// checkout, its link and its page stay.
#[utoipa::path(patch, path = "/v1/checkouts/{id}", tag = "Checkouts",
    operation_id = "change_checkout", params(CheckoutIdParam),
    request_body(content = CheckoutChange, example = json!({
        "order_amount": 29_800,
        "order_tax_amount": 5_960,
        "order_lines": [
            {"line_id": "shirt", "type": "physical", "reference": "SKU-1", "name": "Shirt",
             "quantity": 1, "unit_price": 24_900, "tax_rate": 2500, "total_amount": 24_900,
             "total_tax_amount": 4_980},
            {"line_id": "freight", "type": "shipping_fee", "name": "Freight", "quantity": 1,
             "unit_price": 4_900, "tax_rate": 2500, "total_amount": 4_900,
             "total_tax_amount": 980}
        ]
    })),
    responses((status = 200, description = "The checkout as it is now", body = Checkout)))]
pub(crate) async fn change(
    State(app): State<App>,
    CheckoutRef(id): CheckoutRef,
    _: Params<Nothing>,
    Call { caller, mut body }: Call<CheckoutChange>,
) -> Result<Json<Checkout>, Problem> {
    let now = app.engine().sale(id).await?.terms.market;
    let market = body.market(now)?;
    if let Some(name) = &body.account {
        known_account(&app, name)?;
    }
    let country = market.unwrap_or(now).purchase_country();
    let cart = body.cart()?.map(|cart| cart.check(country)).transpose()?;
    let changed = match (market, cart) {
        (None, None) => {
            return Err(Problem::new(
                codes::INVALID_MEMBER,
                "nothing is changed: give order_lines with order_amount, or purchase_country, \
                 purchase_currency or locale",
            ));
        }
        (None, Some(cart)) => app.engine().change_cart(id, cart, &caller).await,
        (Some(market), cart) => {
            let change = MarketChange { market, cart, account: body.account };
            app.engine().change_market(id, change, &caller).await
        }
    };
    let sale = changed.map_err(|error| Problem::from(error).about_checkout(id.checkout_id()))?;
    Ok(Json(whole(&app, &sale).await?))
}
