//! News that Klarna posts to `merchant_urls.status_update`.

use super::{EventId, Session};
use crate::Error;
use crate::answer::json_problem;
use crate::tolerant::tolerant;

tolerant! {
    /// News about a page's session. Anybody who knows the URL can post it: it is a reason to read
    /// the session, not a fact. Answer it with any 2xx within 3 seconds, or it comes up to three
    /// times more (Klarna documentation: status callbacks). Serialized, it holds the token.
    #[derive(Debug)]
    pub struct StatusUpdate {
        required {
            /// The same for the same news: what was seen already can be let go.
            event_id: EventId,
            /// The session as it was then. Read it for how it is now.
            session: Session,
        }
    }
}

impl StatusUpdate {
    /// Reads the body of a callback. Fails with [`Error::UnreadableCallback`], which names the
    /// member that surprised and repeats no value.
    ///
    /// ```
    /// use klarna::hpp::{SessionStatus, StatusUpdate};
    ///
    /// let body = br#"{
    ///     "event_id": "e911df16-5c41-4a25-9d47-9e4f5c1e5c3b",
    ///     "session": { "session_id": "39a1c773-bafd-754d-af1f-b30c592f1267", "status": "BACK" }
    /// }"#;
    /// let update = StatusUpdate::parse(body)?;
    /// assert_eq!(update.session.status, Some(SessionStatus::Back));
    /// # Ok::<(), klarna::Error>(())
    /// ```
    pub fn parse(body: &[u8]) -> Result<Self, Error> {
        let mut deserializer = serde_json::Deserializer::from_slice(body);
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
            let problem = json_problem(error.inner());
            Error::UnreadableCallback { path: error.path().to_string(), problem }
        })
    }
}
