//! What people look at: every page and state, on a phone and on a desktop, light and dark, kept in
//! `docs/screenshots/` and looked at by axe, which must find nothing.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::driver::Browser;

const SIZES: [(&str, u32, u32); 2] = [("phone", 390, 844), ("desktop", 1280, 900)];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// References differ from run to run, and a caret blinks. A picture that differs from the kept one in
/// less than this part of its pixels is no new picture, so that a run leaves the checkout as it was.
/// More than this would hide a focus ring or a button that went away (tried with 0.02).
const SAME_BELOW: f64 = 0.0015;
/// How far a colour's part may be off: text is drawn a little differently by each machine.
const SAME_COLOUR_WITHIN: u8 = 24;

impl Browser {
    /// Looks at the page as it is now: axe finds nothing, and four pictures are kept.
    pub(crate) async fn look(&self, name: &str) {
        self.look_at(name, true).await;
    }

    /// The same for a page whose scripts do not run, where axe cannot look either.
    pub(crate) async fn look_without_scripts(&self, name: &str) {
        self.look_at(name, false).await;
    }

    async fn look_at(&self, name: &str, runs_scripts: bool) {
        for scheme in SCHEMES {
            self.chromium(
                "Emulation.setEmulatedMedia",
                json!({"features": [
                    {"name": "prefers-color-scheme", "value": scheme},
                    {"name": "prefers-reduced-motion", "value": "reduce"}
                ]}),
            )
            .await;
            for (size, width, height) in SIZES {
                self.resize(width, height).await;
                if runs_scripts {
                    self.fits(name, size).await;
                    self.axe(&format!("{name}, {size}, {scheme}")).await;
                }
                let picture = self.picture(width).await;
                keep(&format!("{name}-{size}-{scheme}.png"), &picture);
            }
        }
        self.chromium("Emulation.setEmulatedMedia", json!({"features": []})).await;
        self.chromium("Emulation.clearDeviceMetricsOverride", json!({})).await;
    }

    /// Sets the size of the page's window, until [`look`](Self::look) sets it back.
    pub(crate) async fn resize(&self, width: u32, height: u32) {
        self.chromium(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}),
        )
        .await;
    }

    /// Nothing sticks out sideways.
    async fn fits(&self, name: &str, size: &str) {
        let wide = "return document.documentElement.scrollWidth - innerWidth";
        let over = self.script(wide).await.as_i64().unwrap();
        assert!(over <= 0, "{name} is {over} px too wide for a {size}");
    }

    /// axe-core's own rules, all of them, on the page that is looked at.
    pub(crate) async fn axe(&self, what: &str) {
        if self.script("return typeof window.axe").await == "undefined" {
            let path = Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("../../node_modules/axe-core/axe.min.js");
            let axe = fs::read_to_string(path).expect("axe-core: scripts/web install brings it");
            self.script(&axe).await;
        }
        let run = "const done = arguments[0]; \
            axe.run(document).then((found) => done(found.violations.map((rule) => \
            rule.id + ': ' + rule.nodes.map((node) => node.target + ' ' + node.failureSummary)\
            .join('; '))), (error) => done([String(error)]))";
        let found = self.client.execute_async(run, Vec::new()).await.unwrap();
        assert_eq!(found, json!([]), "axe on {what}");
    }

    /// The whole page, also what is scrolled away: the window is made as high as the page, so that
    /// what covers a window covers the picture.
    async fn picture(&self, width: u32) -> Vec<u8> {
        let metrics = self.chromium("Page.getLayoutMetrics", json!({})).await;
        let height = metrics["cssContentSize"]["height"].as_f64().unwrap().ceil();
        self.chromium(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}),
        )
        .await;
        let taken = self.chromium("Page.captureScreenshot", json!({"format": "png"})).await;
        let Value::String(text) = &taken["data"] else { panic!("no picture: {taken}") };
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).unwrap()
    }
}

fn keep(name: &str, picture: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/screenshots");
    fs::create_dir_all(&folder).unwrap();
    let path: PathBuf = folder.join(name);
    let kept = fs::read(&path).ok();
    if !kept.is_some_and(|kept| look_alike(&kept, picture)) {
        fs::write(&path, picture).unwrap();
    }
}

fn look_alike(kept: &[u8], taken: &[u8]) -> bool {
    let (Some(kept), Some(taken)) = (pixels(kept), pixels(taken)) else { return false };
    if kept.0 != taken.0 || kept.1.len() != taken.1.len() {
        return false;
    }
    let parts = kept.1.iter().zip(&taken.1);
    let off = parts.filter(|(a, b)| a.abs_diff(**b) > SAME_COLOUR_WITHIN).count();
    let off = u32::try_from(off).unwrap_or(u32::MAX);
    let all = u32::try_from(taken.1.len()).unwrap_or(u32::MAX);
    f64::from(off) < f64::from(all) * SAME_BELOW
}

/// A picture's size, and the parts of its colours one after the other.
fn pixels(file: &[u8]) -> Option<((u32, u32), Vec<u8>)> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().ok()?;
    let mut parts = vec![0; reader.output_buffer_size()?];
    let frame = reader.next_frame(&mut parts).ok()?;
    parts.truncate(frame.buffer_size());
    Some(((frame.width, frame.height), parts))
}
