//! Snapshots that were changed by hand.

use proptest::prelude::*;
use serde_json::json;

use crate::{
    judge::judged,
    life::{self, Life},
    mutation::{change, changes, cut, cuts},
    subject::{Asked, Subject, runner},
    valid,
};

#[test]
fn a_snapshot_is_restored_or_refused_as_a_whole() {
    let few = prop_oneof![4 => Just(Vec::new()), 1 => cuts(2)];
    let checked = runner(120).run(&(changes(3), few), |(changes, cuts)| {
        let subject = Subject::new();
        let life = Life::begin(&subject);
        let rule = json!({"match": {"path": "/nowhere"}, "effect": {"kind": "malformed"}});
        assert_eq!(subject.post("/sandbox/v1/faults", &rule).status, 201);
        let rule = json!({"effect": {"kind": "late", "by": "PT1H"}});
        assert_eq!(subject.post("/sandbox/v1/callback-faults", &rule).status, 201);
        let decision = json!({"decision": "ACCEPTED"});
        subject.post(&life.filled("/sandbox/v1/orders/{open}/fraud"), &decision);
        let mut snapshot = subject.get("/sandbox/v1/snapshot").json();
        change(&mut snapshot, &changes);
        let mut bytes = snapshot.to_string().into_bytes();
        cut(&mut bytes, &cuts);
        let got = judged(&subject, &Asked::json("PUT", "/sandbox/v1/snapshot", bytes)).unwrap();
        prop_assert!(matches!(got.status, 204 | 400), "{}", got.text());
        // Whatever it holds now, everything is answered.
        for (method, path) in valid::WITHOUT_BODIES {
            judged(&subject, &Asked::json(method, life.filled(path), "")).unwrap();
        }
        for operation in valid::with_bodies() {
            let body = life.filled(&operation.body.to_string());
            let path = life.filled(operation.path);
            judged(&subject, &Asked::json(operation.method, path, body)).unwrap();
        }
        for by in ["PT2H", "P30D"] {
            subject.post("/sandbox/v1/clock/advance", &json!({ "by": by }));
        }
        for path in ["/sandbox/v1/callbacks", "/sandbox/v1/snapshot", "/", "/inspector/orders"] {
            assert_eq!(subject.get(path).status, 200, "{path}");
        }
        assert_eq!(subject.post("/sandbox/v1/reset", &json!({})).status, 204);
        life::goes_on(&subject);
        Ok(())
    });
    checked.unwrap();
}
