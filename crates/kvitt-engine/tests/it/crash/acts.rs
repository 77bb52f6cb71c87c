//! The acts of the crash matrix: what comes before each, how the shop asks for it, and what is
//! there once it was done once. Numbers are written by hand.

use kvitt_core::{
    AuthorizationWish, CaptureWish, IntentState, ReferencesWish, Sale, ShippingInfo, UndoWish, Wish,
};
use kvitt_engine::Engine;
use kvitt_ledger::InboxDoor;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::child::Job;
use crate::send_out::send_outs;
use crate::shop::{Shop, browser, capture, keyed, refund, tell};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Act {
    PlaceByBrowser,
    PlaceByCallback,
    Capture,
    FinalCapture,
    Refund,
    Cancel,
    Release,
    Extend,
    UpdateAuthorization,
    UpdateReferences,
    UpdateShippingAddress,
    AddShippingInfo,
    TriggerSendOut,
    Undo,
}

impl Act {
    /// A sale of which the act is to be done.
    pub(super) async fn prepare(self, shop: &Shop, ledger: &str) -> Job {
        let (sale, token) = match self {
            Self::PlaceByBrowser | Self::PlaceByCallback => {
                let sale = shop.checkout().await;
                let token = shop.authorize(&sale).await;
                (sale, token)
            }
            _ => (shop.order().await, String::new()),
        };
        let before = match self {
            Self::Release | Self::Undo | Self::Refund | Self::TriggerSendOut => {
                Some(capture(&[("l1", 2)]))
            }
            _ => None,
        };
        if let Some(wish) = before {
            shop.act(sale.id, wish).await.unwrap();
        }
        Job::new(ledger, shop.klarna.url(), sale.id, token, self)
    }

    /// The shop asks for it, under a key of its own. Whoever heard no answer asks again.
    pub(super) async fn ask(self, engine: &Engine, job: &Job) {
        let key = keyed("the act", 1);
        match (self, self.wish(engine, job).await) {
            (Self::PlaceByBrowser, _) => {
                engine.hand_in_authorization(job.sale(), browser(&job.token), &key).await.unwrap();
            }
            (Self::PlaceByCallback, _) => {
                let message = json!({"authorization_token": job.token}).to_string();
                tell(engine, job.sale(), InboxDoor::Authorization, &message).await;
            }
            (_, None) => {
                engine.undo(job.sale(), UndoWish::default(), &key).await.unwrap();
            }
            (_, Some(wish)) => {
                let address = (self == Self::UpdateShippingAddress).then(address);
                engine.act(job.sale(), wish, address, &key).await.unwrap();
            }
        }
    }

    /// What the shop is answered.
    pub(super) async fn is_done(self, engine: &Engine, job: &Job) -> bool {
        self.ask(engine, job).await;
        let sale = engine.sale(job.sale()).await.unwrap();
        let is_done = |state| matches!(state, Some(IntentState::Done(_)));
        let undos = sale.undos.keys().map(|id| sale.state_of(*id));
        let acts = sale.intents.keys().map(|id| sale.state_of(*id));
        sale.order.is_some() && acts.chain(undos).all(is_done)
    }

    async fn wish(self, engine: &Engine, job: &Job) -> Option<Wish> {
        let cup = [("l1", 1)];
        Some(match self {
            Self::PlaceByBrowser | Self::PlaceByCallback | Self::Undo => return None,
            Self::Capture => capture(&cup),
            Self::FinalCapture => {
                let Wish::Capture(wish) = capture(&cup) else { return None };
                Wish::Capture(CaptureWish { is_final: true, ..wish })
            }
            Self::Refund => refund(&cup),
            Self::Cancel => Wish::Cancel,
            Self::Release => Wish::Release,
            Self::Extend => Wish::Extend,
            Self::UpdateAuthorization => {
                Wish::UpdateAuthorization(AuthorizationWish { cart: cups(), description: None })
            }
            Self::UpdateReferences => Wish::UpdateReferences(ReferencesWish {
                merchant_reference2: Some("crash 1".to_owned()),
                ..ReferencesWish::default()
            }),
            Self::UpdateShippingAddress => Wish::UpdateShippingAddress,
            Self::AddShippingInfo => {
                let tracking_number = Some("T1".to_owned());
                let shipping_info =
                    vec![ShippingInfo { tracking_number, ..ShippingInfo::default() }];
                Wish::AddShippingInfo { capture_id: None, shipping_info }
            }
            Self::TriggerSendOut => {
                let order = engine.sale(job.sale()).await.unwrap().order.unwrap();
                Wish::TriggerSendOut { capture_id: order.captures[0].capture_id.clone() }
            }
        })
    }

