//! An operator at the dashboard: a browser, as far as a test needs one.

use kvitt_engine::RandomIds;
use kvitt_server::users::{self, Password, UserName};
use reqwest::Method;
use reqwest::header::HeaderMap;
use sha2::{Digest, Sha256};

use crate::shop::{Answer, Shop, send};

/// Every operator's password.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A browser at a shop's dashboard, which follows nothing by itself.
pub(crate) struct Browser<'a> {
    shop: &'a Shop,
    client: reqwest::Client,
    /// The session's, as it is sent.
    pub cookie: Option<String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn at(shop: &'a Shop) -> Self {
        let policy = reqwest::redirect::Policy::none();
        let client = reqwest::Client::builder().no_proxy().redirect(policy).build().unwrap();
        Self { shop, client, cookie: None }
    }

    /// One in which the operator `asa` has just signed in.
    pub(crate) async fn signed_in(shop: &'a Shop) -> Self {
        let mut browser = Self::at(shop);
        assert_eq!(browser.sign_in("asa", PASSWORD).await.status, 303);
        browser
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], None).await
    }

    /// Sends a form; its `csrf_token` is the caller's to give.
    pub(crate) async fn post(&self, path: &str, members: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, &[], Some(members)).await
    }

    /// Sends a form as a page of the dashboard would.
    pub(crate) async fn submit(&self, path: &str, members: &[(&str, &str)]) -> Answer {
        let csrf_token = self.csrf_token();
        let own = [("csrf_token", csrf_token.as_str())];
        self.post(path, &[&own[..], members].concat()).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        form: Option<&[(&str, &str)]>,
    ) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.shop.url));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(members) = form {
            let form =
                url::form_urlencoded::Serializer::new(String::new()).extend_pairs(members).finish();
            let kind = "application/x-www-form-urlencoded";
            request = request.header("content-type", kind).body(form);
        }
        send(request).await
    }

    /// Sends the sign-in form, and holds what the answer gives.
    pub(crate) async fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        let form = [("name", name), ("password", password)];
        let answer = self.post("/dashboard/sign-in", &form).await;
        if let Some(cookie) = cookie(&answer.headers) {
            self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        }
        answer
    }

    /// Whether the server still knows who this is: whoever it knows is sent on.
    pub(crate) async fn is_signed_in(&self) -> bool {
        self.get("/dashboard/sign-in").await.status == 303
    }

    /// What the cookie holds.
    pub(crate) fn token(&self) -> &str {
        self.cookie.as_deref().unwrap().split_once('=').unwrap().1
    }

    /// The secret of the session's forms.
    pub(crate) fn csrf_token(&self) -> String {
        let derived = digest("kvitt dashboard form", self.token());
        derived.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }
}

/// What the server derives from a session's token.
pub(crate) fn digest(purpose: &str, token: &str) -> [u8; 32] {
    Sha256::digest(format!("{purpose}\0{token}")).into()
}

/// The cookie that an answer sets.
pub(crate) fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers.get("set-cookie").map(|value| value.to_str().unwrap())
}

/// Makes a user who signs in with [`PASSWORD`].
pub(crate) async fn add_user(shop: &Shop, name: &str) -> kvitt_ledger::User {
    let name: UserName = name.parse().unwrap();
    let password = Password::new(PASSWORD.to_owned().into()).unwrap();
    let at = shop.klarna.sandbox().now();
    users::create(&*shop.ledger, &RandomIds, &name, &password, at).await.unwrap()
}
