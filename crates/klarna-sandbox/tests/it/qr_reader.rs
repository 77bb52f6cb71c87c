//! Reads a QR code's picture with a decoder that knows nothing of the encoder.

/// What the code says. The picture is the sandbox's: squares of one module in one path, as
/// `M{x},{y}h{width}v1h-{width}z`.
pub(crate) fn read(picture: &str) -> String {
    let (_, rest) = picture.split_once("viewBox=\"0 0 ").unwrap();
    let full: usize = rest.split_once(' ').unwrap().0.parse().unwrap();
    let (_, rest) = picture.split_once("<path d=\"M").unwrap();
    let path = rest.split_once("z\"").unwrap().0;
    let mut dark = vec![false; full * full];
    for run in path.split("zM") {
        let (at, run) = run.split_once('h').unwrap();
        let (x, y) = at.split_once(',').unwrap();
        let [x, y]: [usize; 2] = [x, y].map(|it| it.parse().unwrap());
        let width: usize = run.split_once('v').unwrap().0.parse().unwrap();
        dark[y * full + x..y * full + x + width].fill(true);
    }
    let scale = 4;
    let side = full * scale;
    let pixel = |x: usize, y: usize| if dark[y / scale * full + x / scale] { 0 } else { 255 };
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side, side, pixel);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}
