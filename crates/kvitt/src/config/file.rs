//! `kvitt.toml` as it is written: texts by their keys, not yet checked for sense.

use secrecy::SecretString;
use toml::{Table, Value};

use super::Problems;

/// Everything that a file can say.
#[derive(Default)]
pub(crate) struct ConfigFile {
    pub(crate) listen: Option<String>,
    pub(crate) public_url: Option<String>,
    pub(crate) database_url: Option<String>,
    pub(crate) clock_from: Option<String>,
    /// `true` or `false`.
    pub(crate) allow_private_webhooks: Option<String>,
    /// A whole number.
    pub(crate) max_requests: Option<String>,
    pub(crate) tls_certificate: Option<String>,
    pub(crate) tls_key: Option<String>,
    pub(crate) log_format: Option<String>,
    pub(crate) log_filter: Option<String>,
    pub(crate) accounts: Vec<AccountTable>,
    /// It could not be read, so that nothing can be said of what is missing in it.
    pub(crate) unreadable: bool,
}

/// One `[[account]]`.
#[derive(Default)]
pub(crate) struct AccountTable {
    pub(crate) name: Option<String>,
    pub(crate) region: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) url: Option<String>,
    pub(crate) countries: Vec<String>,
    pub(crate) secrets: Secrets,
    pub(crate) expiry: ExpiryTable,
    pub(crate) rate: RateTable,
}

/// `[account.expiry]`: what is done about authorizations that run out.
#[derive(Default)]
pub(crate) struct ExpiryTable {
    pub(crate) extend: Option<bool>,
    pub(crate) extend_before: Option<String>,
    pub(crate) alarm_before: Option<Vec<String>>,
}

/// `[account.rate]`: how many calls a second.
#[derive(Default, Clone)]
pub(crate) struct RateTable {
    pub(crate) sessions_per_second: Option<i64>,
    pub(crate) others_per_second: Option<i64>,
}

/// What proves to Klarna who is calling, as it was given.
#[derive(Default)]
pub(crate) struct Secrets {
    pub(crate) username: Option<String>,
    pub(crate) password: Option<SecretString>,
    pub(crate) password_file: Option<String>,
    pub(crate) api_key: Option<SecretString>,
    pub(crate) api_key_file: Option<String>,
}

impl ConfigFile {
    /// Reads the text of a file. What is wrong with it is noted; what is right is kept.
    pub(crate) fn read(text: &str, problems: &mut Problems) -> Self {
        let table = match text.parse::<Table>() {
            Ok(table) => table,
            Err(error) => {
                // The library's own rendering quotes the line, which may hold a password.
                let before = error.span().and_then(|span| text.get(..span.start));
                let line = before.map_or(1, |before| before.matches('\n').count() + 1);
                problems.add(format_args!("line {line} is not TOML: {}", error.message()));
                return Self { unreadable: true, ..Self::default() };
            }
        };
        let mut root = Reader::new("", table);
        let mut file = Self {
            listen: root.text("listen", problems),
            public_url: root.text("public_url", problems),
            database_url: root.text("database_url", problems),
            clock_from: root.text("clock_from", problems),
            allow_private_webhooks: root
                .flag("allow_private_webhooks", problems)
                .map(|flag| flag.to_string()),
            max_requests: root.number("max_requests", problems).map(|number| number.to_string()),
            ..Self::default()
        };
        if let Some(mut tls) = root.table("tls", problems) {
            file.tls_certificate = tls.text("certificate", problems);
            file.tls_key = tls.text("key", problems);
            tls.finish(problems);
        }
        if let Some(mut log) = root.table("log", problems) {
            file.log_format = log.text("format", problems);
            file.log_filter = log.text("filter", problems);
            log.finish(problems);
        }
        for mut account in root.tables("account", problems) {
            let secrets = Secrets {
                username: account.text("username", problems),
                password: account.secret("password", problems),
                password_file: account.text("password_file", problems),
                api_key: account.secret("api_key", problems),
                api_key_file: account.text("api_key_file", problems),
            };
            let mut expiry = ExpiryTable::default();
            if let Some(mut table) = account.table("expiry", problems) {
                expiry.extend = table.flag("extend", problems);
                expiry.extend_before = table.text("extend_before", problems);
                let alarms = table.has("alarm_before");
                let texts = table.texts("alarm_before", "[\"P7D\", \"P2D\"]", problems);
                expiry.alarm_before = alarms.then_some(texts);
                table.finish(problems);
            }
            let mut rate = RateTable::default();
            if let Some(mut table) = account.table("rate", problems) {
                rate.sessions_per_second = table.number("sessions_per_second", problems);
                rate.others_per_second = table.number("others_per_second", problems);
                table.finish(problems);
            }
            file.accounts.push(AccountTable {
                name: account.text("name", problems),
                region: account.text("region", problems),
                environment: account.text("environment", problems),
                url: account.text("url", problems),
                countries: account.texts("countries", "[\"SE\", \"NO\"]", problems),
                secrets,
                expiry,
                rate,
            });
            account.finish(problems);
        }
        root.finish(problems);
        file
    }
}

