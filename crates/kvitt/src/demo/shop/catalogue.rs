//! What is sold, where, and what a cart costs. All tax arithmetic is `kvitt-money`'s.

use kvitt_money::{
    Cart as MoneyCart, Country, Currency, LineType, Money, OrderLine, OrderLineFields, TaxRate,
};

/// Where the shop sells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Market {
    /// Prices include tax.
    #[default]
    Sweden,
    /// Tax is a line of its own.
    UnitedStates,
}

impl Market {
    pub(super) fn of(code: &str) -> Option<Self> {
        [Self::Sweden, Self::UnitedStates].into_iter().find(|market| market.code() == code)
    }

    pub(super) fn code(self) -> &'static str {
        self.country().code()
    }

    pub(super) fn country(self) -> Country {
        match self {
            Self::Sweden => Country::SE,
            Self::UnitedStates => Country::US,
        }
    }

    pub(super) fn currency(self) -> Currency {
        self.country().market().currency
    }

    pub(super) fn locale(self) -> &'static str {
        match self {
            Self::Sweden => "sv-SE",
            Self::UnitedStates => "en-US",
        }
    }

    /// An amount of the market's currency, for people.
    pub(super) fn money(self, minor: i64) -> String {
        Money::new(minor, self.currency()).to_string()
    }

    /// What sending costs, in minor units.
    fn shipping(self) -> i64 {
        match self {
            Self::Sweden => 4_900,
            Self::UnitedStates => 500,
        }
    }
}

/// One product. Prices are minor units.
pub(super) struct Product {
    pub(super) id: &'static str,
    pub(super) reference: &'static str,
    pub(super) name: &'static str,
    pub(super) text: &'static str,
    price_sek: i64,
    price_usd: i64,
    /// Swedish tax, in basis points.
    tax_rate: i64,
    /// Taken off for each two.
    off_two_sek: i64,
    off_two_usd: i64,
}

/// What there is.
pub(super) static PRODUCTS: [Product; 3] = [
    Product {
        id: "coffee",
        reference: "1001",
        name: "Coffee",
        text: "Dark roast, 250 g. Two for less.",
        price_sek: 8_900,
        price_usd: 950,
        tax_rate: 1_200,
        off_two_sek: 1_800,
        off_two_usd: 200,
    },
    Product {
        id: "book",
        reference: "1002",
        name: "Book",
        text: "On double-entry bookkeeping. A page-turner.",
        price_sek: 19_900,
        price_usd: 2_400,
        tax_rate: 600,
        off_two_sek: 0,
        off_two_usd: 0,
    },
    Product {
        id: "lamp",
        reference: "1003",
        name: "Lamp",
        text: "For reading late.",
        price_sek: 49_900,
        price_usd: 5_900,
        tax_rate: 2_500,
        off_two_sek: 0,
        off_two_usd: 0,
    },
];

impl Product {
    pub(super) fn price(&self, market: Market) -> i64 {
        match market {
            Market::Sweden => self.price_sek,
            Market::UnitedStates => self.price_usd,
        }
    }

    /// What is taken off for so many.
    fn discount(&self, market: Market, quantity: u32) -> i64 {
        let for_two = match market {
            Market::Sweden => self.off_two_sek,
            Market::UnitedStates => self.off_two_usd,
        };
        for_two * i64::from(quantity / 2)
    }
}

/// The tax of the United States that this shop collects, in percent.
const SALES_TAX_PERCENT: i64 = 8;

/// What somebody wants to buy: a market, and how many of each product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Cart {
    pub(super) market: Market,
    pub(super) quantities: [u32; 3],
}

