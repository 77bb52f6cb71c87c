//! Signing in to the dashboard, staying signed in, and signing out, as a browser does it.

use std::time::Duration;

use kvitt_engine::RandomIds;
use kvitt_ledger::SessionDigest;
use kvitt_server::users::{self, Password};
use reqwest::Method;

use crate::operator::{Browser, PASSWORD, add_user, cookie, digest};
use crate::shop::Shop;

/// A shop with one operator.
async fn open() -> Shop {
    let shop = Shop::open().await;
    add_user(&shop, "asa").await;
    shop
}

#[tokio::test]
async fn the_page_can_be_used_without_a_mouse_or_a_script() {
    let shop = open().await;
    let page = Browser::at(&shop).get("/dashboard/sign-in?return_to=/dashboard/orders").await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    for wanted in [
        "<html lang=\"en\">",
        "<link rel=\"icon\" href=\"data:,\">",
        "<label for=\"name\">",
        "<input id=\"name\" name=\"name\"",
        "autocomplete=\"username\"",
        "<label for=\"password\">",
        "<input id=\"password\" name=\"password\" type=\"password\"",
        "autocomplete=\"current-password\"",
        "name=\"return_to\" value=\"/dashboard/orders\"",
        "action=\"/dashboard/sign-in\"",
        "width=device-width",
    ] {
        assert!(page.text.contains(wanted), "{wanted} is not in {}", page.text);
    }
    for unwanted in ["<script", "style=", "onclick", "http:", "https:"] {
        assert!(!page.text.contains(unwanted), "{unwanted} is in {}", page.text);
    }
    let css = Browser::at(&shop).get("/assets/dashboard.css").await;
    assert_eq!(
        (css.status.as_u16(), &css.headers["content-type"]),
        (200, &"text/css; charset=utf-8".parse().unwrap())
    );
}

