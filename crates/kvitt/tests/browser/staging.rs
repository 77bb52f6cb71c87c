//! What a test does to a page before it begins: holds files back, hurries its clock, spoils Klarna's
//! script, watches its policy.

use serde_json::json;

use crate::driver::Browser;

impl Browser {
    /// Runs this in every page from now on, before the page's own scripts.
    pub(crate) async fn before_each_page(&self, script: &str) {
        let params = json!({"source": script});
        self.chromium("Page.addScriptToEvaluateOnNewDocument", params).await;
    }

    /// Answers to what matches do not come, until they are [let go](Self::let_go).
    pub(crate) async fn hold(&self, pattern: &str) {
        let params = json!({"patterns": [{"urlPattern": pattern}]});
        self.chromium("Fetch.enable", params).await;
    }

    pub(crate) async fn let_go(&self) {
        self.chromium("Fetch.disable", json!({})).await;
    }

    /// Pages wait so many times shorter for whatever they wait for, so that no test sits out a
    /// time-out.
    pub(crate) async fn hurry(&self, times: u32) {
        let script = format!(
            "const usual = window.setTimeout; \
             window.setTimeout = (act, pause, ...rest) => usual(act, (pause ?? 0) / {times}, ...rest)"
        );
        self.before_each_page(&script).await;
    }

    /// Klarna's script is another one: `change` is a function from its API to the API that the
    /// page finds.
    pub(crate) async fn change_sdk(&self, change: &str) {
        let script = format!(
            "let found; window.Klarna = Object.defineProperty({{}}, 'Payments', \
             {{get: () => found, set: (sdk) => {{ found = ({change})(sdk); }}}})"
        );
        self.before_each_page(&script).await;
    }

    /// Every breach of a page's policy is an error on the console, which outlives the page.
    pub(crate) async fn tell_breaches(&self) {
        self.before_each_page(
            "document.addEventListener('securitypolicyviolation', (breach) => \
             console.error('breach', breach.effectiveDirective, breach.blockedURI))",
        )
        .await;
    }

    /// Pages are shown without their scripts.
    pub(crate) async fn without_scripts(&self, without: bool) {
        self.chromium("Emulation.setScriptExecutionDisabled", json!({"value": without})).await;
    }

    /// As when the shopper comes back to the page from somewhere else.
    pub(crate) async fn come_back(&self) {
        self.script("window.dispatchEvent(new Event('focus'))").await;
    }
}