impl Cart {
    /// As it stands in a cookie, such as `SE.2.1.1`; `None`: it says nothing sensible.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        let market = Market::of(parts.next()?)?;
        let mut quantities = [0; 3];
        for quantity in &mut quantities {
            *quantity = parts.next()?.parse().ok().filter(|it| *it <= super::QUANTITY_MAX)?;
        }
        parts.next().is_none().then_some(Self { market, quantities })
    }

    pub(super) fn write(&self) -> String {
        let [coffee, book, lamp] = self.quantities;
        format!("{}.{coffee}.{book}.{lamp}", self.market.code())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.quantities.iter().all(|quantity| *quantity == 0)
    }

    /// The cart with its sums. An empty one has none.
    pub(super) fn priced(&self) -> Result<MoneyCart, kvitt_money::Error> {
        let market = self.market;
        let mut lines = Vec::new();
        for (product, quantity) in PRODUCTS.iter().zip(self.quantities) {
            if quantity > 0 {
                lines.push(self.line(product, quantity)?);
            }
        }
        let shipping = market.shipping();
        let freight = match market {
            Market::Sweden => {
                OrderLine::tax_inclusive("Shipping", shipping, TaxRate::new(2_500)?, 1)?
            }
            Market::UnitedStates => OrderLine::untaxed("Shipping", shipping, 1)?,
        };
        lines.push(freight.with(|line| line.line_type = LineType::ShippingFee)?);
        if market == Market::UnitedStates {
            let goods: i64 = lines.iter().map(|line| line.total_amount).sum();
            // Half a cent counts as a whole one.
            let tax = (goods * SALES_TAX_PERCENT + 50) / 100;
            lines.push(OrderLine::sales_tax("Sales tax", tax)?);
        }
        MoneyCart::sum(market.country(), lines)
    }

    fn line(&self, product: &Product, quantity: u32) -> Result<OrderLine, kvitt_money::Error> {
        let (market, count) = (self.market, i64::from(quantity));
        let price = product.price(market);
        let line = match market {
            Market::Sweden => {
                let rate = TaxRate::new(product.tax_rate)?;
                OrderLine::tax_inclusive(product.name, price, rate, count)?
            }
            Market::UnitedStates => OrderLine::untaxed(product.name, price, count)?,
        };
        line.discounted(product.discount(market, quantity))?
            .with(|line: &mut OrderLineFields| line.reference = Some(product.reference.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Amount, discount and tax of each line, then the totals: all written by hand.
    fn sums(cart: &str) -> (Vec<(i64, i64, i64)>, i64, i64) {
        let cart = Cart::read(cart).unwrap().priced().unwrap();
        let totals = cart.totals();
        let lines = cart
            .order_lines()
            .iter()
            .map(|line| (line.total_amount, line.total_discount_amount, line.total_tax_amount));
        (lines.collect(), totals.order_amount, totals.order_tax_amount)
    }

    #[test]
    fn swedish_prices_include_tax() {
        let lines =
            vec![(16_000, 1_800, 1_714), (19_900, 0, 1_126), (49_900, 0, 9_980), (4_900, 0, 980)];
        assert_eq!(sums("SE.2.1.1"), (lines, 90_700, 13_800));
        assert_eq!(sums("SE.1.0.0"), (vec![(8_900, 0, 954), (4_900, 0, 980)], 13_800, 1_934));
    }

    #[test]
    fn american_tax_is_a_line() {
        let lines = vec![
            (1_700, 200, 0),
            (2_400, 0, 0),
            (5_900, 0, 0),
            (500, 0, 0),
            // 8 % of 105.00
            (840, 0, 0),
        ];
        assert_eq!(sums("US.2.1.1"), (lines, 11_340, 840));
    }

    #[test]
    fn cookies_that_say_nothing_sensible_are_no_cart() {
        for text in ["", "SE", "XX.1.1.1", "SE.1.1", "SE.1.1.1.1", "SE.-1.0.0", "SE.100.0.0"] {
            assert_eq!(Cart::read(text), None, "{text}");
        }
        let cart = Cart { market: Market::UnitedStates, quantities: [0, 1, 99] };
        assert_eq!(Cart::read(&cart.write()), Some(cart));
    }
}
