//! A sale as a row of the list.

use jiff::Timestamp;
use kvitt_core::Sale;
use kvitt_ledger::SaleSummary;

/// The row that stands for a sale. Its state is blind to time; the ledger looks at `expires_at`.
pub(crate) fn summary(sale: &Sale) -> SaleSummary {
    let order = sale.order.as_ref();
    let totals = sale.cart.cart().totals();
    let amounts = order.map(|order| order.amounts(Timestamp::MIN));
    SaleSummary {
        sale: sale.id,
        version: sale.version,
        created_at: sale.created_at,
        updated_at: sale.updated_at,
        account: sale.terms.account.clone(),
        purchase_country: sale.terms.market.purchase_country().code().to_owned(),
        purchase_currency: sale.terms.market.purchase_currency().code().to_owned(),
        checkout_status: sale.checkout_status().as_str().to_owned(),
        order_status: order.map(|order| order.status(Timestamp::MIN).as_str().to_owned()),
        fraud_status: order.map(|order| order.fraud_status.as_str().to_owned()),
        klarna_order_id: order.map(|order| order.klarna_order_id.clone()),
        klarna_reference: order.and_then(|order| order.klarna_reference.clone()),
        merchant_reference1: sale.terms.merchant_reference1.clone(),
        merchant_reference2: sale.terms.merchant_reference2.clone(),
        order_amount: amounts.map_or(totals.order_amount, |amounts| amounts.order_amount),
        captured_amount: amounts.map_or(0, |amounts| amounts.captured_amount),
        refunded_amount: amounts.map_or(0, |amounts| amounts.refunded_amount),
        remaining_authorized_amount: amounts
            .map_or(0, |amounts| amounts.remaining_authorized_amount),
        placed_at: order.map(|order| order.placed_at),
        expires_at: order.and_then(|order| order.expires_at),
        attention: sale.attention(),
        look_at: sale.next_look(),
    }
}