#[tokio::test]
async fn every_answer_tells_the_browser_to_be_strict() {
    let shop = open().await;
    let browser = Browser::at(&shop);
    for answer in [
        browser.get("/dashboard/sign-in").await,
        browser.post("/dashboard/sign-in", &[("name", "asa"), ("password", "x")]).await,
        browser.post("/dashboard/sign-in", &[("name", "asa"), ("password", PASSWORD)]).await,
        browser.post("/dashboard/sign-out", &[]).await,
    ] {
        let headers = answer.headers;
        assert_eq!(
            headers["content-security-policy"],
            "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        assert_eq!(headers["referrer-policy"], "same-origin");
        assert_eq!(headers["cross-origin-opener-policy"], "same-origin");
        assert_eq!(headers["cache-control"], "no-store");
        assert_eq!(headers["x-robots-tag"], "noindex");
        assert_eq!(headers["x-content-type-options"], "nosniff");
    }
}

#[tokio::test]
async fn the_right_password_opens_a_session_until_it_is_closed() {
    let shop = open().await;
    let mut browser = Browser::at(&shop);
    assert!(!browser.is_signed_in().await);
    // A telephone begins with a capital and ends with a blank.
    let answer = browser.sign_in("Asa ", PASSWORD).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert_eq!(answer.headers["location"], "/dashboard");
    let said = cookie(&answer.headers).unwrap();
    let (token, attributes) = said.split_once("; ").unwrap();
    assert_eq!(attributes, "HttpOnly; SameSite=Lax; Path=/; Max-Age=43200");
    let token = token.strip_prefix("kvitt_session=").unwrap();
    assert!(token.len() == 64 && token.bytes().all(|it| it.is_ascii_hexdigit()), "{token}");
    assert!(browser.is_signed_in().await);
    // Only the digest is kept.
    let digest = SessionDigest(digest("kvitt dashboard session", token));
    assert_eq!(shop.ledger.session(&digest).await.unwrap().unwrap().name, "asa");

    let csrf = browser.csrf_token();
    let answer = browser.post("/dashboard/sign-out", &[("csrf_token", &csrf)]).await;
    assert_eq!((answer.status.as_u16(), &*answer.text), (303, ""));
    assert_eq!(answer.headers["location"], "/dashboard/sign-in");
    assert_eq!(
        cookie(&answer.headers),
        Some("kvitt_session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0")
    );
    assert!(!browser.is_signed_in().await, "the old cookie is worth nothing");
    assert!(shop.ledger.session(&digest).await.unwrap().is_none());
}

#[tokio::test]
async fn over_tls_the_cookie_is_for_this_host_alone() {
    let shop = Shop::at("https://pay.example").await;
    add_user(&shop, "asa").await;
    let mut browser = Browser::at(&shop);
    let answer = browser.sign_in("asa", PASSWORD).await;
    let said = cookie(&answer.headers).unwrap();
    assert!(said.starts_with("__Host-kvitt_session="), "{said}");
    assert!(said.ends_with("; HttpOnly; SameSite=Lax; Path=/; Max-Age=43200; Secure"), "{said}");
    assert!(browser.is_signed_in().await);
    browser.cookie = browser.cookie.map(|cookie| cookie.replace("__Host-", ""));
    assert!(!browser.is_signed_in().await, "a neighbour could have set that one");
}

#[tokio::test]
async fn each_sign_in_has_a_token_of_its_own_and_ends_the_one_before() {
    let shop = open().await;
    let mut browser = Browser::at(&shop);
    // Somebody else's idea of a token is not taken over.
    browser.cookie = Some(format!("kvitt_session={}", "a".repeat(64)));
    browser.sign_in("asa", PASSWORD).await;
    let first = browser.cookie.clone();
    assert!(!browser.token().contains("aaaa"), "{}", browser.token());
    browser.sign_in("asa", PASSWORD).await;
    assert_ne!(browser.cookie, first);
    assert!(browser.is_signed_in().await);
    browser.cookie = first;
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn what_is_wrong_is_not_told_and_the_name_is_kept() {
    let shop = open().await;
    add_user(&shop, "revoked").await;
    let revoked = shop.ledger.user_by_name("revoked").await.unwrap().unwrap();
    shop.ledger.revoke_user(revoked.id, revoked.created_at).await.unwrap();
    let mut browser = Browser::at(&shop);
    let mut pages = Vec::new();
    for (name, password) in [
        ("asa", "correct horse batterx"),
        ("asa", ""),
        ("bo", PASSWORD),
        ("revoked", PASSWORD),
        ("\"><b>", PASSWORD),
    ] {
        let answer = browser.sign_in(name, password).await;
        assert_eq!(answer.status, 401, "{name}");
        assert_eq!(cookie(&answer.headers), None);
        assert!(!answer.text.contains("horse"), "the password came back");
        let kept = match name {
            "\"><b>" => "&#34;&#62;&#60;b&#62;",
            name => name,
        };
        let kept = format!("value=\"{kept}\"");
        assert!(answer.text.contains(&kept), "{kept} is not in {}", answer.text);
        pages.push(answer.text.replace(&kept, ""));
    }
    assert!(pages[0].contains("role=\"alert\"") && pages[0].contains("name or the password"));
    assert!(pages.iter().all(|page| *page == pages[0]), "the pages differ by more than the name");
    assert!(!browser.is_signed_in().await);
}

#[tokio::test]
async fn a_new_password_and_a_revocation_end_what_was_open() {
    let shop = open().await;
    let asa = shop.ledger.user_by_name("asa").await.unwrap().unwrap();
    let mut browser = Browser::signed_in(&shop).await;
    let other = Password::new("another horse battery".to_owned().into()).unwrap();
    assert!(users::set_password(&*shop.ledger, &RandomIds, asa.id, &other).await.unwrap());
    assert!(!browser.is_signed_in().await);
    assert_eq!(browser.sign_in("asa", PASSWORD).await.status, 401);
    assert_eq!(browser.sign_in("asa", "another horse battery").await.status, 303);
    assert!(browser.is_signed_in().await);
    shop.ledger.revoke_user(asa.id, asa.created_at).await.unwrap();
    assert!(!browser.is_signed_in().await);
    assert_eq!(browser.sign_in("asa", "another horse battery").await.status, 401);
}

#[tokio::test]
async fn a_session_that_has_ended_is_none() {
    let shop = open().await;
    let asa = shop.ledger.user_by_name("asa").await.unwrap().unwrap();
    let mut browser = Browser::at(&shop);
    for (lifetime, lives) in [(Duration::ZERO, false), (Duration::from_mins(1), true)] {
        let token = format!("token for {lifetime:?}").replace(' ', "-");
        let digest = SessionDigest(digest("kvitt dashboard session", &token));
        assert!(shop.ledger.open_session(&digest, &asa, lifetime).await.unwrap());
        browser.cookie = Some(format!("kvitt_session={token}"));
        assert_eq!(browser.is_signed_in().await, lives, "{lifetime:?}");
    }
}

#[tokio::test]
async fn a_form_without_the_sessions_own_secret_does_nothing() {
    let shop = open().await;
    let browser = Browser::signed_in(&shop).await;
    let others = Browser::signed_in(&shop).await.csrf_token();
    let (own, session) = (browser.csrf_token(), browser.token().to_owned());
    for wrong in [&*others, "", &own[..63], &own.to_uppercase(), &session] {
        let answer = browser.post("/dashboard/sign-out", &[("csrf_token", wrong)]).await;
        assert_eq!(answer.status, 403, "{wrong}");
        assert!(answer.text.contains("out of date") && answer.text.contains("/dashboard"));
    }
    assert_eq!(browser.post("/dashboard/sign-out", &[]).await.status, 403);
    let in_the_address = format!("/dashboard/sign-out?csrf_token={own}");
    assert_eq!(browser.post(&in_the_address, &[]).await.status, 403);
    let large = "x".repeat(256 * 1024);
    let form = [("csrf_token", &*own), ("more", &large)];
    assert_eq!(browser.post("/dashboard/sign-out", &form).await.status, 413);
    assert!(browser.is_signed_in().await, "nothing was done");
}

#[tokio::test]
async fn what_another_site_sends_does_nothing() {
    let shop = open().await;
    let browser = Browser::signed_in(&shop).await;
    let csrf = browser.csrf_token();
    let own = shop.url.clone();
    let localhost = own.replace("127.0.0.1", "localhost");
    let sign_in = [("name", "asa"), ("password", PASSWORD)];
    let sign_out = [("csrf_token", &*csrf)];
    for headers in [
        [("origin", "https://evil.example"), ("x", "")],
        [("origin", "null"), ("x", "")],
        [("origin", &localhost), ("x", "")],
        [("origin", &own), ("sec-fetch-site", "cross-site")],
        [("origin", &own), ("sec-fetch-site", "same-site")],
    ] {
        for (path, form) in
            [("/dashboard/sign-in", &sign_in[..]), ("/dashboard/sign-out", &sign_out[..])]
        {
            let answer = browser.send(Method::POST, path, &headers, Some(form)).await;
            assert_eq!(answer.status, 403, "{path} {headers:?}");
            assert_eq!(cookie(&answer.headers), None);
            assert!(answer.text.contains(&format!("{own}/dashboard")), "{}", answer.text);
        }
    }
    assert!(browser.is_signed_in().await);
    let headers = [("origin", &*own), ("sec-fetch-site", "same-origin")];
    for (path, form) in [("/dashboard/sign-out", &sign_out[..]), ("/dashboard/sign-in", &sign_in)] {
        let answer = browser.send(Method::POST, path, &headers, Some(form)).await;
        assert_eq!(answer.status, 303, "{path} from its own page");
    }
}

#[tokio::test]
async fn whoever_is_signed_out_learns_that_nothing_was_done() {
    let shop = open().await;
    let browser = Browser::at(&shop);
    let page = format!("{}/dashboard/orders/ord_1?tab=a", shop.url);
    let headers = [("referer", &*page)];
    let answer = browser.send(Method::POST, "/dashboard/sign-out", &headers, Some(&[])).await;
    assert_eq!(answer.status, 401);
    let way_back = "/dashboard/sign-in?return_to=%2Fdashboard%2Forders%2Ford_1%3Ftab%3Da";
    assert!(answer.text.contains(&format!("href=\"{way_back}\"")), "{}", answer.text);
    assert!(answer.text.contains("Nothing was done"));
}

#[tokio::test]
async fn signing_in_leads_back_to_the_dashboard_and_nowhere_else() {
    let shop = open().await;
    let mut browser = Browser::at(&shop);
    for (asked, led) in [
        ("/dashboard/orders?search=a%20b", "/dashboard/orders?search=a%20b"),
        ("//evil.example", "/dashboard"),
        ("https://evil.example/dashboard", "/dashboard"),
        ("/\\evil.example", "/dashboard"),
        ("/dashboard\\@evil.example", "/dashboard"),
        ("/dashboard/..//evil.example", "/dashboard"),
        ("/dashboard\r\nset-cookie: a=b", "/dashboard"),
        ("javascript:alert(1)", "/dashboard"),
    ] {
        let form = [("name", "asa"), ("password", PASSWORD), ("return_to", asked)];
        let answer = browser.post("/dashboard/sign-in", &form).await;
        assert_eq!(answer.status, 303, "{asked}");
        assert_eq!(answer.headers["location"], led, "{asked}");
        browser.cookie = cookie(&answer.headers).map(|it| it.split(';').next().unwrap().to_owned());
        // Whoever is signed in already is led the same way.
        let escaped: String = url::form_urlencoded::byte_serialize(asked.as_bytes()).collect();
        let answer = browser.get(&format!("/dashboard/sign-in?return_to={escaped}")).await;
        assert_eq!(answer.status, 303, "{asked}");
        assert_eq!(answer.headers["location"], led, "{asked}");
        browser.cookie = None;
    }
}

#[tokio::test]
async fn after_five_failures_a_name_waits_whatever_its_password() {
    let shop = open().await;
    add_user(&shop, "bo").await;
    let mut browser = Browser::at(&shop);
    // All at once, so that none waits for what becomes of another.
    let form = [("name", "asa"), ("password", "wrong"), ("return_to", "/dashboard/orders")];
    let once = async || browser.post("/dashboard/sign-in", &form).await.status.as_u16();
    let mut seen =
        <[u16; 7]>::from(tokio::join!(once(), once(), once(), once(), once(), once(), once()));
    seen.sort_unstable();
    assert_eq!(seen, [401, 401, 401, 401, 401, 429, 429]);

    let answer = browser.sign_in("ASA", PASSWORD).await;
    assert_eq!(answer.status, 429);
    let wait: u32 = answer.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((840..=900).contains(&wait), "{wait}");
    assert!(answer.text.contains("Wait 15 minutes"), "{}", answer.text);
    assert!(answer.text.contains("value=\"ASA\""), "the name is kept");
    assert!(!browser.is_signed_in().await);
    assert_eq!(browser.sign_in("bo", PASSWORD).await.status, 303, "another name need not wait");
}

#[tokio::test]
async fn a_revoked_users_right_password_is_a_failure() {
    let shop = open().await;
    let asa = shop.ledger.user_by_name("asa").await.unwrap().unwrap();
    shop.ledger.revoke_user(asa.id, asa.created_at).await.unwrap();
    let mut browser = Browser::at(&shop);
    for _ in 0..5 {
        assert_eq!(browser.sign_in("asa", PASSWORD).await.status, 401);
    }
    assert_eq!(browser.sign_in("asa", PASSWORD).await.status, 429);
}

#[tokio::test]
async fn success_forgets_failures() {
    let shop = open().await;
    let mut browser = Browser::at(&shop);
    for _ in 0..2 {
        for _ in 0..4 {
            assert_eq!(browser.sign_in("asa", "wrong").await.status, 401);
        }
        assert_eq!(browser.sign_in("asa", PASSWORD).await.status, 303);
    }
}

#[tokio::test]
async fn a_form_that_is_too_large_is_not_read() {
    let shop = open().await;
    let long = "x".repeat(16 * 1024);
    let form = [("name", "asa"), ("password", &*long)];
    let answer = Browser::at(&shop).post("/dashboard/sign-in", &form).await;
    assert_eq!(answer.status, 413);
    assert!(answer.text.contains("too large"), "{}", answer.text);
}
