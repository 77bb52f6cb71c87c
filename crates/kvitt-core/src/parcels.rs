//! Tracking beside what Klarna has of it.

use crate::act::{Act, ActKind, ShippingInfo};
use crate::event::{Event, Evidence};
use crate::klarna_side::OrderAtKlarna;
use crate::order::Order;
use crate::reconcile::{Difference, DifferenceKind, Side, person};
use crate::sale::Sale;

impl Sale {
    /// Tracking that Klarna has and that nobody gave it here: nothing that an act of ours which is
    /// still open may have brought.
    pub(crate) fn external_parcels(
        &self,
        order: &Order,
        found: &OrderAtKlarna,
        evidence: &Evidence,
    ) -> Vec<Event> {
        let external = |capture_id: Option<&str>, here: &[_], there: &[_]| {
            let shipping_info = unknown(here, there);
            let is_new = !shipping_info.is_empty() && !self.adds_parcels_to(capture_id);
            is_new.then(|| Event::ExternalShippingInfo {
                capture_id: capture_id.map(str::to_owned),
                shipping_info,
                evidence: evidence.clone(),
            })
        };
        let of_order = external(None, &order.shipping_info, &found.shipping_info);
        let of_captures = found.captures.iter().filter_map(|it| {
            let known = order.captures.iter().find(|own| own.capture_id == it.id);
            let is_ours = known.is_some_and(|own| own.intent.is_some());
            if !is_ours && self.may_have_made(ActKind::Capture, it) {
                return None;
            }
            let here = known.map_or(&[][..], |own| &own.shipping_info);
            external(Some(&it.id), here, &it.shipping_info)
        });
        of_order.into_iter().chain(of_captures).collect()
    }

    /// Whether an act that is not over adds tracking to a capture, or to the order.
    fn adds_parcels_to(&self, place: Option<&str>) -> bool {
        let adds = |act: &Act| match act {
            Act::AddShippingInfo { capture_id, .. } => capture_id.as_deref() == place,
            _ => false,
        };
        self.open_intent(adds).is_some()
    }
}

/// Tracking numbers that stand here and that Klarna does not have.
pub(crate) fn missing_parcels(order: &Order, found: &OrderAtKlarna) -> Vec<Difference> {
    let of_order = (None, &order.shipping_info, &found.shipping_info);
    // A capture that Klarna does not have is a difference of its own.
    let of_captures = order.captures.iter().filter_map(|own| {
        let there = found.captures.iter().find(|it| it.id == own.capture_id)?;
        Some((Some(own.capture_id.as_str()), &own.shipping_info, &there.shipping_info))
    });
    std::iter::once(of_order)
        .chain(of_captures)
        .flat_map(|(capture_id, here, there)| {
            let mut numbers: Vec<_> = here
                .iter()
                .filter(|it| !is_there(it, there))
                .filter_map(|it| filled(it.tracking_number.as_ref()))
                .collect();
            numbers.sort_unstable();
            numbers.dedup();
            numbers.into_iter().map(move |number| missing(capture_id, number))
        })
        .collect()
}

fn missing(capture_id: Option<&str>, number: &str) -> Difference {
    let place = if capture_id.is_some() { "/captures/{capture_id}" } else { "" };
    let what = format!(
        "add it again (\"Add tracking\" on the order's page, POST \
         /v1/orders/{{id}}{place}/shipping-info): Klarna took it, and does not have it now"
    );
    let difference = Difference::new(
        DifferenceKind::ShippingInfoMissing,
        number.into(),
        Side::Nothing,
        person(&what),
    );
    Difference { id: capture_id.map(str::to_owned), ..difference }
}

/// The parcels there that are not known here, each once. One without a tracking number may be ours
/// in another spelling, if we have such a one.
fn unknown(here: &[ShippingInfo], there: &[ShippingInfo]) -> Vec<ShippingInfo> {
    let may_be_ours = here.iter().any(|it| filled(it.tracking_number.as_ref()).is_none());
    let mut unknown: Vec<ShippingInfo> = Vec::new();
    for it in there {
        let says_something = texts(it).iter().any(Option::is_some);
        let is_told_apart = filled(it.tracking_number.as_ref()).is_some() || !may_be_ours;
        if says_something && is_told_apart && !is_there(it, here) && !is_there(it, &unknown) {
            unknown.push(it.clone());
        }
    }
    unknown
}

/// A tracking number says which parcel it is; without one, all the rest does.
pub(crate) fn is_there(wanted: &ShippingInfo, there: &[ShippingInfo]) -> bool {
    let number = filled(wanted.tracking_number.as_ref());
    there.iter().any(|it| match number {
        Some(_) => filled(it.tracking_number.as_ref()) == number,
        None => texts(it) == texts(wanted),
    })
}

fn texts(parcel: &ShippingInfo) -> [Option<&str>; 7] {
    [
        &parcel.shipping_company,
        &parcel.shipping_method,
        &parcel.tracking_number,
        &parcel.tracking_uri,
        &parcel.return_shipping_company,
        &parcel.return_tracking_number,
        &parcel.return_tracking_uri,
    ]
    .map(|text| filled(text.as_ref()))
}

/// What was not given comes back as an empty text.
fn filled(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}
