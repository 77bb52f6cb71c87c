//! A hosted payment page: what a merchant may ask for, how it stands, and where its buyer goes.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    read::{Body, Fault, Problem, Reader},
    refusal::Refusal,
    weight::Weigh,
};

/// The most characters of a URL and of any other text. The schema gives none: these are Payments'
/// and the general limit (guess).
const URL_MAX: usize = 2000;
const TEXT_MAX: usize = 255;

/// How a session stands. `MANUAL_ID_CHECK`, which the schema lists as well, is never reached:
/// nothing tells how a session gets there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum Status {
    /// The buyer has not come yet.
    Waiting,
    InProgress,
    /// Authorized, or placed.
    Completed,
    /// Refused; the buyer may try again.
    Failed,
    /// The buyer went back to the shop and may return.
    Back,
    /// Something went wrong; the buyer may try again.
    Error,
    /// The buyer does not want to pay.
    Cancelled,
    /// The merchant withdrew it.
    Disabled,
    /// It expired before it was paid. Only a callback may say so: an expired session is not read,
    /// and the schema has no such status.
    Timeout,
}

impl Status {
    pub(crate) const ALL: [Self; 9] = [
        Self::Waiting,
        Self::InProgress,
        Self::Completed,
        Self::Failed,
        Self::Back,
        Self::Error,
        Self::Cancelled,
        Self::Disabled,
        Self::Timeout,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "WAITING",
            Self::InProgress => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Back => "BACK",
            Self::Error => "ERROR",
            Self::Cancelled => "CANCELLED",
            Self::Disabled => "DISABLED",
            Self::Timeout => "TIMEOUT",
        }
    }

    /// Whether the buyer may still pay (Klarna documentation: which are final).
    pub(crate) fn is_open(self) -> bool {
        !matches!(self, Self::Completed | Self::Cancelled | Self::Disabled | Self::Timeout)
    }
}

/// What happens to an approved purchase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum PlaceOrderMode {
    /// The merchant gets its authorization token.
    #[default]
    None,
    /// Klarna places the order.
    PlaceOrder,
    /// Klarna places the order and captures it.
    CaptureOrder,
}

const PLACE_ORDER_MODES: [PlaceOrderMode; 3] =
    [PlaceOrderMode::None, PlaceOrderMode::PlaceOrder, PlaceOrderMode::CaptureOrder];

impl PlaceOrderMode {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::PlaceOrder => "PLACE_ORDER",
            Self::CaptureOrder => "CAPTURE_ORDER",
        }
    }
}

/// The types of purchase, with what the last button says before the amount.
const PURCHASE_TYPES: [(&str, &str); 7] = [
    ("BUY", "Buy for"),
    ("RENT", "Rent for"),
    ("BOOK", "Book for"),
    ("SUBSCRIBE", "Subscribe for"),
    ("DOWNLOAD", "Download for"),
    ("ORDER", "Order for"),
    ("CONTINUE", "Continue and pay"),
];

const CATEGORIES: [&str; 6] =
    ["DIRECT_DEBIT", "DIRECT_BANK_TRANSFER", "PAY_NOW", "PAY_LATER", "PAY_OVER_TIME", "KLARNA"];

/// The members of a request's `merchant_urls` and `options` (Klarna's schema).
pub(crate) const MERCHANT_URLS: [&str; 8] =
    ["back", "cancel", "error", "failure", "privacy_policy", "status_update", "success", "terms"];
pub(crate) const OPTIONS: [&str; 8] = [
    "background_images",
    "logo_url",
    "page_title",
    "payment_method_categories",
    "payment_method_category",
    "place_order_mode",
    "purchase_type",
    "show_subtotal_detail",
];

/// What the merchant wants of the page. Logo and background are read and left out: no page of the
/// sandbox loads anything from elsewhere.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Options {
    pub(crate) page_title: Option<String>,
    /// In lower case, as Payments has them; empty: whatever there is.
    pub(crate) payment_method_categories: Vec<String>,
    pub(crate) place_order_mode: PlaceOrderMode,
    /// In upper case.
    pub(crate) purchase_type: Option<String>,
    /// Whether the lines of the purchase are left out.
    pub(crate) hides_subtotals: bool,
}

