//! Bodies of every operation.

use proptest::{collection::vec, prelude::*, sample::Index};

use crate::{
    judge::{judged, order_adds_up},
    life::{self, Life},
    mutation::{Change, Cut, change, changes, cut, cuts},
    subject::{Asked, Subject, runner},
    valid::{self, Operation},
};

#[derive(Clone, Debug)]
struct Step {
    operation: Index,
    changes: Vec<Change>,
    cuts: Vec<Cut>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let cuts = prop_oneof![4 => Just(Vec::new()), 1 => cuts(3)];
    let step = (any::<Index>(), changes(3), cuts).prop_map(|(operation, changes, cuts)| Step {
        operation,
        changes,
        cuts,
    });
    vec(step, 1..6)
}

/// Sends an operation as the step has it.
fn send(subject: &Subject, life: &Life, operations: &[Operation], step: &Step) {
    let operation = step.operation.get(operations);
    let mut body = operation.body.clone();
    change(&mut body, &step.changes);
    let mut bytes = life.filled(&body.to_string()).into_bytes();
    cut(&mut bytes, &step.cuts);
    judged(subject, &Asked::json(operation.method, life.filled(operation.path), bytes)).unwrap();
}

#[test]
fn whatever_is_sent_is_answered_as_klarna_would() {
    let operations = valid::with_bodies();
    let checked = runner(400).run(&steps(), |steps| {
        let subject = Subject::new();
        let life = Life::begin(&subject);
        for step in &steps {
            send(&subject, &life, &operations, step);
        }
        for (method, path) in valid::WITHOUT_BODIES {
            judged(&subject, &Asked::json(method, life.filled(path), "")).unwrap();
        }
        for order in ["{open}", "{captured}"] {
            order_adds_up(&subject, &life.filled(order));
        }
        life::goes_on(&subject);
        Ok(())
    });
    checked.unwrap();
}