/// Takes the known keys out of a table; what is left at the end is unknown.
struct Reader {
    path: String,
    table: Table,
    known: Vec<&'static str>,
    wrong: Vec<&'static str>,
}

impl Reader {
    fn new(path: impl Into<String>, table: Table) -> Self {
        Self { path: path.into(), table, known: Vec::new(), wrong: Vec::new() }
    }

    fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.table.remove(key)
    }

    fn wrong_type(&self, key: &str, value: &Value, expected: &str, problems: &mut Problems) {
        let given = value.type_str();
        problems.add(format_args!("{}{key} is a TOML {given}: write it as {expected}", self.path));
    }

    fn text(&mut self, key: &'static str, problems: &mut Problems) -> Option<String> {
        match self.take(key)? {
            Value::String(text) => Some(text),
            other => {
                self.wrong_type(key, &other, "a text in quotes", problems);
                self.wrong.push(key);
                None
            }
        }
    }

    fn secret(&mut self, key: &'static str, problems: &mut Problems) -> Option<SecretString> {
        let Some(text) = self.text(key, problems) else {
            // What was of a wrong type is noted already, and must not be called missing as well.
            return self.wrong.contains(&key).then(|| SecretString::from("of a wrong type"));
        };
        Some(SecretString::from(text))
    }

    fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    fn flag(&mut self, key: &'static str, problems: &mut Problems) -> Option<bool> {
        match self.take(key)? {
            Value::Boolean(flag) => Some(flag),
            other => {
                self.wrong_type(key, &other, "true or false, without quotes", problems);
                None
            }
        }
    }

    fn number(&mut self, key: &'static str, problems: &mut Problems) -> Option<i64> {
        match self.take(key)? {
            Value::Integer(number) => Some(number),
            other => {
                self.wrong_type(key, &other, "a whole number, without quotes", problems);
                None
            }
        }
    }

    fn texts(&mut self, key: &'static str, example: &str, problems: &mut Problems) -> Vec<String> {
        let values = match self.take(key) {
            None => return Vec::new(),
            Some(Value::Array(values)) => values,
            Some(other) => vec![other],
        };
        let wanted = format!("a list of texts, such as {example}");
        let mut texts = Vec::new();
        for value in values {
            match value {
                Value::String(text) => texts.push(text),
                other => self.wrong_type(key, &other, &wanted, problems),
            }
        }
        texts
    }

    fn table(&mut self, key: &'static str, problems: &mut Problems) -> Option<Self> {
        match self.take(key)? {
            Value::Table(table) => Some(Self::new(format!("{}{key}.", self.path), table)),
            other => {
                self.wrong_type(
                    key,
                    &other,
                    &format!("a table, which begins with [{key}]"),
                    problems,
                );
                None
            }
        }
    }

    fn tables(&mut self, key: &'static str, problems: &mut Problems) -> Vec<Self> {
        let wanted = format!("a list of tables, each of which begins with [[{key}]]");
        let values = match self.take(key) {
            None => return Vec::new(),
            Some(Value::Array(values)) => values,
            Some(other) => {
                self.wrong_type(key, &other, &wanted, problems);
                return Vec::new();
            }
        };
        let mut tables = Vec::new();
        for (index, value) in values.into_iter().enumerate() {
            match value {
                Value::Table(table) => {
                    tables.push(Self::new(format!("{key}[{index}]."), table));
                }
                other => self.wrong_type(key, &other, &wanted, problems),
            }
        }
        tables
    }

    fn finish(self, problems: &mut Problems) {
        let known = self.known.join(", ");
        for key in self.table.keys() {
            problems.add(format_args!(
                "{}{key} is not a setting: correct or remove it; known are {known}",
                self.path
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn read(text: &str) -> (ConfigFile, Vec<String>) {
        let mut problems = Problems::default();
        let file = ConfigFile::read(text, &mut problems);
        (file, problems.all().to_vec())
    }

    #[test]
    fn every_key_is_read() {
        let (file, problems) = read(
            r#"
            listen = "a"
            public_url = "b"
            database_url = "c"
            clock_from = "d"
            allow_private_webhooks = true
            [tls]
            certificate = "e"
            key = "f"
            [log]
            format = "g"
            filter = "h"
            [[account]]
            name = "i"
            region = "j"
            environment = "k"
            url = "l"
            username = "m"
            password = "n"
            password_file = "o"
            api_key = "p"
            api_key_file = "q"
            countries = ["r", "s"]
            [account.expiry]
            extend = true
            extend_before = "t"
            alarm_before = ["u", "v"]
            [account.rate]
            sessions_per_second = 7
            others_per_second = 8
            [[account]]
            "#,
        );
        assert_eq!(problems, [""; 0]);
        assert_eq!(file.allow_private_webhooks.as_deref(), Some("true"));
        let texts = [
            file.listen,
            file.public_url,
            file.database_url,
            file.clock_from,
            file.tls_certificate,
            file.tls_key,
            file.log_format,
            file.log_filter,
        ];
        assert_eq!(texts.map(Option::unwrap).concat(), "abcdefgh");
        let [account, empty] = file.accounts.try_into().ok().unwrap();
        let texts = [account.name, account.region, account.environment, account.url];
        assert_eq!(texts.map(Option::unwrap).concat(), "ijkl");
        let secrets = account.secrets;
        let texts = [secrets.username, secrets.password_file, secrets.api_key_file];
        assert_eq!(texts.map(Option::unwrap).concat(), "moq");
        let hidden = [secrets.password, secrets.api_key].map(Option::unwrap);
        assert_eq!(hidden.map(|it| it.expose_secret().to_owned()).concat(), "np");
        assert_eq!(account.countries, ["r", "s"]);
        assert_eq!(account.expiry.extend, Some(true));
        assert_eq!(account.expiry.extend_before.as_deref(), Some("t"));
        assert_eq!(account.expiry.alarm_before.unwrap(), ["u", "v"]);
        let rate = (account.rate.sessions_per_second, account.rate.others_per_second);
        assert_eq!(rate, (Some(7), Some(8)));
        assert!(empty.rate.sessions_per_second.is_none());
        assert!(empty.expiry.extend.is_none() && empty.expiry.alarm_before.is_none());
        assert!(empty.name.is_none() && empty.countries.is_empty());
    }

    #[test]
    fn everything_wrong_is_said_at_once_and_no_secret_with_it() {
        let (file, problems) = read(
            "lisen = \"hunter2\"\nlisten = 4000\n[log]\nlevel = \"x\"\n[[account]]\n\
             name = \"se\"\npassword = 12345678\ncountries = \"SE\"\napi_key = [\"hunter2\"]\n",
        );
        assert_eq!(
            problems,
            [
                "listen is a TOML integer: write it as a text in quotes",
                "log.level is not a setting: correct or remove it; known are format, filter",
                "account[0].password is a TOML integer: write it as a text in quotes",
                "account[0].api_key is a TOML array: write it as a text in quotes",
                "lisen is not a setting: correct or remove it; known are listen, public_url, \
                 database_url, clock_from, \
                 allow_private_webhooks, max_requests, tls, log, account",
            ]
        );
        assert_eq!(file.accounts.first().unwrap().countries, ["SE"]);
    }

    #[test]
    fn what_is_not_toml_is_named_by_its_line_and_not_quoted() {
        for text in [
            "listen = \"a:1\"\n\npassword = \"hunter2\n",
            "\n\n[account\npassword = hunter2",
            "a = 1\n\npassword hunter2\n",
        ] {
            let (_, problems) = read(text);
            let [problem] = problems.as_slice() else { panic!("{problems:?}") };
            assert!(problem.starts_with("line 3 is not TOML: "), "{problem}");
            assert!(!problem.contains("hunter2"), "{problem}");
        }
        let (_, problems) = read("[[account]]\nexpiry = {extend = \"yes\", extnd = 1}\n");
        assert_eq!(
            problems,
            [
                "account[0].expiry.extend is a TOML string: write it as true or false, without \
                 quotes",
                "account[0].expiry.extnd is not a setting: correct or remove it; known are \
                 extend, extend_before, alarm_before",
            ]
        );
        let (_, problems) = read("[[account]]\nrate = {others_per_second = 1.5, session = 1}\n");
        assert_eq!(
            problems,
            [
                "account[0].rate.others_per_second is a TOML float: write it as a whole number, \
                 without quotes",
                "account[0].rate.session is not a setting: correct or remove it; known are \
                 sessions_per_second, others_per_second",
            ]
        );
        let (_, problems) = read("account = 1\ntls = \"x\"\nlog = []\n");
        assert_eq!(problems.len(), 3, "{problems:?}");
    }
}