    /// What of Klarna's order only this act changes, also where Klarna shows it to nobody.
    pub(super) async fn detail(self, shop: &Shop, sale: &Sale, order: &Value) -> Value {
        match self {
            Self::FinalCapture | Self::Release | Self::Undo => {
                order["remaining_authorized_amount"].clone()
            }
            Self::UpdateAuthorization => order["order_amount"].clone(),
            Self::UpdateReferences => order["merchant_reference2"].clone(),
            Self::UpdateShippingAddress => order["shipping_address"]["street_address"].clone(),
            Self::AddShippingInfo => json!(order["shipping_info"].as_array().map(Vec::len)),
            Self::TriggerSendOut => send_outs(shop, sale).await,
            _ => Value::Null,
        }
    }

    /// Klarna's order once it was done once: how many captures and refunds and their sums, the
    /// detail, and how many acts there were with those before.
    pub(super) fn end(self) -> Value {
        let (status, captured, refunded, detail, acts) = match self {
            Self::PlaceByBrowser | Self::PlaceByCallback => {
                ("AUTHORIZED", [0, 0], [0, 0], Value::Null, 1)
            }
            Self::Capture => ("PART_CAPTURED", [1, 10_000], [0, 0], Value::Null, 2),
            Self::FinalCapture => ("CAPTURED", [1, 10_000], [0, 0], json!(0), 3),
            Self::Refund => ("PART_CAPTURED", [1, 20_000], [1, 10_000], Value::Null, 3),
            Self::Cancel => ("CANCELLED", [0, 0], [0, 0], Value::Null, 2),
            Self::Release => ("CAPTURED", [1, 20_000], [0, 0], json!(0), 3),
            Self::Extend => ("AUTHORIZED", [0, 0], [0, 0], Value::Null, 2),
            Self::UpdateAuthorization => ("AUTHORIZED", [0, 0], [0, 0], json!(30_000), 2),
            Self::UpdateReferences => ("AUTHORIZED", [0, 0], [0, 0], json!("crash 1"), 2),
            Self::UpdateShippingAddress => ("AUTHORIZED", [0, 0], [0, 0], json!("Storgatan 1"), 2),
            Self::AddShippingInfo => ("AUTHORIZED", [0, 0], [0, 0], json!(1), 2),
            Self::TriggerSendOut => ("PART_CAPTURED", [1, 20_000], [0, 0], json!(1), 3),
            Self::Undo => ("CAPTURED", [1, 20_000], [1, 20_000], json!(0), 4),
        };
        json!({
            "status": status,
            "captured": captured,
            "refunded": refunded,
            "detail": detail,
            "acts": acts,
        })
    }
}

/// The cart without its shirt.
fn cups() -> kvitt_core::SaleCart {
    use kvitt_money::{Cart, Country, OrderLine, TaxRate};
    let rate = TaxRate::new(2500).unwrap();
    let cups = OrderLine::tax_inclusive("Cup", 10_000, rate, 3).unwrap();
    kvitt_core::SaleCart::numbered(Cart::sum(Country::SE, vec![cups]).unwrap())
}

fn address() -> SecretString {
    let address = json!({
        "given_name": "Alice", "family_name": "Test", "street_address": "Storgatan 1",
        "postal_code": "11148", "city": "Stockholm", "country": "SE",
        "email": "alice@example.com", "phone": "+46701740615"
    });
    address.to_string().into()
}