impl Options {
    fn read(reader: &mut Reader<'_>) -> Self {
        reader.objects("background_images", 0, usize::MAX, |image| {
            image.text("url", 0, URL_MAX);
            image.integer("width", i64::MIN, i64::MAX);
        });
        reader.text("logo_url", 0, URL_MAX);
        let one_of = |name: &str| CATEGORIES.iter().any(|it| it.eq_ignore_ascii_case(name));
        let one = reader.form("payment_method_category", one_of);
        let several = reader.list("payment_method_categories");
        if several.iter().flatten().any(|name| !one_of(name)) {
            reader.fault("payment_method_categories", Fault::Pattern);
        }
        // Both together are refused (Klarna documentation).
        if one.is_some() && several.is_some() {
            reader.fault("payment_method_category", Fault::Pattern);
        }
        let categories = one.into_iter().chain(several.unwrap_or_default());
        let modes = PLACE_ORDER_MODES.map(|mode| (mode.as_str(), mode));
        let mode = named(reader, "place_order_mode", &modes);
        let hides = named(reader, "show_subtotal_detail", &[("HIDE", true)]);
        Self {
            page_title: reader.text("page_title", 0, TEXT_MAX).filter(|title| !title.is_empty()),
            payment_method_categories: categories.map(|it| it.to_ascii_lowercase()).collect(),
            place_order_mode: mode.unwrap_or_default(),
            purchase_type: named(reader, "purchase_type", &PURCHASE_TYPES.map(|(it, _)| (it, it)))
                .map(str::to_owned),
            hides_subtotals: hides.unwrap_or_default(),
        }
    }

    /// What the last button says before the amount.
    pub(crate) fn pay_words(&self) -> &'static str {
        let asked = self.purchase_type.as_deref();
        let words = PURCHASE_TYPES.iter().find(|(name, _)| Some(*name) == asked);
        words.map_or("Pay", |(_, words)| words)
    }
}

impl Weigh for Options {
    fn weight(&self) -> usize {
        self.page_title.weight()
            + self.payment_method_categories.weight()
            + self.purchase_type.weight()
    }
}

/// A member that has one of a few names, in either case (a fixture of Klarna's has them in lower
/// case, the schema in upper case).
fn named<T: Copy>(reader: &mut Reader<'_>, name: &str, values: &[(&str, T)]) -> Option<T> {
    let find = |text: &str| values.iter().find(|(it, _)| it.eq_ignore_ascii_case(text));
    let text = reader.form(name, |text| find(text).is_some())?;
    find(&text).map(|(_, value)| *value)
}

/// Where the buyer's browser is sent, and who is told how the session stands.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct MerchantUrls {
    back: Option<String>,
    cancel: Option<String>,
    error: Option<String>,
    failure: Option<String>,
    pub(crate) status_update: Option<String>,
    success: Option<String>,
}

impl MerchantUrls {
    fn read(reader: &mut Reader<'_>) -> Self {
        let mut url = |name| {
            let text = reader.text(name, 0, URL_MAX).filter(|text| !text.is_empty())?;
            if !is_url(&text) {
                reader.fault(name, Fault::Pattern);
            }
            Some(text)
        };
        Self {
            back: url("back"),
            cancel: url("cancel"),
            error: url("error"),
            failure: url("failure"),
            status_update: url("status_update"),
            success: url("success"),
        }
    }

    /// Those that the merchant has, by their names.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Self { back, cancel, error, failure, status_update, success } = self;
        let all = [
            ("success", success),
            ("failure", failure),
            ("back", back),
            ("cancel", cancel),
            ("error", error),
            ("status_update", status_update),
        ];
        all.into_iter().filter_map(|(name, url)| Some((name, url.as_deref()?)))
    }

    /// Where the browser goes when a session comes to stand so. An error without a URL of its own
    /// leads to the one of failures; in e-commerce a `cancel` stands for `back` (Klarna
    /// documentation).
    pub(crate) fn of(&self, status: Status) -> Option<&str> {
        match status {
            Status::Completed => self.success.as_deref(),
            Status::Failed => self.failure.as_deref(),
            Status::Error => self.error.as_deref().or(self.failure.as_deref()),
            Status::Back => self.back.as_deref().or(self.cancel.as_deref()),
            Status::Cancelled => self.cancel.as_deref(),
            Status::Waiting | Status::InProgress | Status::Disabled | Status::Timeout => None,
        }
    }

    /// How a session stands whose buyer leaves. The button is either a *back* or a *cancel*; in
    /// e-commerce it is always *back* (Klarna documentation).
    pub(crate) fn on_leaving(&self, acquiring_channel: Option<&str>) -> Status {
        let is_ecommerce = acquiring_channel.is_none_or(|channel| channel == "ECOMMERCE");
        let has_only_back = self.back.is_some() && self.cancel.is_none();
        if is_ecommerce || has_only_back { Status::Back } else { Status::Cancelled }
    }
}

