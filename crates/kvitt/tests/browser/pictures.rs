//! What people look at: every page and state, on a phone and on a desktop, light and dark, kept in
//! `docs/screenshots/` and looked at by axe, which must find nothing.

use std::fs;
use std::path::Path;

use kvitt_pictures::Picture;
use serde_json::{Value, json};

use crate::driver::Browser;

const SIZES: [(&str, u32, u32); 2] = [("phone", 390, 844), ("desktop", 1280, 900)];
const SCHEMES: [&str; 2] = ["light", "dark"];

/// Pages that are higher are pictured down to here.
const HEIGHT_MAX: f64 = 5_000.0;
/// What differs from run to run, each with what is shown in its place: ids, Klarna's references,
/// moments, durations, ports, secrets.
const VARYING: &str = r"[
    [/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '0192f0c8-1111-4222-8333-444455556666'],
    [/_01[0-9a-f]{30}/g, '_0192f0c8111172228333444455556666'],
    [/\b20\d\d-\d\d-\d\d( |T)\d\d:\d\d/g, '2026-11-25$112:00'],
    [/\b\d+(\.\d)? ms\b/g, '1.2 ms'],
    [/(127\.0\.0\.1|localhost):\d+/g, '$1:4000'],
    [/\b(?!CAPTURED|ACCEPTED|REJECTED|DISABLED)[A-Z\d]{8}\b/g, 'K4LR74NA'],
    [/\b[0-9a-f]{32,}\b/g, (it) => it.replace(/./g, '0')],
]";

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
        if runs_scripts {
            self.hold_still().await;
        }
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
        if runs_scripts {
            self.script("window.restoreTexts.forEach(([node, text]) => { node.data = text; })")
                .await;
        }
    }

    /// Shows the same text in each run, until the picture is taken.
    async fn hold_still(&self) {
        let script = format!(
            "window.restoreTexts = []; \
             const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT); \
             while (walk.nextNode()) {{ \
                const node = walk.currentNode; const text = node.data; \
                const still = {VARYING}.reduce((text, [it, still]) => text.replace(it, still), text); \
                if (still !== text) {{ window.restoreTexts.push([node, text]); node.data = still; }} \
             }}"
        );
        self.script(&script).await;
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
    pub(crate) async fn fits(&self, name: &str, size: &str) {
        let wide = "return document.documentElement.scrollWidth - innerWidth";
        let over = self.script(wide).await.as_i64().unwrap();
        assert!(over <= 0, "{name} is {over} px too wide for a {size}");
        let cut = "return [...document.querySelectorAll('*')].filter((it) => \
            getComputedStyle(it).overflowX === 'hidden' && it.scrollWidth > it.clientWidth + 1 && \
            it.clientWidth > 1).map((it) => it.className || it.tagName)";
        assert_eq!(self.script(cut).await, json!([]), "cut off in {name} on a {size}");
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
    async fn picture(&self, width: u32) -> Picture {
        let metrics = self.chromium("Page.getLayoutMetrics", json!({})).await;
        let height = metrics["cssContentSize"]["height"].as_f64().unwrap().ceil().min(HEIGHT_MAX);
        self.chromium(
            "Emulation.setDeviceMetricsOverride",
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false}),
        )
        .await;
        let taken = self
            .chromium("Page.captureScreenshot", json!({"format": "png", "optimizeForSpeed": true}))
            .await;
        let Value::String(text) = &taken["data"] else { panic!("no picture: {taken}") };
        Picture::read_base64(text).unwrap()
    }
}

fn keep(name: &str, taken: &Picture) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/screenshots");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let kept = fs::read(&path).ok().and_then(|kept| Picture::read(&kept).ok());
    if kept.as_ref().is_some_and(|kept| kept.looks_like(taken)) {
        return;
    }
    // Of a picture with many colours, those that are not kept can be a difference by themselves.
    let file = taken.write().unwrap();
    let taken = Picture::read(&file).unwrap();
    if !kept.is_some_and(|kept| kept.looks_like(&taken)) {
        fs::write(&path, file).unwrap();
    }
}
