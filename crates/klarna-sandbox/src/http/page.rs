//! The status page at `/`.

use crate::{answer::Answer, state::State};

/// What the sandbox holds, and where to look.
pub(crate) fn status(state: &State, exchanges: u64, now: jiff::Timestamp) -> Answer {
    let open = state.sessions.values().filter(|session| session.order_id.is_none()).count();
    let page = format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>kvitt sandbox</title>
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<style>
:root {{ --ink: #1d2b24; --link: #0b4f8a; --stripe: #f7f4e9; --paper: #fbf9f1; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --ink: #e8ece9; --link: #8ec7f5; --stripe: #191f1c; --paper: #1d2420; }}
}}
html {{ min-height: 100%; color: var(--ink);
  background: repeating-linear-gradient(135deg, var(--stripe) 0 2rem, var(--paper) 2rem 4rem); }}
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }}
h1 {{ font-size: 1.5rem; }}
a {{ color: var(--link); }}
dl {{ display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .25rem 1.5rem; }}
dd {{ margin: 0; font-variant-numeric: tabular-nums; }}
</style>
</head>
<body>
<main>
<h1>kvitt sandbox</h1>
<p>This is not Klarna. It answers as Klarna would, on this machine, with play money.</p>
<dl>
<dt>The sandbox's time</dt><dd><time>{now:.0}</time></dd>
<dt>Open sessions</dt><dd>{open}</dd>
<dt>Orders</dt><dd>{orders}</dd>
<dt>Exchanges</dt><dd>{exchanges}</dd>
<dt>Callback attempts</dt><dd>{attempts}</dd>
<dt>Faults set</dt><dd>{faults}</dd>
</dl>
<ul>
<li><a href="/sandbox/v1/exchanges">Exchanges</a> (<a href="/sandbox/v1/exchanges.har">HAR</a>)</li>
<li><a href="/sandbox/v1/callbacks">Callbacks</a></li>
<li><a href="/sandbox/v1/faults">Faults</a></li>
<li><a href="/sandbox/v1/clock">Clock</a></li>
<li><a href="/sandbox/v1/settings">Settings</a></li>
<li><a href="/kp/lib/v1/api.js">The browser SDK's script</a></li>
</ul>
</main>
</body>
</html>
"#,
        orders = state.orders.len(),
        attempts = state.attempts.len(),
        faults = state.faults.all().len(),
    );
    Answer::document(200, "text/html;charset=utf-8", page)
}
