//! A text as a QR code.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

/// The light edge that a reader needs, in modules (ISO/IEC 18004).
const EDGE: i32 = 4;
/// How large a module is shown where nothing else is asked for.
const PIXELS: i32 = 8;

/// The code as an SVG picture. `None`: the text is too long for one.
pub(crate) fn svg(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let mut dark = String::new();
    for y in 0..size {
        let mut x = 0;
        while x < size {
            let from = x;
            while x < size && code.get_module(x, y) {
                x += 1;
            }
            let width = x - from;
            if width > 0 {
                // Writing into a text cannot fail.
                let _ = write!(dark, "M{},{}h{width}v1h-{width}z", from + EDGE, y + EDGE);
            }
            x += 1;
        }
    }
    let full = size + 2 * EDGE;
    let pixels = full * PIXELS;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{pixels}\" height=\"{pixels}\" \
         viewBox=\"0 0 {full} {full}\" shape-rendering=\"crispEdges\">\
         <rect width=\"{full}\" height=\"{full}\" fill=\"#fff\"/>\
         <path d=\"{dark}\" fill=\"#000\"/></svg>\n"
    ))
}

#[cfg(test)]
#[path = "../../tests/it/qr_reader.rs"]
mod qr_reader;

#[cfg(test)]
mod tests {
    use super::{qr_reader::read, *};

    #[test]
    fn the_code_says_what_was_asked_for() {
        for text in [
            "http://127.0.0.1:4010/hpp/payments/2OCkffK".to_owned(),
            "HTTPS://SHOP.EXAMPLE/A".to_owned(),
            format!("https://klarna.test/hpp/payments/{}", "ö/?&=<".repeat(40)),
        ] {
            let picture = svg(&text).unwrap();
            assert_eq!(read(&picture), text);
            // The upper left finder's first row, behind the light edge.
            assert!(picture.contains("<path d=\"M4,4h7v1h-7z"), "{picture}");
        }
    }

    #[test]
    fn what_no_code_can_say_has_none() {
        assert!(svg(&"ö".repeat(3000)).is_none());
    }
}
