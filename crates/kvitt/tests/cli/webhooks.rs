//! Webhook endpoints by commands, and messages as they come.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use kvitt_engine::webhooks::WebhookSecret;
use secrecy::SecretString;
use serde_json::Value;

use crate::support::{Place, Serving};

/// A message as a server of the shop's took it.
struct Taken {
    head: String,
    body: String,
}

impl Taken {
    fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines();
        lines.find_map(|line| line.strip_prefix(&format!("{name}: "))).unwrap()
    }

    #[track_caller]
    fn is_signed_with(&self, secret: &str) {
        let secret = WebhookSecret::parse(&SecretString::from(secret)).unwrap();
        let at = self.header("webhook-timestamp").parse().unwrap();
        let signature = secret.sign(self.header("webhook-id"), at, &self.body);
        assert_eq!(self.header("webhook-signature"), signature);
    }

    fn kind(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap();
        body["type"].as_str().unwrap().to_owned()
    }
}

/// A server of the shop's that takes everything, and its address.
fn server() -> (String, Receiver<Taken>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/webhooks", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim_end().to_owned();
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
                head.push_str(&line);
                head.push('\n');
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let body = String::from_utf8(body).unwrap();
            let answer = b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n";
            stream.write_all(answer).unwrap();
            // Nobody waits for more once the test is over.
            let _ = sender.send(Taken { head, body });
        }
    });
    (url, receiver)
}

struct Shop {
    place: Place,
    server: Serving,
}

impl Shop {
    /// A shop, and the sandbox that it needs.
    fn open() -> (Self, Serving) {
        let mut place = Place::new();
        let sandbox = place.start(&["sandbox", "--listen", "127.0.0.1:0"]);
        place.set("KVITT_KLARNA_URL", &sandbox.url);
        let server = place.start(&["serve", "--listen", "127.0.0.1:0"]);
        let key = place.good(&["key", "create"]).trim().to_owned();
        place.set("KVITT_API_KEY", &key).set("KVITT_SERVER", &server.url);
        (Self { place, server }, sandbox)
    }

