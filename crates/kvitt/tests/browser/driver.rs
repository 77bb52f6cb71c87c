//! One browser: started, looked into, and gone at the end, whatever happens.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::wd::{Capabilities, WebDriverCompatibleCommand, WindowHandle};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long something may take to get where a test waits for it. Much more than it needs: a machine
/// that is busy with something else has been seen to keep a browser waiting for many seconds.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);
/// How often Chromium's driver may choose a port.
const DRIVER_STARTS_MAX: u32 = 5;
const POLL: Duration = Duration::from_millis(40);

/// A browser with a profile of its own.
pub(crate) struct Browser {
    pub(crate) client: Client,
    driver: Child,
    profile: TempDir,
}

impl Browser {
    /// Starts one.
    pub(crate) async fn open() -> Self {
        let (driver, address) = start_driver();
        let profile = tempfile::tempdir().unwrap();
        let argument = |text: &str| text.to_owned();
        let arguments = [
            argument("--headless=new"),
            argument("--no-sandbox"),
            argument("--disable-gpu"),
            argument("--disable-quic"),
            argument("--disable-dev-shm-usage"),
            argument("--no-first-run"),
            argument("--disable-background-networking"),
            argument("--disable-component-update"),
            argument("--disable-sync"),
            // Pages of the address bar's own, ready for somebody who types there: half the work of a
            // start.
            argument("--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup"),
            argument("--hide-scrollbars"),
            argument("--force-device-scale-factor=1"),
            // Grey edges of letters: smaller pictures, and the same on every machine.
            argument("--disable-lcd-text"),
            argument("--window-size=1280,900"),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        let capabilities: Capabilities = serde_json::from_value(json!({
            // Its own first page is half a second's work, which a test would wait for. After
            // about:blank the address bar would keep the focus.
            "goog:chromeOptions": {"args": arguments, "prefs": {
                "session": {"restore_on_startup": 4, "startup_urls": ["data:,"]}}},
            "goog:loggingPrefs": {"browser": "ALL"},
        }))
        .unwrap();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&address)
            .await
            .unwrap_or_else(|error| {
                panic!("Chromium does not start: {error}. Debian's package is chromium.")
            });
        Self { client, driver, profile }
    }

    pub(crate) async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    /// The first element that a selector matches, once there is one.
    pub(crate) async fn find(&self, selector: &str) -> Element {
        self.until(&format!("{selector} is there"), async || {
            self.client.find(Locator::Css(selector)).await.ok()
        })
        .await
    }

    pub(crate) async fn count(&self, selector: &str) -> usize {
        self.client.find_all(Locator::Css(selector)).await.unwrap().len()
    }

    /// Clicks as a person would: where the element is, once it can be.
    pub(crate) async fn click(&self, selector: &str) {
        self.until(&format!("{selector} can be clicked"), async || {
            let element = self.client.find(Locator::Css(selector)).await.ok()?;
            element.click().await.ok()
        })
        .await;
    }

