//! Calls here end by giving their turn back, so that no test waits for a window.

use super::*;

const PATIENT: Duration = Duration::from_mins(10);
const NOT_AT_ALL: Duration = Duration::ZERO;

/// Who had a turn, in order.
type Had = Arc<Mutex<Vec<Class>>>;

/// A task that waits for a turn, notes it and gives it back.
async fn wait(line: &Arc<Line>, class: Class, had: &Had) -> tokio::task::JoinHandle<()> {
    let before = waiting(line);
    let task = {
        let (line, had) = (Arc::clone(line), Arc::clone(had));
        tokio::spawn(async move {
            let turn = line.turn(class, PATIENT).await.ok().unwrap();
            had.lock().unwrap().push(class);
            line.leave(turn.ticket);
        })
    };
    while waiting(line) == before {
        tokio::task::yield_now().await;
    }
    task
}

fn waiting(line: &Line) -> usize {
    line.report().classes.iter().map(|it| it.waiting).sum()
}

#[tokio::test]
async fn turns_come_in_the_order_of_classes() {
    let line = Line::new(Limit::AtMost(1));
    let first = line.turn(Class::Bulk, NOT_AT_ALL).await.ok().unwrap();
    let had = Had::default();
    let mut tasks = Vec::new();
    for class in [Class::Bulk, Class::Act, Class::Shopper, Class::Act, Class::Shopper] {
        tasks.push(wait(&line, class, &had).await);
    }
    line.leave(first.ticket);
    for task in tasks {
        task.await.unwrap();
    }
    let order = [Class::Shopper, Class::Shopper, Class::Act, Class::Act, Class::Bulk];
    assert_eq!(*had.lock().unwrap(), order);
    assert_eq!(line.report().classes.map(|it| it.called), [2, 2, 2]);
}

#[tokio::test]
async fn a_wait_is_bounded_and_says_when_to_come_again() {
    let line = Line::new(Limit::AtMost(1));
    let _first = line.turn(Class::Shopper, NOT_AT_ALL).await.ok().unwrap();
    let again = line.turn(Class::Shopper, NOT_AT_ALL).await.err().unwrap();
    assert!(again >= Duration::from_secs(1), "{again:?}");
    let report = line.report().classes[0];
    assert_eq!((report.waiting, report.called, report.held_back), (0, 1, 1));
}

#[tokio::test]
async fn who_is_dropped_in_the_line_holds_nobody_up() {
    let line = Line::new(Limit::AtMost(1));
    let first = line.turn(Class::Act, NOT_AT_ALL).await.ok().unwrap();
    let had = Had::default();
    let gone = wait(&line, Class::Shopper, &had).await;
    let stays = wait(&line, Class::Act, &had).await;
    gone.abort();
    assert!(gone.await.unwrap_err().is_cancelled());
    line.leave(first.ticket);
    stays.await.unwrap();
    assert_eq!(*had.lock().unwrap(), [Class::Act]);
    assert_eq!(waiting(&line), 0);
}

#[tokio::test]
async fn who_is_dropped_under_way_still_counts() {
    let line = Line::new(Limit::AtMost(1));
    drop(line.turn(Class::Act, NOT_AT_ALL).await.ok().unwrap());
    assert!(line.turn(Class::Act, NOT_AT_ALL).await.is_err());
}

#[tokio::test]
async fn a_larger_share_is_used_at_once() {
    let line = Line::new(Limit::AtMost(2));
    line.set_share(Share::Kept);
    let _first = line.turn(Class::Act, NOT_AT_ALL).await.ok().unwrap();
    let had = Had::default();
    let second = wait(&line, Class::Act, &had).await;
    line.set_share(Share::Whole);
    second.await.unwrap();
}

#[tokio::test]
async fn without_a_limit_nobody_waits_until_klarna_refuses() {
    let line = Line::new(Limit::Unknown);
    let mut turns = Vec::new();
    for _ in 0..100 {
        turns.push(line.turn(Class::Bulk, NOT_AT_ALL).await.ok().unwrap());
    }
    let told = klarna::RateLimit { limit: Some(50), remaining: Some(0), reset_seconds: Some(60) };
    for turn in turns {
        turn.ended(&Heard { refused: true, rate_limit: Some(told) }, Jitter(0));
    }
    assert!(line.turn(Class::Shopper, NOT_AT_ALL).await.is_err());
    assert_eq!((line.report().refused, line.report().share), (100, Some(45)));
}