    fn checkout(&self) -> String {
        let args = ["checkout", "create", "--country", "SE", "--line", "Mug,1,10000,2500"];
        self.place.json(&args)["id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn an_endpoint_is_made_tried_and_watched_by_commands() {
    let (shop, _sandbox) = Shop::open();
    let place = &shop.place;
    assert!(place.good(&["webhook", "list"]).contains("no webhook endpoints"));
    let (url, taken) = server();
    let create = ["webhook", "create", &url, "--event", "checkout.*", "--description", "Warehouse"];
    let made = place.json(&create);
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
    let shown = place.good(&["webhook", "show", id]);
    for text in [id, &url, "checkout.*", "Warehouse", "enabled"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    assert!(!shown.contains("whsec_"), "{shown}");

    let tried = place.good(&["webhook", "test", id]);
    assert!(tried.contains("taken, with 204"), "{tried}");
    let message = taken.recv().unwrap();
    message.is_signed_with(secret);
    assert_eq!(message.kind(), "webhook.test");

    let checkout = shop.checkout();
    let message = taken.recv().unwrap();
    message.is_signed_with(secret);
    assert_eq!(message.kind(), "checkout.created");
    assert!(message.body.contains(&checkout), "{}", message.body);
    let event = message.header("webhook-id").to_owned();

    let rotated = place.good(&["webhook", "rotate", id]);
    assert!(rotated.contains("whsec_") && rotated.contains("old secret until"), "{rotated}");
    let resent = place.good(&["webhook", "resend", id, "--event", &event]);
    assert_eq!(resent.trim(), "on their way");
    let again = taken.recv().unwrap();
    assert_eq!((again.header("webhook-id"), &again.body), (event.as_str(), &message.body));
    assert_eq!(again.header("webhook-signature").split(' ').count(), 2);
    place.good(&["webhook", "resend", id, "--since", "2020-01-01T00:00:00Z"]);
    assert_eq!(taken.recv().unwrap().header("webhook-id"), event);

    let deliveries = place.good(&["webhook", "deliveries", id, "--limit", "1"]);
    for text in [event.as_str(), "checkout.created"] {
        assert!(deliveries.contains(text), "{text}: {deliveries}");
    }
    assert!(place.good(&["webhook", "disable", id]).contains("disabled by the shop"));
    assert!(place.good(&["webhook", "list"]).contains("disabled"));
    let attention = place.good(&["attention"]);
    assert!(attention.contains(id) && attention.contains("disabled by the shop"), "{attention}");
    assert!(place.good(&["webhook", "enable", id]).contains("enabled"));
    assert!(place.good(&["webhook", "delete", id]).contains("is deleted"));
    assert_eq!(place.run(&["webhook", "show", id]).code, Some(4));
}

#[test]
fn what_is_wrong_is_said_with_its_exit_code() {
    let (shop, _sandbox) = Shop::open();
    let place = &shop.place;
    let nobody = crate::support::nobody();
    let made = place.json(&["webhook", "create", &nobody]);
    let ended = place.run(&["webhook", "test", made["id"].as_str().unwrap()]);
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stdout.contains("not taken: it cannot be reached"), "{ended:?}");
    for (args, code, word) in [
        (&["webhook", "create", "http://shop.example/"][..], 3, "[invalid_webhook]"),
        (&["webhook", "show", "whk_0192f0c8111172228333444455556666"], 4, "[not_found]"),
        (&["webhook", "listen", "--forward", "nowhere"], 2, "--forward"),
        (&["webhook", "listen", "--forward", "http://a/", "--secret", "hunter2"], 2, "whsec_"),
        (&["webhook", "listen", "--key", "kvitt_wrong"], 3, "kvitt key create"),
    ] {
        let ended = place.run(args);
        assert_eq!(ended.code, Some(code), "kvitt {args:?}: {ended:?}");
        assert!(ended.stderr.contains(word), "no {word:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains("hunter2"), "{ended:?}");
    }
}

/// `kvitt webhook listen`, once it listens; with its stderr up to there.
fn listen(place: &Place, args: &[&str]) -> (Child, Vec<String>) {
    let mut child = place.command(&[&["webhook", "listen"], args].concat()).spawn().unwrap();
    let mut said = Vec::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    for line in lines.by_ref() {
        let listens = line.starts_with("listening after position");
        said.push(line);
        if listens {
            break;
        }
    }
    // What it says later is read too, so that it never waits for a reader.
    thread::spawn(move || lines.for_each(drop));
    (child, said)
}

#[cfg(unix)]
#[test]
fn messages_are_shown_and_forwarded_as_they_come_until_ctrl_c() {
    let (shop, _sandbox) = Shop::open();
    shop.checkout();
    let (url, taken) = server();
    let args = ["--forward", &url, "--event", "checkout.created"];
    let (mut child, said) = listen(&shop.place, &args);
    let secret = said.iter().find_map(|line| line.strip_prefix("signing with ")).unwrap();

    let checkout = shop.checkout();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let line = lines.next().unwrap();
    assert!(line.contains("checkout.created") && line.contains("  204 in "), "{line}");
    assert!(line.contains(&checkout.replace("chk_", "ord_")), "{line}");
    let message = taken.recv().unwrap();
    message.is_signed_with(secret);
    assert!(message.body.contains(&checkout), "{}", message.body);

    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(lines.next(), None);
    assert!(taken.try_recv().is_err(), "what was before is not sent on");
}

#[cfg(unix)]
#[test]
fn listening_outlives_the_server_and_prints_json() {
    let (Shop { place, server }, _sandbox) = Shop::open();
    let address = server.address().to_owned();
    let (mut child, _) = listen(&place, &["--json", "--after", "0"]);
    assert_eq!(server.stop(), Some(0));
    let server = place.start(&["serve", "--listen", &address]);
    let shop = Shop { place, server };
    let checkout = shop.checkout();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let document: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(document["message"]["type"], "checkout.created");
    assert_eq!(document["message"]["data"]["checkout"]["id"], *checkout);
    assert_eq!(document["webhook_id"], document["message"]["data"]["event"]["id"]);
    assert!(document.get("forwarded").is_none());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!shop.server.url.is_empty());
}
