//! Several Klarna accounts: each sale goes to its market's, and stays with it.

use klarna_sandbox::{Config, Sandbox};
use kvitt_core::{Placement, SaleCart};
use kvitt_engine::{Accounts, AccountsError, EngineError};
use kvitt_money::{Cart, Country, OrderLine, PurchaseMarket};

use crate::shop::{Shop, account, engine, merchant};

#[tokio::test]
async fn each_market_leads_to_its_account_and_the_sale_remembers_it() {
    let europe = Sandbox::start(Config::default()).await.unwrap();
    let america = Sandbox::start(Config::default()).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let accounts = vec![
        account("europe", &europe.url(), &[Country::SE, Country::DE]),
        account("america", &america.url(), &[Country::US]),
    ];
    let engine = engine(&folder, &europe, accounts).await;
    let swedish = engine
        .create_checkout(Shop::new_checkout(Placement::Automatic), &merchant())
        .await
        .unwrap()
        .sale;
    assert_eq!(swedish.terms.account, "europe");

    let mut american = Shop::new_checkout(Placement::Automatic);
    american.market = PurchaseMarket::new("US", "USD", "en-US").unwrap();
    let lines = vec![
        OrderLine::untaxed("Cup", 10_000, 1).unwrap(),
        OrderLine::sales_tax("Sales Tax", 800).unwrap(),
    ];
    american.cart = SaleCart::numbered(Cart::sum(Country::US, lines).unwrap());
    let sale = engine.create_checkout(american, &merchant()).await.unwrap().sale;
    assert_eq!(sale.terms.account, "america");

    let mut finnish = Shop::new_checkout(Placement::Automatic);
    finnish.market = PurchaseMarket::new("FI", "EUR", "fi-FI").unwrap();
    let line = OrderLine::untaxed("Cup", 10_000, 1).unwrap();
    finnish.cart = SaleCart::numbered(Cart::sum(Country::FI, vec![line]).unwrap());
    let refused = engine.create_checkout(finnish, &merchant()).await;
    assert!(matches!(refused, Err(EngineError::NoAccount { country: "FI" })), "{refused:?}");
}

#[test]
fn accounts_that_overlap_are_refused() {
    let url = "http://127.0.0.1:1";
    let of = |name: &str, countries: &[Country]| account(name, url, countries);
    let same = Accounts::new([of("a", &[Country::SE]), of("b", &[Country::SE])]);
    assert!(matches!(same, Err(AccountsError::SameCountry { country: "SE", .. })));
    assert!(matches!(
        Accounts::new([of("a", &[]), of("b", &[])]),
        Err(AccountsError::TwoDefaults { .. })
    ));
    assert!(matches!(
        Accounts::new([of("a", &[Country::SE]), of("a", &[Country::US])]),
        Err(AccountsError::SameName(_))
    ));
}
