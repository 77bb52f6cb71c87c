//! Serving, with every kind of configuration that can work, and stopping.

use crate::support::{Place, post};
use serde_json::json;

#[cfg(unix)]
#[test]
fn both_servers_stop_when_they_are_asked_to() {
    let place = Place::new();
    let sandbox = place.start(&["sandbox", "--listen", "127.0.0.1:0"]);
    let mut place = Place::new();
    place.set("KVITT_KLARNA_URL", &sandbox.url);
    let server = place.start(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(sandbox.stop(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_server_takes_no_huge_pages() {
    let mut place = Place::new();
    place.set("KVITT_KLARNA_URL", "http://127.0.0.1:4010");
    let server = place.start(&["serve", "--listen", "127.0.0.1:0"]);
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.id())).unwrap();
    let huge_pages = status.lines().find_map(|line| line.strip_prefix("THP_enabled:"));
    // Linux tells since 5.0.
    assert!(huge_pages.is_none_or(|it| it.trim() == "0"), "{huge_pages:?}");
}

#[test]
fn a_file_with_secrets_elsewhere_serves() {
    let mut place = Place::new();
    place.set("KVITT_ACCOUNT_US_1_API_KEY", "klarna_test_api_x").set("KVITT_LISTEN", "127.0.0.1:0");
    place.write("password", "hunter2\n");
    place.write(
        "kvitt.toml",
        "public_url = \"https://pay.example\"\ndatabase_url = \"sqlite:sales.db\"\n\
         [log]\nformat = \"json\"\nfilter = \"warn\"\n\
         [[account]]\nname = \"nordic\"\nenvironment = \"production\"\ncountries = [\"SE\", \"NO\"]\n\
         username = \"PK1\"\npassword_file = \"password\"\n\
         [[account]]\nname = \"us-1\"\nenvironment = \"playground\"\nregion = \"na\"\n",
    );
    let server = place.start(&["serve"]);
    assert!(server.url.starts_with("http://127.0.0.1:"), "{}", server.url);
    assert!(place.path().join("sales.db").exists());
    place.set(
        "KVITT_API_KEY",
        place.good(&["key", "create", "--database-url", "sqlite:sales.db"]).trim(),
    );
    place.set("KVITT_SERVER", &server.url);
    assert_eq!(place.good(&["order", "list"]).trim(), "no orders");
}

#[test]
fn with_a_certificate_of_its_own_it_speaks_https() {
    let tls = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/tls/");
    let file = |name: &str| format!("{tls}{name}");
    let mut place = Place::new();
    place.set("KVITT_KLARNA_URL", "http://127.0.0.1:4010");
    place.set("KVITT_TLS_CERTIFICATE", &file("certificate.pem"));
    place.set("KVITT_TLS_KEY", &file("key.pem"));
    let server = place.start(&["serve", "--listen", "127.0.0.1:0"]);
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);
    place.set("KVITT_API_KEY", place.good(&["key", "create"]).trim());
    place.set("KVITT_SERVER", &server.url);
    let stranger = place.run(&["order", "list"]);
    assert_eq!(stranger.code, Some(6), "{stranger:?}");
    assert!(stranger.stderr.contains("SSL_CERT_FILE"), "{}", stranger.stderr);
    place.set("SSL_CERT_FILE", &file("authority.pem"));
    assert_eq!(place.good(&["order", "list"]).trim(), "no orders");

    let another = ["serve", "--listen", "127.0.0.1:0", "--tls-certificate", &file("authority.pem")];
    let ended = place.run_unserving(&another);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("do not fit together"), "{}", ended.stderr);
}

#[test]
fn a_strict_sandbox_takes_its_own_credentials_only() {
    let mut place = Place::new();
    place.set("KVITT_SANDBOX_CREDENTIALS", "PK1:secret");
    let sandbox = place.start(&["sandbox", "--listen", "127.0.0.1:0"]);
    let mut status = Vec::new();
    for password in ["secret", "other"] {
        let mut place = Place::new();
        place.set("KVITT_KLARNA_URL", &sandbox.url);
        place.set("KVITT_KLARNA_USERNAME", "PK1").set("KVITT_KLARNA_PASSWORD", password);
        let server = place.start(&["serve", "--listen", "127.0.0.1:0"]);
        place.set("KVITT_API_KEY", place.good(&["key", "create"]).trim());
        place.set("KVITT_SERVER", &server.url);
        let args = ["checkout", "create", "--country", "SE", "--line", "Mug,1,100,0"];
        let ended = place.run(&args);
        assert!(!ended.stderr.contains(password), "{}", ended.stderr);
        status.push(ended.code);
        if password == "other" {
            assert!(ended.stderr.contains("does not accept the credentials"), "{}", ended.stderr);
        }
    }
    // Wrong credentials are the installation's mistake, not this request's: it can be repeated.
    assert_eq!(status, [Some(0), Some(6)]);
}

#[test]
fn the_server_follows_the_sandboxs_clock() {
    let mut place = Place::new();
    let sandbox = place.start(&["sandbox", "--listen", "127.0.0.1:0"]);
    place.set("KVITT_KLARNA_URL", &sandbox.url).set("KVITT_CLOCK_FROM", &sandbox.url);
    let server = place.start(&["serve", "--listen", "127.0.0.1:0"]);
    place.set("KVITT_API_KEY", place.good(&["key", "create"]).trim());
    place.set("KVITT_SERVER", &server.url);
    let args = ["checkout", "create", "--country", "SE", "--line", "Mug,1,100,0"];
    let created = |checkout: serde_json::Value| {
        checkout["created_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()
    };
    let before = created(place.json(&args));
    let advance = format!("{}/sandbox/v1/clock/advance", sandbox.url);
    post(&advance, &json!({ "by": "P28D" }), None);
    let hours = created(place.json(&args)).duration_since(before).as_hours();
    assert_eq!(hours, 28 * 24);
}
