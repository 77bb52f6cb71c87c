//! A configuration that cannot work is refused before anything is served, with what to do.

use std::net::TcpListener;

use crate::support::{Ended, Place};

/// One account for a sandbox, so that only what a test adds is wrong.
const SANDBOX: &str = "[[account]]\nname = \"main\"\nurl = \"http://127.0.0.1:4010\"\n";
const PRODUCTION: &str = "[[account]]\nname = \"main\"\nenvironment = \"production\"\n\
    username = \"PK1\"\npassword = \"hunter2\"\n";

/// Serves on a free port; what is wrong ends it before it could.
fn serve(place: &Place, toml: &str) -> Ended {
    place.write("kvitt.toml", toml);
    let ended = place.run_unserving(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(ended.code, Some(2), "{toml}: {ended:?}");
    assert_eq!(ended.stdout, "", "{toml}");
    assert!(!ended.stderr.contains("hunter2"), "{toml}: {}", ended.stderr);
    ended
}

fn refused(toml: &str, words: &[&str]) {
    let place = Place::new();
    let ended = serve(&place, toml);
    for word in words {
        assert!(ended.stderr.contains(word), "no {word:?} for {toml}: {}", ended.stderr);
    }
    assert_eq!(ended.stderr.matches("\n  - ").count(), 1, "one problem: {}", ended.stderr);
}

fn with(lines: &str) -> String {
    format!("{lines}\n{SANDBOX}")
}

#[test]
fn every_setting_is_checked() {
    refused("", &["there is no Klarna account", "kvitt sandbox", "KVITT_KLARNA_URL"]);
    refused(&with("lisen = \"a:1\""), &["lisen is not a setting", "known are listen"]);
    refused(&with("public_url = 5"), &["public_url is a TOML integer", "text in quotes"]);
    refused("listen = \"", &["kvitt.toml: line 1 is not TOML"]);
    refused(
        &with("public_url = \"pay.example\""),
        &["public_url in kvitt.toml", "\"pay.example\""],
    );
    refused(&with("public_url = \"https://a/?b\""), &["public_url", "leave out ?"]);
    refused(&with("public_url = \"https://u:hunter2@a/\""), &["public_url", "credentials"]);
    refused(&with("clock_from = \"soon\""), &["clock_from", "\"soon\"", "http://127.0.0.1:4010"]);
    refused(&with("clock_from = \"http://127.0.0.1:1\""), &["clock_from", "kvitt sandbox"]);
    refused(
        &with("database_url = \"postgres://u:hunter2@db\""),
        &["database_url", "postgres://USER:PASSWORD@HOST/NAME"],
    );
    refused(&with("database_url = \"kvitt.db\""), &["database_url", "sqlite:PATH"]);
    refused(
        &with("database_url = \"sqlite:no/such/folder/kvitt.db\""),
        &["database_url", "folder"],
    );
    refused(
        &with("allow_private_webhooks = \"yes\""),
        &["allow_private_webhooks is a TOML string", "true or false"],
    );
    refused(&with("max_requests = \"many\""), &["max_requests is a TOML string", "a whole number"]);
    for wrong in ["0", "-1", "1000001"] {
        let line = format!("max_requests = {wrong}");
        refused(&with(&line), &["max_requests", wrong, "from 1 to 1000000"]);
    }
    refused(&with("[log]\nformat = \"xml\""), &["log.format", "\"xml\"", "text or json"]);
    refused(&with("[log]\nfilter = \"kvitt=loud\""), &["log.filter", "kvitt=loud", "debug"]);
    refused(&with("[tls]\nkey = \"a\""), &["tls.key", "tls.certificate is missing"]);
    refused(&with("[tls]\ncertificate = \"a\""), &["tls.certificate", "tls.key is missing"]);
}

#[test]
fn accounts_are_checked() {
    let account = |lines: &str| format!("[[account]]\nname = \"main\"\n{lines}\n");
    let credentials = "username = \"PK1\"\npassword = \"hunter2\"\n";
    let play = |lines: &str| account(&format!("environment = \"playground\"\n{lines}"));
    refused("[[account]]\nurl = \"http://a\"\n", &["account[0].name", "missing"]);
    refused("[[account]]\nname = \"a b\"\nurl = \"http://a\"\n", &["account[0].name", "\"a b\""]);
    refused(&account(credentials), &["\"main\" does not say which Klarna", "playground"]);
    refused(&account("url = \"here\""), &["account[0].url", "no address"]);
    refused(
        &play(&format!("url = \"http://a\"\n{credentials}")),
        &["both environment and url", "\"main\""],
    );
    refused(
        &account(&format!("environment = \"prod\"\n{credentials}")),
        &["account[0].environment", "\"prod\"", "playground or production"],
    );
    refused(&play(&format!("region = \"se\"\n{credentials}")), &["region", "\"se\"", "eu", "oc"]);
    refused(&play(&format!("countries = [\"XX\"]\n{credentials}")), &["countries", "XX", "SE"]);
    refused(
        &play(&format!("countries = [\"SE\", \"US\"]\n{credentials}")),
        &["SE and US", "two accounts"],
    );
    refused(&play(""), &["no credentials", "KVITT_ACCOUNT_MAIN_PASSWORD"]);
    refused(&play("username = \"PK1\""), &["no password", "KVITT_ACCOUNT_MAIN_PASSWORD"]);
    refused(&play("password = \"hunter2\""), &["no username", "KVITT_ACCOUNT_MAIN_USERNAME"]);
    refused(
        &play(&format!("api_key = \"klarna_test_hunter2\"\n{credentials}")),
        &["both a username and an API key"],
    );
    refused(
        &play("api_key = \"klarna_live_hunter2\""),
        &["in playground", "for real money", "same environment"],
    );
    refused(
        &play(&format!("password_file = \"a\"\n{credentials}")),
        &["both password and password_file"],
    );
    refused(
        &play("username = \"PK1\"\npassword_file = \"no-such-file\""),
        &["password_file", "no-such-file", "cannot be read"],
    );
    refused(&play("username = \"a:b\"\npassword = \"hunter2\""), &["\"main\"", "colon"]);
    refused(&play("username = \"PK1\"\npassword = 12345"), &["password is a TOML integer"]);
    let second = SANDBOX.replace("main", "other");
    refused(&format!("{SANDBOX}{second}"), &["\"main\"", "\"other\"", "countries"]);
    let nordic = "[[account]]\nname = \"a-b\"\nurl = \"http://127.0.0.1\"\ncountries = [\"SE\"]\n";
    let alike = format!("{nordic}{}", nordic.replace("a-b", "A_B").replace("SE", "NO"));
    refused(&alike, &["\"A_B\"", "\"a-b\"", "KVITT_ACCOUNT_A_B_"]);
    refused(&format!("{SANDBOX}countries = [\"SE\"]\n{SANDBOX}"), &["name", "\"main\""]);
}

#[test]
fn production_needs_a_real_address_and_real_time() {
    refused(PRODUCTION, &["public_url is missing", "https://", "\"main\""]);
    refused(
        &format!("public_url = \"http://pay.example\"\n{PRODUCTION}"),
        &["public_url is \"http://pay.example/\"", "https:// only"],
    );
    let place = Place::new();
    let sandbox = place.start(&["sandbox", "--listen", "127.0.0.1:0"]);
    refused(
        &format!(
            "public_url = \"https://pay.example\"\nclock_from = \"{}\"\n{PRODUCTION}",
            sandbox.url
        ),
        &["clock_from", &sandbox.url, "production account \"main\""],
    );
}

#[test]
fn all_problems_are_said_at_once() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut place = Place::new();
    place.write("certificate.pem", "this is no certificate\n");
    place.set("KVITT_LISTEN", &address).set("KVITT_LOG_FORMAT", "yaml");
    place.set("KVITT_DATABASE_URL", "sqlite:no/such/folder/kvitt.db");
    place.set("KVITT_TLS_CERTIFICATE", "certificate.pem").set("KVITT_TLS_KEY", "no-such-key.pem");
    place.set("KVITT_PUBLIC_URL", "http://pay.example");
    place.set("KVITT_KLARNA_ENVIRONMENT", "production").set("KVITT_KLARNA_PASSWORT", "hunter2");
    let ended = place.run_unserving(&["serve"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{ended:?}");
    for words in [
        "for 7 reasons",
        "another program listens there",
        &address,
        "KVITT_LOG_FORMAT is \"yaml\"",
        "KVITT_DATABASE_URL",
        "KVITT_TLS_CERTIFICATE is \"certificate.pem\"",
        "KVITT_TLS_KEY is \"no-such-key.pem\"",
        "KVITT_KLARNA_PASSWORT is not a setting",
        "no credentials: set KVITT_KLARNA_USERNAME",
    ] {
        assert!(ended.stderr.contains(words), "no {words:?} in {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
}

#[test]
fn variables_that_fit_no_account_are_refused() {
    let mut place = Place::new();
    place.set("KVITT_ACCOUNT_MIAN_PASSWORD", "hunter2");
    let ended = serve(&place, SANDBOX);
    assert!(ended.stderr.contains("KVITT_ACCOUNT_MIAN_PASSWORD"), "{}", ended.stderr);
    let mut place = Place::new();
    place.set("KVITT_KLARNA_URL", "http://127.0.0.1:4010");
    let ended = serve(&place, SANDBOX);
    assert!(ended.stderr.contains("KVITT_KLARNA_URL is for one account"), "{}", ended.stderr);
}

#[test]
fn flags_come_before_variables_and_variables_before_the_file() {
    let mut place = Place::new();
    place.write("kvitt.toml", &with("public_url = \"of-file\""));
    let said = |place: &Place, args: &[&str]| {
        let ended = place.run_unserving(&[&["serve", "--listen", "127.0.0.1:0"], args].concat());
        assert_eq!(ended.code, Some(2), "{ended:?}");
        ended.stderr
    };
    assert!(said(&place, &[]).contains("public_url in kvitt.toml is \"of-file\""));
    place.set("KVITT_PUBLIC_URL", "");
    assert!(
        said(&place, &[]).contains("public_url in kvitt.toml is \"of-file\""),
        "empty is unset"
    );
    place.set("KVITT_PUBLIC_URL", "of-variable");
    assert!(said(&place, &[]).contains("KVITT_PUBLIC_URL is \"of-variable\""));
    let of_flag = said(&place, &["--public-url", "of-flag"]);
    assert!(of_flag.contains("--public-url is \"of-flag\""), "{of_flag}");
    assert!(!of_flag.contains("of-variable") && !of_flag.contains("of-file"), "{of_flag}");
    let named = said(&place, &["--config", "other.toml"]);
    assert!(named.contains("other.toml") && named.contains("--config"), "{named}");
}

#[test]
fn a_server_for_everybody_has_to_know_its_address() {
    let place = Place::new();
    place.write("kvitt.toml", SANDBOX);
    let ended = place.run_unserving(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("public_url is missing"), "{}", ended.stderr);
}