impl Weigh for MerchantUrls {
    fn weight(&self) -> usize {
        let Self { back, cancel, error, failure, status_update, success } = self;
        [back, cancel, error, failure, status_update, success].into_iter().map(Weigh::weight).sum()
    }
}

/// An absolute URL. It may lead into an app, and have placeholders.
fn is_url(text: &str) -> bool {
    let has_gap = text.chars().any(|it| it.is_whitespace() || it.is_control());
    !has_gap && Url::parse(text).is_ok()
}

/// What the placeholders of a merchant's URL stand for.
#[derive(Default)]
pub(crate) struct Placeholders<'a> {
    pub(crate) session_id: &'a str,
    pub(crate) authorization_token: Option<&'a str>,
    pub(crate) order_id: Option<&'a str>,
}

impl Placeholders<'_> {
    /// The URL with what is known filled in, in ASCII. What is not known stays as it is (guess).
    pub(crate) fn fill(&self, url: &str) -> String {
        let known = [
            ("{{session_id}}", Some(self.session_id)),
            ("{{authorization_token}}", self.authorization_token),
            ("{{order_id}}", self.order_id),
        ];
        let known = known.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let filled = known.fold(url.to_owned(), |url, (name, value)| url.replace(name, value));
        if filled.is_ascii() { filled } else { Url::parse(&filled).map_or(filled, String::from) }
    }
}

/// A request for a session.
pub(crate) struct Request {
    /// The payment session to be hosted. `None`: an order of Klarna Checkout, of which the sandbox
    /// has none.
    pub(crate) payment_session_id: Option<String>,
    pub(crate) merchant_urls: MerchantUrls,
    pub(crate) options: Options,
}

impl Request {
    pub(crate) fn read(body: &Body<'_>) -> Result<Self, Refusal> {
        let mut problems: Vec<Problem> = Vec::new();
        let mut reader = Reader::new(body, &mut problems);
        reader.required("payment_session_url");
        let hosts = |text: &str| hosted(text).is_some();
        let request = Self {
            payment_session_id: reader
                .form("payment_session_url", hosts)
                .and_then(|url| hosted(&url)?),
            merchant_urls: reader.object("merchant_urls", MerchantUrls::read).unwrap_or_default(),
            options: reader.object("options", Options::read).unwrap_or_default(),
        };
        reader.text("profile_id", 0, TEXT_MAX);
        if problems.is_empty() {
            Ok(request)
        } else {
            Err(Refusal::constraint_violation(&problems))
        }
    }
}

