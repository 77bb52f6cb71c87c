//! What a newcomer reads first.

use crate::support::Place;

#[test]
fn the_help_names_every_command_and_every_exit_code() {
    let help = Place::new().good(&["--help"]);
    for word in [
        "demo",
        "serve",
        "sandbox",
        "key",
        "user",
        "migrate",
        "ledger",
        "checkout",
        "order",
        "events",
        "webhook",
        "reconcile",
    ] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(word)), "{word}: {help}");
    }
    for code in 0..=7 {
        assert!(
            help.lines().any(|line| line.starts_with(&format!("  {code}  "))),
            "{code}: {help}"
        );
    }
    for word in ["--json", "--config", "kvitt.toml", "KVITT_", "NO_COLOR"] {
        assert!(help.contains(word), "{word}: {help}");
    }
}

#[test]
fn every_command_explains_itself() {
    let place = Place::new();
    for (command, words) in [
        (&["demo"][..], &["--headless", "--data", "--listen", "--sandbox-listen"][..]),
        (
            &["serve"],
            &[
                "--listen",
                "KVITT_PUBLIC_URL",
                "[[account]]",
                "clock_from",
                "max_requests",
                "[tls]",
                "postgres://",
                "[account.rate]",
            ],
        ),
        (
            &["sandbox"],
            &[
                "--listen",
                "--credentials",
                "/sandbox/v1",
                "/hpp/v1",
                "/customer-token/v1",
                "--state",
                "--seed",
                "--pace",
                "Examples",
            ],
        ),
        (
            &["sandbox", "seed"],
            &["--example", "part_captured", "declining", "order_lines", "--url", "Examples"],
        ),
        (
            &["sandbox", "trigger"],
            &["fraud-rejected", "approve", "expire", "advance", "klarna_reference", "Examples"],
        ),
        (
            &["sandbox", "trigger", "approve"],
            &["--payment-method", "KVITT_SANDBOX_URL", "<SESSION>", "session_id"],
        ),
        (&["sandbox", "trigger", "fraud-stopped"], &["<ORDER>", "klarna_reference"]),
        (&["sandbox", "trigger", "expire"], &["<ORDER|SESSION>", "klarna_reference"]),
        (&["sandbox", "tail"], &["--path", "--status", "--bodies", "--last", "Examples"]),
        (&["sandbox", "snapshot"], &["save", "restore", "Examples"]),
        (&["sandbox", "reset"], &["--url", "Example"]),
        (&["key"], &["create", "list", "revoke", "KVITT_DATABASE_URL"]),
        (&["user"], &["create", "list", "password", "revoke", "KVITT_DATABASE_URL", "Examples"]),
        (&["user", "create"], &["--password-stdin", "stdin"]),
        (&["migrate"], &["--plan", "KVITT_DATABASE_URL", "Examples"]),
        (
            &["ledger"],
            &["backup", "copy", "freeze", "thaw", "status", "KVITT_DATABASE_URL", "pg_dump"],
        ),
        (&["ledger", "backup"], &["<FILE>", "frozen", "-wal", "pg_dump", "Examples"]),
        (&["ledger", "copy"], &["<FROM>", "<TO>", "empty", "GET /v1/events", "Examples"]),
        (&["ledger", "freeze"], &["--because", "PITR", "Examples"]),
        (&["ledger", "thaw"], &["--yes"]),
        (&["checkout"], &["create", "show", "KVITT_API_KEY", "KVITT_SERVER"]),
        (&["checkout", "create"], &["--file", "--country", "--locale", "--line", "minor units"]),
        (&["events"], &["--after", "--limit"]),
        (
            &["webhook"],
            &[
                "create",
                "list",
                "show",
                "enable",
                "disable",
                "delete",
                "rotate",
                "test",
                "resend",
                "deliveries",
                "listen",
                "Standard Webhooks",
                "Examples",
            ],
        ),
    ] {
        explains(&place, command, words);
    }
}

