//! Whatever happens to the store, and whenever it is written: the file says what the store says.

use std::{
    fs::{self, File},
    io::BufReader,
    sync::{Arc, Mutex},
};

use proptest::prelude::*;
use tempfile::TempDir;

use super::{
    desk::Desk,
    disk::{Log, Place},
    lines::{Loaded, load},
    worker::Worker,
};
use crate::{rules::order::tests::order, settings::Settings, state::State};

/// What happens to the store or to the file.
#[derive(Clone, Debug)]
enum Act {
    Put(u8),
    Change(u8),
    Remove(u8),
    Pace(u32),
    Reset,
    /// A second has passed.
    Keep,
    /// The file is to be written anew.
    Begin,
    /// Some of it is.
    Copy,
    /// The process ends without a word, and starts again.
    Kill,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..12u8).prop_map(Act::Put),
        3 => (0..12u8).prop_map(Act::Change),
        3 => (0..12u8).prop_map(Act::Remove),
        1 => (1..9u32).prop_map(Act::Pace),
        1 => Just(Act::Reset),
        4 => Just(Act::Keep),
        2 => Just(Act::Begin),
        4 => Just(Act::Copy),
        1 => Just(Act::Kill),
    ]
}

fn id(n: u8) -> String {
    format!("00000000-0000-0000-0000-0000000000{n:02x}")
}

struct World {
    _folder: TempDir,
    place: Place,
    store: Arc<Mutex<State>>,
    worker: Worker,
}

fn text(state: &State) -> String {
    serde_json::to_string(state).unwrap()
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::of(&folder.path().join("state.jsonl")).unwrap();
        let store = Arc::<Mutex<State>>::default();
        let mut worker = super::begin(&store, &Arc::<Desk>::default(), &place).unwrap();
        worker.write_one_row_at_once();
        Self { _folder: folder, place, store, worker }
    }

    fn in_file(&self) -> Loaded {
        let file = BufReader::new(File::open(&self.place.file).unwrap());
        load(file).ok().flatten().expect("the file can be read")
    }

    fn in_store(&self) -> String {
        text(&self.store.lock().unwrap())
    }

    fn perform(&mut self, act: &Act) {
        let store = Arc::clone(&self.store);
        let mut state = store.lock().unwrap();
        match act {
            Act::Put(n) => {
                let mut order = order();
                order.order_id = id(*n);
                state.orders.insert(&id(*n), order);
            }
            Act::Change(n) => {
                if let Some(order) = state.orders.get_mut(&id(*n)) {
                    let reference = order.merchant_reference1.take().unwrap_or_default();
                    order.merchant_reference1 = Some(format!("{reference}\n\"ä\""));
                }
            }
            Act::Remove(n) => drop(state.orders.remove(&id(*n))),
            Act::Pace(pace) => state.clock.set_pace(jiff::Timestamp::UNIX_EPOCH, *pace),
            Act::Reset => {
                let newer = State::new(Settings { authorization_days: 7, ..Settings::default() });
                state.replace(newer);
            }
            Act::Keep | Act::Begin | Act::Copy | Act::Kill => {}
        }
        drop(state);
        match act {
            Act::Keep => self.worker.keep().unwrap(),
            Act::Begin => self.worker.begin_newer().unwrap(),
            Act::Copy => self.worker.copy_some().unwrap(),
            Act::Kill => {
                let desk = Arc::<Desk>::default();
                self.store = Arc::default();
                self.worker =
                    super::go_on(self.in_file(), &self.store, &desk, &self.place).unwrap();
            }
            _ => {}
        }
    }
}

proptest! {
    // Each waits for the disk some dozen times.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_file_says_what_the_store_says(acts in prop::collection::vec(act(), 0..60)) {
        let mut world = World::new();
        for act in &acts {
            let before = world.in_store();
            world.perform(act);
            if matches!(act, Act::Keep | Act::Begin | Act::Copy) {
                prop_assert_eq!(&world.in_store(), &before, "keeping changes nothing");
            }
            // After a reset the old file stands until the new one is whole.
            if matches!(act, Act::Keep) && world.worker.is_up_to_date() {
                prop_assert_eq!(text(&world.in_file().state), before);
            }
        }
        world.worker.write_all().unwrap();
        prop_assert!(world.worker.is_up_to_date());
        let loaded = world.in_file();
        prop_assert_eq!(text(&loaded.state), world.in_store());
        prop_assert_eq!(loaded.bytes, fs::metadata(&world.place.file).unwrap().len());
    }
}

#[test]
fn a_row_that_goes_and_comes_again_while_the_file_is_written_anew_is_there_once() {
    let mut world = World::new();
    world.perform(&Act::Put(1));
    world.perform(&Act::Put(2));
    world.worker.write_all().unwrap();
    world.perform(&Act::Begin);
    while !world.worker.has_copied(0) {
        world.perform(&Act::Copy);
    }
    world.perform(&Act::Remove(1));
    world.perform(&Act::Put(1));
    while world.worker.is_writing_anew() {
        world.perform(&Act::Copy);
    }
    assert_eq!(text(&world.in_file().state), world.in_store());
}

#[test]
fn a_batch_that_failed_is_written_with_the_next() {
    let mut world = World::new();
    world.perform(&Act::Put(1));
    world.worker.write_all().unwrap();
    // Opened for reading only, the file cannot be written: as if the disk were full.
    let broken = Log::of(File::open(&world.place.file).unwrap(), world.in_file().bytes);
    let sound = world.worker.set_log(broken);
    world.perform(&Act::Put(2));
    world.perform(&Act::Change(1));
    world.perform(&Act::Pace(5));
    assert!(world.worker.keep().is_err());
    world.perform(&Act::Remove(2));
    world.perform(&Act::Put(3));
    assert!(world.worker.keep().is_err());
    world.worker.set_log(sound);
    world.worker.keep().unwrap();
    assert_eq!(text(&world.in_file().state), world.in_store());
}

#[test]
fn what_a_failed_write_left_behind_is_cut_off() {
    let mut world = World::new();
    world.perform(&Act::Put(1));
    world.worker.write_all().unwrap();
    let whole = fs::read(&world.place.file).unwrap();
    fs::write(&world.place.file, [&whole[..], b"{\"table\":\"orders\",\"num"].concat()).unwrap();
    world.perform(&Act::Kill);
    assert_eq!(fs::read(&world.place.file).unwrap(), whole);
    world.perform(&Act::Change(1));
    world.worker.keep().unwrap();
    assert_eq!(text(&world.in_file().state), world.in_store());
}

#[test]
fn a_file_that_grew_is_written_anew() {
    let mut world = World::new();
    world.perform(&Act::Put(1));
    world.worker.write_all().unwrap();
    let mut written = 0;
    while !world.worker.is_writing_anew() {
        world.store.lock().unwrap().orders.get_mut(&id(1)).unwrap().merchant_data =
            Some("x".repeat(100_000));
        world.worker.keep().unwrap();
        written += 1;
    }
    assert_eq!(written, 11, "so many make more than a megabyte");
    while world.worker.is_writing_anew() {
        world.worker.copy_some().unwrap();
    }
    let bytes = fs::metadata(&world.place.file).unwrap().len();
    assert!((100_000..110_000).contains(&bytes), "{bytes}");
    assert_eq!(text(&world.in_file().state), world.in_store());
    let names: Vec<_> = fs::read_dir(world.place.file.parent().unwrap()).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing else is left there: {names:?}");
}
