//! The control API, faults included.

use proptest::{collection::vec, prelude::*, sample::Index};
use serde_json::Value;

use crate::{
    judge::judged,
    life::{self, Life},
    mutation::{Change, Cut, change, changes, cut, cuts},
    subject::{Asked, Subject, runner},
    valid,
};

#[derive(Clone, Debug)]
struct Step {
    operation: Index,
    changes: Vec<Change>,
    cuts: Vec<Cut>,
}

fn steps(count: usize) -> impl Strategy<Value = Vec<Step>> {
    let cuts = prop_oneof![4 => Just(Vec::new()), 1 => cuts(2)];
    let step = (any::<Index>(), changes(2), cuts).prop_map(|(operation, changes, cuts)| Step {
        operation,
        changes,
        cuts,
    });
    vec(step, 1..count)
}

fn changed(body: &Value, life: &Life, step: &Step) -> Vec<u8> {
    let mut body = body.clone();
    change(&mut body, &step.changes);
    let mut bytes = life.filled(&body.to_string()).into_bytes();
    cut(&mut bytes, &step.cuts);
    bytes
}

#[test]
fn the_control_api_refuses_what_it_cannot_do() {
    let operations = valid::control();
    let checked = runner(300).run(&steps(8), |steps| {
        let subject = Subject::new();
        let life = Life::begin(&subject);
        for step in &steps {
            let operation = step.operation.get(&operations);
            let bytes = changed(&operation.body, &life, step);
            let path = life.filled(operation.path);
            judged(&subject, &Asked::json(operation.method, path, bytes)).unwrap();
        }
        // Switches may have been moved and the clock have come to the end of time.
        assert_eq!(subject.post("/sandbox/v1/reset", &Value::Null).status, 204);
        life::goes_on(&subject);
        Ok(())
    });
    checked.unwrap();
}

/// A wait or a hang that was set would be waited for: these kinds are not among the rules, and a
/// mutation does not find their names.
#[test]
fn a_fault_that_is_set_strikes_and_one_that_cannot_be_is_refused() {
    let (faults, callback_faults) = (valid::faults(), valid::callback_faults());
    let rules: Vec<(&str, &Value)> = faults
        .iter()
        .map(|it| ("/sandbox/v1/faults", it))
        .chain(callback_faults.iter().map(|it| ("/sandbox/v1/callback-faults", it)))
        .collect();
    let operations = valid::with_bodies();
    let checked = runner(300).run(&steps(6), |steps| {
        let subject = Subject::new();
        let life = Life::begin(&subject);
        for step in &steps {
            let (path, rule) = step.operation.get(&rules);
            let asked = Asked::json("POST", *path, changed(rule, &life, step));
            let got = subject.ask(&asked).unwrap();
            assert!(matches!(got.status, 201 | 400), "{}", got.text());
            if got.status == 201 {
                let shown = format!("{path}/{}", got.json()["id"]);
                assert_eq!(subject.get(&shown).json(), got.json());
            }
        }
        for operation in &operations {
            let body = life.filled(&operation.body.to_string());
            subject.ask(&Asked::json(operation.method, life.filled(operation.path), body));
        }
        subject.post(&life.filled("/sandbox/v1/orders/{open}/fraud"), &decision());
        subject.post("/sandbox/v1/clock/advance", &serde_json::json!({"by": "P2D"}));
        for path in ["/sandbox/v1/faults", "/sandbox/v1/callback-faults"] {
            assert_eq!(subject.got(&Asked::json("DELETE", path, "")).status, 204);
        }
        assert_eq!(subject.get("/sandbox/v1/callbacks").status, 200);
        life::goes_on(&subject);
        Ok(())
    });
    checked.unwrap();
}

fn decision() -> Value {
    serde_json::json!({"decision": "ACCEPTED"})
}