#[test]
fn orders_explain_themselves() {
    let place = Place::new();
    for (command, words) in [
        (
            &["order"][..],
            &[
                "list",
                "show",
                "capture",
                "refund",
                "cancel",
                "release",
                "extend",
                "trigger-send-out",
                "update",
            ][..],
        ),
        (&["order", "list"], &["--status", "--search", "--limit", "--cursor"]),
        (
            &["order", "capture"],
            &["--line", "--amount", "--amount-only", "--reference", "--description", "--tracking"],
        ),
        (&["order", "refund"], &["--line", "--amount", "--yes", "--preview"]),
        (&["order", "cancel"], &["--yes", "--preview", "--idempotency-key"]),
        (&["order", "release"], &["--yes", "--preview", "--idempotency-key"]),
        (&["order", "extend"], &["--preview", "--idempotency-key"]),
        (&["order", "trigger-send-out"], &["--capture", "--preview", "--idempotency-key"]),
        (&["order", "update"], &["--file", "--reference1", "--reference2", "--preview"]),
    ] {
        explains(&place, command, words);
    }
}

#[test]
fn webhooks_explain_themselves() {
    let place = Place::new();
    for (command, words) in [
        (&["webhook", "create"][..], &["--event", "--description", "whsec_"][..]),
        (&["webhook", "deliveries"], &["--state", "--cursor", "--limit"]),
        (&["webhook", "resend"], &["--event", "--since"]),
        (&["webhook", "listen"], &["--forward", "--secret", "--event", "--after", "Examples"]),
    ] {
        explains(&place, command, words);
    }
}

#[test]
fn reconciling_explains_itself() {
    let place = Place::new();
    for (command, words) in [
        (
            &["reconcile"][..],
            &[
                "--since",
                "--until",
                "--status",
                "--account",
                "--order",
                "--preview",
                "--resume",
                "--keep-frozen",
                "frozen",
                "Exit codes",
                "Examples",
            ][..],
        ),
        (&["checkout", "adopt"], &["--order", "<ID>"]),
    ] {
        explains(&place, command, words);
    }
}

fn explains(place: &Place, command: &[&str], words: &[&str]) {
    let help = place.good(&[command, &["--help"]].concat());
    for word in words {
        assert!(help.contains(word), "{command:?} does not explain {word}: {help}");
    }
    assert!(!help.contains('\x1b'), "no colours where there is no terminal");
}

#[test]
fn the_version_is_the_packages() {
    let version = Place::new().good(&["--version"]);
    assert_eq!(version.trim(), concat!("kvitt ", env!("CARGO_PKG_VERSION")));
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    let place = Place::new();
    for args in [
        &[][..],
        &["pay"],
        &["order"],
        &["order", "capture"],
        &["order", "capture", "ord_1", "--amount", "249.00"],
        &["order", "capture", "ord_1", "--amount-only"],
        &["order", "capture", "ord_1", "--tracking", "PostNord"],
        &["order", "update", "ord_1"],
        &["order", "trigger-send-out", "ord_1"],
        &["order", "list", "--limit", "0"],
        &["user"],
        &["user", "create"],
        &["reconcile", "--order", "ord_1", "--since", "2026-01-01T00:00:00Z"],
        &["reconcile", "--since"],
        &["ledger"],
        &["ledger", "backup"],
        &["ledger", "freeze", "now"],
        &["ledger", "copy", "sqlite:kvitt.db"],
        &["ledger", "copy", "sqlite:a.db", "postgres://b/c", "--database-url", "sqlite:d.db"],
        &["checkout", "create"],
        &["checkout", "create", "--country", "SE"],
        &["checkout", "create", "--file", "a.json", "--country", "SE"],
        &["checkout", "create", "--country", "SE", "--line", "Shirt,1,249.00,2500"],
        &["events", "ord_1", "--after", "1"],
        &["webhook"],
        &["webhook", "create"],
        &["webhook", "resend", "whk_1"],
        &["webhook", "resend", "whk_1", "--event", "evt_1", "--since", "2026-01-01T00:00:00Z"],
        &["sandbox", "--listen", "4010"],
        &["sandbox", "--credentials", "user"],
        &["sandbox", "--pace", "0"],
        &["sandbox", "--pace", "1000001"],
        &["sandbox", "--set", "captures"],
        &["sandbox", "--seed", "no-such-file.toml"],
        &["sandbox", "--state", "a.jsonl", "reset"],
        &["sandbox", "seed"],
        &["sandbox", "seed", "a.toml", "--example"],
        &["sandbox", "trigger"],
        &["sandbox", "trigger", "fraud-accepted"],
        &["sandbox", "tail", "--status", "ok"],
        &["sandbox", "snapshot"],
    ] {
        let ended = place.run_unserving(args);
        assert_eq!(ended.code, Some(2), "kvitt {args:?}: {ended:?}");
        assert_eq!(ended.stdout, "", "kvitt {args:?}");
        assert!(!ended.stderr.is_empty());
    }
}
