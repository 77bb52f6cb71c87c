//! How a buyer may pay: the sandbox's own choice of Klarna's payment methods.

use super::method::Method;

/// One way to pay, as the buyer is offered it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// Its name in forms.
    pub(crate) name: &'static str,
    /// What the buyer reads.
    pub(crate) heading: &'static str,
    pub(crate) text: &'static str,
    /// Klarna's category of it.
    category: &'static str,
    /// Klarna Payments' name of the method.
    method: &'static str,
    /// Whether money moves at once, so that a purchase in two steps has to be finalized.
    pub(crate) moves_money: bool,
}

impl Plan {
    /// The payment method that the order will show.
    pub(crate) fn method(&self) -> Method {
        Method::of(self.method).unwrap_or_default()
    }
}

const PAY_LATER: Plan = Plan {
    name: "pay_later",
    heading: "Pay in 30 days",
    text: "An invoice, due 30 days after shipment.",
    category: "pay_later",
    method: "invoice",
    moves_money: false,
};

const PAY_OVER_TIME: Plan = Plan {
    name: "pay_over_time",
    heading: "Pay over time",
    text: "In monthly parts.",
    category: "pay_over_time",
    method: "fixed_amount",
    moves_money: false,
};

/// Financing in the United States.
const FINANCING: Plan = Plan { method: "fixed_sum_credit", ..PAY_OVER_TIME };

const BANK: Plan = Plan {
    name: "bank",
    heading: "Pay now from your bank account",
    text: "Demo Bank takes the money at once.",
    category: "pay_now",
    method: "direct_debit",
    moves_money: true,
};

const CARD: Plan = Plan {
    name: "card",
    heading: "Pay now by card",
    text: "Test card 4111 1111 1111 1111.",
    category: "pay_now",
    method: "card",
    moves_money: false,
};

/// What a buyer is offered in a country. Categories narrow it; `klarna`, and what is not known, do
/// not.
pub(crate) fn plans(country: &str, categories: &[String]) -> Vec<Plan> {
    let over_time = if country.eq_ignore_ascii_case("US") { FINANCING } else { PAY_OVER_TIME };
    let all = [PAY_LATER, over_time, BANK, CARD];
    let asks_for = |category: &str, plan: &Plan| match category {
        "direct_debit" | "direct_bank_transfer" => plan.category == "pay_now",
        "card" => plan.name == CARD.name,
        "pay_in_parts" => plan.category == "pay_over_time",
        other => plan.category == other,
    };
    let is_asked_for = |plan: &Plan| categories.iter().any(|category| asks_for(category, plan));
    let narrowed: Vec<Plan> = all.into_iter().filter(is_asked_for).collect();
    if narrowed.is_empty() { all.to_vec() } else { narrowed }
}

/// What the browser SDK is loaded for: a category, several, or whatever there is.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    payment_method_category: Option<String>,
    payment_method_categories: Vec<String>,
}

impl Asked {
    pub(crate) fn of(payment_method_categories: Vec<String>) -> Self {
        Self { payment_method_category: None, payment_method_categories }
    }

    /// The plans that are offered.
    pub(crate) fn plans(&self, country: &str) -> Vec<Plan> {
        let one = self.payment_method_category.clone();
        let all: Vec<String> =
            one.into_iter().chain(self.payment_method_categories.iter().cloned()).collect();
        plans(country, &all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(country: &str, categories: &[&str]) -> Vec<&'static str> {
        let categories: Vec<String> = categories.iter().map(|&it| it.to_owned()).collect();
        plans(country, &categories).iter().map(|plan| plan.name).collect()
    }

    #[test]
    fn a_category_narrows_the_choice() {
        let all = ["pay_later", "pay_over_time", "bank", "card"];
        assert_eq!(names("SE", &[]), all);
        assert_eq!(names("SE", &["klarna"]), all);
        assert_eq!(names("SE", &["gold"]), all);
        assert_eq!(names("SE", &["pay_now"]), ["bank", "card"]);
        assert_eq!(names("SE", &["direct_debit"]), ["bank", "card"]);
        assert_eq!(names("SE", &["pay_later"]), ["pay_later"]);
        assert_eq!(names("US", &["card"]), ["card"]);
        assert_eq!(names("US", &["card", "pay_in_parts"]), ["pay_over_time", "card"]);
    }

    #[test]
    fn every_plan_is_a_method() {
        for country in ["SE", "US"] {
            for plan in plans(country, &[]) {
                assert_eq!(plan.method().payments, plan.method, "{}", plan.name);
            }
        }
        assert_eq!(
            plans("US", &["pay_over_time".to_owned()])[0].method().payments,
            "fixed_sum_credit"
        );
    }
}
