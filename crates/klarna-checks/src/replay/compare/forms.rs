//! The forms of values that are another each time.

/// Eight, four, four, four and twelve hexadecimal digits. Klarna's ids look like UUIDs, but not all
/// have one of the versions that the standard knows (recorded exchange).
pub(super) fn is_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && text.chars().all(|it| it == '-' || it.is_ascii_hexdigit())
}

/// Digits.
pub(super) fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `2022-07-08T09:48:16.680Z`.
pub(super) fn is_time(text: &str) -> bool {
    let form = "0000-00-00T00:00:00.000Z";
    text.len() == form.len()
        && text
            .chars()
            .zip(form.chars())
            .all(|(it, want)| if want == '0' { it.is_ascii_digit() } else { it == want })
}

/// Eight of `0-9A-Z`; a capture's has its number behind.
pub(super) fn is_reference(text: &str, recorded: &str) -> bool {
    let (short, number) = text.split_once('-').unwrap_or((text, ""));
    let same_number = recorded.split_once('-').map_or("", |(_, number)| number) == number;
    let allowed = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase();
    same_number && short.len() == 8 && short.bytes().all(allowed)
}

/// Leads from a session on to the shop.
pub(super) fn is_redirect(text: &str) -> bool {
    let rest = text.strip_suffix("/redirect").unwrap_or_default();
    let id = rest.rsplit('/').next().unwrap_or_default();
    text.starts_with("http") && rest.contains("/v1/sessions/") && is_uuid(id)
}

/// A text with `<id>` in the place of every id or placeholder of one.
pub(super) fn without_ids(text: &str) -> String {
    let is_part = |it: char| it.is_ascii_alphanumeric() || "-{}_<>".contains(it);
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|it| !is_part(it)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        // Klarna reads ids with short groups as well, and repeats them as they were sent.
        let groups = word.split('-').filter(|it| it.chars().all(|it| it.is_ascii_hexdigit()));
        let is_id = word.starts_with(['{', '<']) || groups.count() == 5;
        out.push_str(before);
        out.push_str(if is_id { "<id>" } else { word });
        rest = after;
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_told() {
        assert!(is_uuid("d8bcb0ac-deeb-925b-8472-ef2c4b9b3e8f"));
        assert!(!is_uuid("d8bcb0ac-deeb-325b-8472-ef2c4b9b3e8"));
        assert!(!is_uuid("d8bcb0ac-deeb-325b-8472-ef2c4b9b3e8g"));
        assert!(is_time("2022-07-08T09:48:16.680Z") && !is_time("2022-07-08T09:48:16Z"));
        assert!(is_reference("NTN8PS2Q-1", "VBQ5FR07-1"));
        assert!(!is_reference("NTN8PS2Q", "VBQ5FR07-1") && !is_reference("ntn8ps2q", "VBQ5FR07"));
        assert!(is_number("0") && !is_number("") && !is_number("1.5"));
        let id = "9eb1ec31-52cd-37ba-abaf-baf665410dd6";
        assert!(is_redirect(&format!("https://js.example/eu/kp/v1/sessions/{id}/redirect")));
        assert!(!is_redirect(&format!("https://js.example/eu/kp/v1/sessions/{id}")));
    }

    #[test]
    fn ids_are_taken_out_of_texts() {
        assert_eq!(
            without_ids("Order d8bcb0ac-deeb-325b-8472-ef2c4b9b3e8 cannot be found."),
            "Order <id> cannot be found."
        );
        assert_eq!(without_ids("Refund {refund_id} (3-D Secure)"), "Refund <id> (3-D Secure)");
    }
}
