//! What can be wrong with a picture.

/// Why a picture cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no Base64.
    #[error("it is no Base64: {0}")]
    Base64(#[from] base64::DecodeError),
    /// It is no PNG file, or a broken one.
    #[error("it is no PNG file: {0}")]
    Reading(#[from] png::DecodingError),
    /// Its pixels are more than memory can hold.
    #[error("its pixels are more than memory can hold")]
    TooLarge,
    /// Its pixels are not of red, green and blue with eight bits each.
    #[error("its pixels are not of red, green and blue with eight bits each")]
    Colours,
    /// It cannot be made a PNG file, as one without pixels cannot.
    #[error("it cannot be made a PNG file: {0}")]
    Writing(#[from] png::EncodingError),
}
