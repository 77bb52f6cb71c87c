use super::{Colour, Error, Picture};

const WHITE: Colour = [255; 3];
const BLACK: Colour = [0; 3];

/// 100 times 100 pixels, so many of them black.
fn picture(black: usize) -> Picture {
    let mut colours = vec![WHITE; 10_000];
    colours[..black].fill(BLACK);
    Picture { width: 100, height: 100, colours }
}

#[test]
fn its_file_holds_it() {
    let drawn = picture(250);
    let file = drawn.write().unwrap();
    assert_eq!(Picture::read(&file).unwrap(), drawn);
    assert_eq!(drawn.write().unwrap(), file, "the same each time");
}

#[test]
fn a_blinking_caret_is_no_new_picture_and_a_button_is_one() {
    assert!(picture(0).looks_like(&picture(0)));
    assert!(picture(0).looks_like(&picture(14)));
    assert!(!picture(0).looks_like(&picture(15)));
    let lower = Picture { height: 99, colours: vec![WHITE; 9_900], ..picture(0) };
    assert!(!picture(0).looks_like(&lower), "nor is one of another size");
}

#[test]
fn a_colour_may_be_a_little_off() {
    let grey = |part: u8| Picture { width: 1, height: 1, colours: vec![[part, 100, 100]] };
    assert!(grey(100).looks_like(&grey(124)));
    assert!(!grey(100).looks_like(&grey(125)));
}

#[test]
fn near_colours_share_a_place() {
    let near = Picture { width: 3, height: 1, colours: vec![WHITE, WHITE, [250, 255, 255]] };
    let kept = Picture::read(&near.write().unwrap()).unwrap();
    assert_eq!(kept.colours, [WHITE; 3]);
}

#[test]
fn what_is_no_picture_is_refused() {
    assert!(matches!(Picture::read(b"no"), Err(Error::Reading(_))));
    assert!(matches!(Picture::read_base64("-"), Err(Error::Base64(_))));
}
