//! Pictures of pages: what a browser took, compared with what is kept, and kept as a small file.
//!
//! A crate of its own because the development profile can optimize a crate and not a module: a run
//! of the browser tests looks at some hundred million pixels.
//!
//! Invariants:
//! - The same picture makes the same file, byte for byte.
//! - A picture looks like the one that is read from its file.

use std::collections::HashMap;
use std::io::Cursor;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

mod error;

pub use error::Error;

/// A caret blinks. A picture that differs from the kept one in less than this part of its pixels is
/// no new picture, so that a run leaves the checkout as it was. More than this would hide a focus
/// ring or a button that went away (tried with 0.02).
const SAME_BELOW: f64 = 0.0015;
/// How many colours a kept picture has at most.
const PALETTE_MAX: usize = 64;
/// Colours as near as this, squared, share a place among them. A card and the ground that it lies
/// on are farther from each other.
const SAME_WITHIN: u32 = 64;
/// How far a colour's part may be off: text is drawn a little differently by each machine.
const SAME_COLOUR_WITHIN: u8 = 24;

type Colour = [u8; 3];

/// A picture's pixels, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    colours: Vec<Colour>,
}

impl Picture {
    /// Reads a PNG file.
    pub fn read(file: &[u8]) -> Result<Self, Error> {
        let mut decoder = png::Decoder::new(Cursor::new(file));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info()?;
        let mut bytes = vec![0; reader.output_buffer_size().ok_or(Error::TooLarge)?];
        let frame = reader.next_frame(&mut bytes)?;
        bytes.truncate(frame.buffer_size());
        let pixels = match frame.color_type.samples() {
            samples @ 3.. if frame.bit_depth == png::BitDepth::Eight => bytes.chunks_exact(samples),
            _ => return Err(Error::Colours),
        };
        let colours = pixels.map(|it| [it[0], it[1], it[2]]).collect();
        Ok(Self { width: frame.width, height: frame.height, colours })
    }

    /// Reads a PNG file in Base64, as a browser hands it over.
    pub fn read_base64(text: &str) -> Result<Self, Error> {
        Self::read(&STANDARD.decode(text)?)
    }

    fn rows(&self) -> impl Iterator<Item = &[Colour]> {
        self.colours.chunks_exact(usize::try_from(self.width).unwrap_or(usize::MAX).max(1))
    }

    /// Whether people would call it the same picture.
    pub fn looks_like(&self, other: &Self) -> bool {
        if (self.width, self.height) != (other.width, other.height) {
            return false;
        }
        let differ = |(a, b): (&Colour, &Colour)| {
            a.iter().zip(b).any(|(a, b)| a.abs_diff(*b) > SAME_COLOUR_WITHIN)
        };
        let rows = self.rows().zip(other.rows()).filter(|(a, b)| a != b);
        let off = rows.flat_map(|(a, b)| a.iter().zip(b)).filter(|pair| differ(*pair)).count();
        let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        count(off) < count(self.colours.len()) * SAME_BELOW
    }

    /// The most frequent colours that differ from each other: flat areas keep theirs, however
    /// small, and the edges of letters find one near.
    fn palette(&self) -> Vec<Colour> {
        let mut counts: HashMap<Colour, usize> = HashMap::new();
        for run in self.colours.chunk_by(|a, b| a == b) {
            *counts.entry(run[0]).or_default() += run.len();
        }
        let mut counts: Vec<_> = counts.into_iter().collect();
        counts.sort_unstable_by_key(|(colour, count)| (std::cmp::Reverse(*count), *colour));
        let mut palette: Vec<Colour> = Vec::new();
        for (colour, _) in counts {
            let is_new = palette.iter().all(|known| distance(*known, colour) > SAME_WITHIN);
            if is_new && palette.len() < PALETTE_MAX {
                palette.push(colour);
            }
        }
        palette
    }

    /// As a small PNG file.
    pub fn write(&self) -> Result<Vec<u8>, Error> {
        let palette = self.palette();
        let mut places: HashMap<Colour, u8> = HashMap::new();
        let mut bytes = Vec::with_capacity(self.colours.len());
        for run in self.colours.chunk_by(|a, b| a == b) {
            let place = *places.entry(run[0]).or_insert_with(|| nearest(&palette, run[0]));
            bytes.resize(bytes.len() + run.len(), place);
        }
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, self.width, self.height);
        encoder.set_compression(png::Compression::High);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        // Neighbours in a palette have nothing in common.
        encoder.set_filter(png::Filter::NoFilter);
        encoder.set_palette(palette.concat());
        encoder.write_header()?.write_image_data(&bytes)?;
        Ok(file)
    }
}

/// How far two colours are from each other, squared.
fn distance(one: Colour, other: Colour) -> u32 {
    one.iter().zip(other).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
}

/// The place of the colour that is nearest.
fn nearest(palette: &[Colour], colour: Colour) -> u8 {
    let places = (0..=u8::MAX).zip(palette);
    let near = places.min_by_key(|(_, known)| distance(**known, colour));
    near.map_or(0, |(place, _)| place)
}

#[cfg(test)]
mod tests;