/// The payment session that a URL names, if it names one. The host is not looked at: merchants
/// whose code has Klarna's in it are understood as well.
#[expect(clippy::option_option, reason = "no such URL, an order of Checkout, a session's id")]
fn hosted(url: &str) -> Option<Option<String>> {
    let url = Url::parse(url).ok()?;
    let segments: Vec<&str> = url.path_segments()?.filter(|it| !it.is_empty()).collect();
    match segments.as_slice() {
        ["payments", "v1", "sessions", id] => Some(Some((*id).to_owned())),
        ["checkout", "v3", "orders", _] => Some(None),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const SESSION: &str = "http://127.0.0.1:4010/payments/v1/sessions/92d9-4dc";

    fn read(body: &Value) -> Result<Request, Vec<String>> {
        Request::read(&Body::of(body)).map_err(|refusal| {
            assert_eq!((refusal.status, &*refusal.code), (400, "CONSTRAINT_VIOLATION"));
            refusal.messages
        })
    }

    fn refused(name: &str, value: &Value) -> Vec<String> {
        let body = json!({"payment_session_url": SESSION, name: value});
        read(&body).err().unwrap_or_default()
    }

    #[test]
    fn the_payment_session_is_known_by_its_path() {
        for (url, id) in [
            (SESSION, Some("92d9-4dc")),
            ("https://api.klarna.com/payments/v1/sessions/92d9-4dc/", Some("92d9-4dc")),
            ("https://api.klarna.com//payments/v1/sessions/92d9-4dc", Some("92d9-4dc")),
            ("https://api.klarna.com/checkout/v3/orders/92d9-4dc", None),
        ] {
            let request = read(&json!({"payment_session_url": url})).map_err(|it| it.join(""));
            assert_eq!(request.unwrap().payment_session_id.as_deref(), id, "{url}");
        }
        for bad in ["92d9-4dc", "/payments/v1/sessions/1", "https://api.klarna.com/x", "data:,"] {
            let told = read(&json!({"payment_session_url": bad})).err().unwrap();
            assert_eq!(told, ["'payment_session_url' is not valid"], "{bad}");
        }
        assert_eq!(read(&json!({})).err().unwrap(), ["'payment_session_url' must not be null"]);
    }

    #[test]
    fn options_have_their_names_in_either_case() {
        let options = |options: Value| {
            read(&json!({"payment_session_url": SESSION, "options": options})).map(|it| it.options)
        };
        // What a fixture of Klarna's .NET SDK sends.
        let klarnas = json!({"background_images": [{"url": "string", "width": 0}],
            "logo_url": "https://example.com/logo.jpg", "page_title": "Complete your purchase",
            "payment_method_category": "pay_later", "purchase_type": "buy", "unknown": 1});
        let read = options(klarnas).map_err(|it| it.join("")).unwrap();
        assert_eq!(read.page_title.as_deref(), Some("Complete your purchase"));
        assert_eq!(read.payment_method_categories, ["pay_later"]);
        assert_eq!((read.pay_words(), read.hides_subtotals), ("Buy for", false));
        assert_eq!(read.place_order_mode, PlaceOrderMode::None);
        let upper = json!({"payment_method_categories": ["PAY_NOW", "klarna"],
            "place_order_mode": "capture_order", "purchase_type": "CONTINUE",
            "show_subtotal_detail": "HIDE", "page_title": ""});
        let read = options(upper).map_err(|it| it.join("")).unwrap();
        assert_eq!(read.payment_method_categories, ["pay_now", "klarna"]);
        assert_eq!(read.place_order_mode, PlaceOrderMode::CaptureOrder);
        assert_eq!((read.pay_words(), read.hides_subtotals), ("Continue and pay", true));
        assert_eq!(read.page_title, None);
        let nothing = options(json!({"place_order_mode": null})).map_err(|it| it.join("")).unwrap();
        assert_eq!((nothing.pay_words(), nothing.hides_subtotals), ("Pay", false));
    }

    #[test]
    fn each_bad_member_is_named() {
        for (name, value, told) in [
            ("merchant_urls", json!("x"), "'merchant_urls' must be an object"),
            ("merchant_urls", json!({"success": "/done"}), "'merchant_urls.success' is not valid"),
            ("merchant_urls", json!({"back": "http://a b"}), "'merchant_urls.back' is not valid"),
            (
                "merchant_urls",
                json!({"error": format!("http://{}", "x".repeat(2000))}),
                "The size of the merchant_urls/error value must be between 0 and 2000",
            ),
            ("options", json!({"purchase_type": "STEAL"}), "'options.purchase_type' is not valid"),
            (
                "options",
                json!({"place_order_mode": "AUTO"}),
                "'options.place_order_mode' is not valid",
            ),
            (
                "options",
                json!({"show_subtotal_detail": "SHOW"}),
                "'options.show_subtotal_detail' is not valid",
            ),
            (
                "options",
                json!({"payment_method_categories": ["gold"]}),
                "'options.payment_method_categories' is not valid",
            ),
            (
                "options",
                json!({"payment_method_category": "KLARNA", "payment_method_categories": []}),
                "'options.payment_method_category' is not valid",
            ),
            (
                "options",
                json!({"background_images": [{"width": "wide"}]}),
                "'options.background_images[0].width' must be an integer",
            ),
            (
                "options",
                json!({"page_title": "x".repeat(256)}),
                "The size of the options/page_title value must be between 0 and 255",
            ),
            ("profile_id", json!({}), "'profile_id' must be a string"),
        ] {
            assert_eq!(refused(name, &value), [told]);
        }
        let fine = json!({"success": "https://shop.example/å?t={{authorization_token}}",
            "back": "shop-app://return", "cancel": "", "failure": null, "terms": 7});
        assert!(refused("merchant_urls", &fine).is_empty());
        let both = json!({"purchase_type": 1, "place_order_mode": 2});
        assert_eq!(refused("options", &both).len(), 2);
    }

    fn urls(names: &[&str]) -> MerchantUrls {
        let one =
            |name: &str| names.contains(&name).then(|| format!("https://shop.example/{name}"));
        MerchantUrls {
            back: one("back"),
            cancel: one("cancel"),
            error: one("error"),
            failure: one("failure"),
            status_update: one("status_update"),
            success: one("success"),
        }
    }

    #[test]
    fn every_end_has_its_url() {
        let all = urls(&["back", "cancel", "error", "failure", "status_update", "success"]);
        let of = |urls: &MerchantUrls, status| {
            urls.of(status).map(|url| url.rsplit('/').next().unwrap_or_default().to_owned())
        };
        for (status, name) in [
            (Status::Completed, "success"),
            (Status::Failed, "failure"),
            (Status::Error, "error"),
            (Status::Back, "back"),
            (Status::Cancelled, "cancel"),
        ] {
            assert_eq!(of(&all, status).as_deref(), Some(name));
        }
        for status in [Status::Waiting, Status::InProgress, Status::Disabled, Status::Timeout] {
            assert_eq!(of(&all, status), None);
        }
        let few = urls(&["failure", "cancel"]);
        assert_eq!(of(&few, Status::Error).as_deref(), Some("failure"));
        assert_eq!(of(&few, Status::Back).as_deref(), Some("cancel"));
        assert_eq!(of(&urls(&["back"]), Status::Cancelled), None);
    }

    #[test]
    fn a_cancel_is_a_back_in_ecommerce() {
        for (names, channel, expected) in [
            (vec!["cancel"], None, Status::Back),
            (vec!["cancel"], Some("ECOMMERCE"), Status::Back),
            (vec!["cancel"], Some("IN_STORE"), Status::Cancelled),
            (vec!["cancel", "back"], Some("TELESALES"), Status::Cancelled),
            (vec!["back"], Some("TELESALES"), Status::Back),
            (vec![], Some("TELESALES"), Status::Cancelled),
        ] {
            assert_eq!(urls(&names).on_leaving(channel), expected, "{names:?} {channel:?}");
        }
    }

    #[test]
    fn placeholders_are_filled_as_far_as_they_are_known() {
        let all =
            Placeholders { session_id: "S", authorization_token: Some("T"), order_id: Some("O") };
        let url =
            "https://a.se/{{session_id}}?t={{authorization_token}}&o={{order_id}}&s={{session_id}}";
        assert_eq!(all.fill(url), "https://a.se/S?t=T&o=O&s=S");
        let some = Placeholders { session_id: "S", ..Placeholders::default() };
        assert_eq!(
            some.fill("https://a.se/?o={{order_id}}&x={session_id}"),
            "https://a.se/?o={{order_id}}&x={session_id}"
        );
        assert_eq!(
            some.fill("https://a.se/klar/å?s={{session_id}}"),
            "https://a.se/klar/%C3%A5?s=S"
        );
    }

    #[test]
    fn what_is_final_stays_so() {
        let open =
            [Status::Waiting, Status::InProgress, Status::Failed, Status::Back, Status::Error];
        let over = [Status::Completed, Status::Cancelled, Status::Disabled, Status::Timeout];
        assert!(open.into_iter().all(Status::is_open));
        assert!(!over.into_iter().any(Status::is_open));
    }
}
