//! About how many bytes things take beyond their own size, for the limits of the store.

use serde_json::Value;

use super::{
    line::Line,
    order::{Capture, Order, Refund},
    purchase::Purchase,
    read::Members,
    texts::Texts,
};

/// A node of an ordered map, which holds up to eleven members.
const NODE: usize = 512;
const NODE_MEMBERS: usize = 11;

/// Something whose parts are elsewhere in memory.
pub(crate) trait Weigh {
    /// How many bytes these parts take.
    fn weight(&self) -> usize;
}

impl Weigh for String {
    fn weight(&self) -> usize {
        self.capacity()
    }
}

impl<T: Weigh> Weigh for Option<T> {
    fn weight(&self) -> usize {
        self.as_ref().map_or(0, Weigh::weight)
    }
}

impl<T: Weigh> Weigh for Vec<T> {
    fn weight(&self) -> usize {
        self.capacity() * size_of::<T>() + self.iter().map(Weigh::weight).sum::<usize>()
    }
}

fn nodes(members: usize) -> usize {
    members.div_ceil(NODE_MEMBERS) * NODE
}

impl Weigh for Members {
    fn weight(&self) -> usize {
        let members = self.iter().map(|(name, value)| name.capacity() + value.weight());
        nodes(self.len()) + members.sum::<usize>()
    }
}

impl Weigh for Value {
    fn weight(&self) -> usize {
        match self {
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            Value::String(text) => text.weight(),
            Value::Array(values) => values.weight(),
            Value::Object(members) => members.weight(),
        }
    }
}

impl Weigh for Texts {
    fn weight(&self) -> usize {
        nodes(self.texts().count()) + self.texts().map(str::len).sum::<usize>()
    }
}

impl Weigh for Line {
    fn weight(&self) -> usize {
        let texts = [
            &self.reference,
            &self.kind,
            &self.quantity_unit,
            &self.merchant_data,
            &self.product_url,
            &self.image_url,
        ];
        let subscription = self.subscription.as_ref();
        self.name.weight()
            + texts.into_iter().map(Weigh::weight).sum::<usize>()
            + self.product_identifiers.weight()
            + subscription.map_or(0, |it| it.name.weight() + it.interval.weight())
    }
}

impl Weigh for Purchase {
    fn weight(&self) -> usize {
        let texts = [
            &self.acquiring_channel,
            &self.design,
            &self.intent,
            &self.locale,
            &self.merchant_data,
            &self.merchant_reference1,
            &self.merchant_reference2,
            &self.purchase_country,
            &self.purchase_currency,
        ];
        let named = [
            &self.attachment,
            &self.billing_address,
            &self.customer,
            &self.merchant_urls,
            &self.options,
            &self.shipping_address,
        ];
        texts.into_iter().map(Weigh::weight).sum::<usize>()
            + named.into_iter().map(Weigh::weight).sum::<usize>()
            + self.custom_payment_method_ids.weight()
            + self.order_lines.weight()
    }
}

impl Weigh for Capture {
    fn weight(&self) -> usize {
        self.capture_id.weight()
            + self.klarna_reference.weight()
            + self.description.weight()
            + self.reference.weight()
            + self.order_lines.weight()
            + self.allocating.capacity() * size_of::<(jiff::Timestamp, i64)>()
            + self.billing_address.weight()
            + self.shipping_address.weight()
            + self.shipping_info.weight()
    }
}

impl Weigh for Refund {
    fn weight(&self) -> usize {
        self.refund_id.weight()
            + self.description.weight()
            + self.reference.weight()
            + self.order_lines.weight()
    }
}

impl Weigh for Order {
    fn weight(&self) -> usize {
        let texts = [
            &self.merchant_reference1,
            &self.merchant_reference2,
            &self.merchant_data,
            &self.notification_url,
            &self.push_url,
        ];
        let named = [&self.customer, &self.billing_address, &self.shipping_address];
        self.order_id.weight()
            + texts.into_iter().map(Weigh::weight).sum::<usize>()
            + named.into_iter().map(Weigh::weight).sum::<usize>()
            + self.order_lines.weight()
            + self.captures.weight()
            + self.refunds.weight()
            + self.shipping_info.weight()
            + self.disputes.capacity() * size_of::<super::order::Dispute>()
    }
}