    /// Empties an input and types into it.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let input = self.find(selector).await;
        input.clear().await.unwrap();
        input.send_keys(text).await.unwrap();
    }

    pub(crate) async fn text(&self, selector: &str) -> String {
        self.find(selector).await.text().await.unwrap()
    }

    pub(crate) async fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        self.find(selector).await.attr(name).await.unwrap()
    }

    /// Waits until an element's text holds this.
    pub(crate) async fn wait_for_text(&self, selector: &str, text: &str) {
        self.until(&format!("{selector} says {text:?}"), async || {
            let element = self.client.find(Locator::Css(selector)).await.ok()?;
            element.text().await.ok().filter(|shown| shown.contains(text))
        })
        .await;
    }

    /// Runs a script in the page.
    pub(crate) async fn script(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap()
    }

    /// Waits for something, and fails with what the page looked like then.
    pub(crate) async fn until<T>(&self, what: &str, look: impl AsyncFn() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            if begun.elapsed() > PATIENCE {
                let url = self.client.current_url().await.map(String::from).unwrap_or_default();
                let text = self.script("return document.body?.innerText ?? ''").await;
                let picture = self.picture_of_failure().await;
                panic!("waited in vain until {what}\nat {url}\n{text}\npicture: {picture}");
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn picture_of_failure(&self) -> String {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
        let name = self.profile.path().file_name().unwrap().to_string_lossy().into_owned();
        let path = folder.join(format!("failed-{name}.png"));
        match self.client.screenshot().await {
            Ok(picture) => fs::write(&path, picture).map(|()| path.display().to_string()),
            Err(error) => return error.to_string(),
        }
        .unwrap_or_else(|error| error.to_string())
    }

    /// Presses keys one after the other, wherever the focus is: characters, names of keys, and
    /// `Control+` before either.
    pub(crate) async fn keys(&self, keys: &[&str]) {
        let mut actions = KeyActions::new("keyboard".to_owned());
        for key in keys {
            let (held, key) = match key.split_once('+') {
                Some(("Control", key)) => (Some(char::from(Key::Control)), key),
                _ => (None, *key),
            };
            let value = match key {
                "ArrowDown" => Key::Down.into(),
                "Enter" => Key::Enter.into(),
                "Escape" => Key::Escape.into(),
                "Space" => ' ',
                "Tab" => Key::Tab.into(),
                text => text.chars().next().unwrap(),
            };
            if let Some(value) = held {
                actions = actions.then(KeyAction::Down { value });
            }
            actions = actions.then(KeyAction::Down { value }).then(KeyAction::Up { value });
            if let Some(value) = held {
                actions = actions.then(KeyAction::Up { value });
            }
        }
        self.client.perform_actions(actions).await.unwrap();
    }

    pub(crate) async fn window(&self) -> WindowHandle {
        self.client.window().await.unwrap()
    }

    pub(crate) async fn windows(&self) -> usize {
        self.client.windows().await.unwrap().len()
    }

    /// Looks into the window that is not this one, once it is there.
    pub(crate) async fn to_other_window(&self, this: &WindowHandle) -> WindowHandle {
        let other = self
            .until("another window opens", async || {
                let windows = self.client.windows().await.ok()?;
                windows.into_iter().find(|window| window != this)
            })
            .await;
        self.to_window(&other).await;
        other
    }

    pub(crate) async fn to_window(&self, window: &WindowHandle) {
        self.client.switch_to_window(window.clone()).await.unwrap();
    }

    /// Waits until only one window is left, and looks into it.
    pub(crate) async fn to_last_window(&self, window: &WindowHandle) {
        self.until("the window closes", async || {
            (self.client.windows().await.ok()?.len() == 1).then_some(())
        })
        .await;
        self.to_window(window).await;
    }

    /// A command of Chromium's own protocol.
    pub(crate) async fn chromium(&self, command: &str, params: Value) -> Value {
        let command = Chromium { command: command.to_owned(), params };
        self.client.issue_cmd(command).await.unwrap()
    }

    /// Nothing that matches this is loaded any more. An empty list lets everything through.
    pub(crate) async fn block(&self, urls: &[&str]) {
        self.chromium("Network.enable", json!({})).await;
        self.chromium("Network.setBlockedURLs", json!({"urls": urls})).await;
    }

    /// What the console was told since the last time: errors only.
    pub(crate) async fn console_errors(&self) -> Vec<String> {
        let entries = self.client.issue_cmd(Log).await.unwrap();
        entries
            .as_array()
            .unwrap()
            .iter()
            .filter(|entry| entry["level"] == "SEVERE")
            .map(|entry| entry["message"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The end of a test that went well.
    pub(crate) async fn close(self) {
        self.client.clone().close().await.unwrap();
    }

    /// As if the machine had lost power.
    pub(crate) fn kill(&mut self) {
        let profile = self.profile.path().to_string_lossy().into_owned();
        let processes: Vec<String> = fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let pid = entry.file_name().into_string().ok()?;
                pid.parse::<u32>().ok()?;
                let command = fs::read(entry.path().join("cmdline")).ok()?;
                String::from_utf8_lossy(&command).contains(&profile).then_some(pid)
            })
            .collect();
        if !processes.is_empty() {
            let script = format!("kill -9 {} 2>/dev/null", processes.join(" "));
            // Some of them go with their parents before their turn comes.
            let _ = Command::new("sh").args(["-c", &script]).status();
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.kill();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Chromium's driver on a port of its own choice. It chooses one that is free for IPv4, then wants
/// the same for IPv6, and ends where somebody else has it there: then it chooses anew.
fn start_driver() -> (Child, String) {
    let mut said = String::new();
    for _ in 0..DRIVER_STARTS_MAX {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("chromedriver does not start: {error}. Debian's package is chromium-driver.")
            });
        let output = BufReader::new(driver.stdout.take().unwrap());
        for line in output.lines().map_while(Result::ok) {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                return (driver, format!("http://127.0.0.1:{}", port.trim_end_matches('.')));
            }
            said = format!("{said}{line}\n");
        }
        driver.wait().unwrap();
    }
    panic!("chromedriver finds no port:\n{said}");
}

#[derive(Debug)]
struct Chromium {
    command: String,
    params: Value,
}

impl WebDriverCompatibleCommand for Chromium {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({"cmd": self.command, "params": self.params});
        (http::Method::POST, Some(body.to_string()))
    }
}

#[derive(Debug)]
struct Log;

impl WebDriverCompatibleCommand for Log {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({"type": "browser"}).to_string()))
    }
}
