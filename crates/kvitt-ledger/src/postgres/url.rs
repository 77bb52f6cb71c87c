//! Where a PostgreSQL database is, and who connects to it.

use std::fmt;

use sqlx::postgres::PgConnectOptions;

/// How many connections one process makes at most, unless told. Three processes fit a server as it
/// comes, which takes a hundred.
const CONNECTIONS_MAX: u32 = 32;

/// The settings that are handed on to the driver.
const DRIVERS: [&str; 6] =
    ["sslmode", "sslrootcert", "sslcert", "sslkey", "application_name", "options"];

/// A PostgreSQL database, on one of several servers. It prints where they are, and no password.
pub(crate) struct PostgresUrl {
    /// Each server, with all that it takes to connect to it.
    pub(super) servers: Vec<PgConnectOptions>,
    /// How many connections one process makes at most.
    pub(super) connections_max: u32,
}

impl PostgresUrl {
    /// Reads what follows after `postgres:`, as `//USER:PASSWORD@HOST:PORT,…/NAME?SETTINGS`.
    pub(crate) fn parse(rest: &str) -> Result<Self, &'static str> {
        let rest = rest.strip_prefix("//").ok_or("// is missing after postgres:")?;
        if rest.contains('#') {
            return Err("a # in it must be written as %23");
        }
        let (place, settings) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, database) =
            place.split_once('/').ok_or("the database's name is missing")?;
        if database.is_empty() || database.contains('/') {
            return Err("the database's name is missing, or holds a /");
        }
        let (user, hosts) = match authority.rsplit_once('@') {
            Some((user, hosts)) => (format!("{user}@"), hosts),
            None => (String::new(), authority),
        };
        let (of_driver, connections_max) = read_settings(settings, hosts.is_empty())?;
        let servers = hosts
            .split(',')
            .map(|host| {
                if host.is_empty() && hosts.contains(',') {
                    return Err("a host between commas is missing");
                }
                let url = format!("postgres://{user}{host}/{database}?{of_driver}");
                // What the driver says may repeat a part that is secret.
                let read = url.parse::<PgConnectOptions>();
                let options = read.map_err(|_| {
                    "it cannot be read; write : / ? # and @ in a name \
                     or password as %3A %2F %3F %23 and %40"
                })?;
                Ok(match options.get_application_name() {
                    Some(_) => options,
                    None => options.application_name("kvitt"),
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { servers, connections_max })
    }
}

/// The settings for the driver, and how many connections are made at most. A name that is not
/// known is not repeated: where a password holds a ?, it is a part of that.
fn read_settings(settings: &str, no_host: bool) -> Result<(String, u32), &'static str> {
    let mut of_driver = Vec::new();
    let mut connections_max = CONNECTIONS_MAX;
    for setting in settings.split('&').filter(|setting| !setting.is_empty()) {
        let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
        match name {
            "max_connections" => {
                connections_max = value
                    .parse()
                    .ok()
                    .filter(|count| (1..=1_000).contains(count))
                    .ok_or("max_connections is no number from 1 to 1000")?;
            }
            // A server that can be written to is what is looked for in any case.
            "target_session_attrs" if matches!(value, "primary" | "read-write") => {}
            // Where a socket is.
            "host" if no_host => of_driver.push(setting),
            name if DRIVERS.contains(&name) => of_driver.push(setting),
            _ => {
                return Err("after ? it can have sslmode, sslrootcert, sslcert, sslkey, \
                     application_name, options and max_connections");
            }
        }
    }
    Ok((of_driver.join("&"), connections_max))
}

/// Where a server is, and the database there.
pub(super) fn name(server: &PgConnectOptions) -> String {
    let database = server.get_database().unwrap_or_default();
    match server.get_socket() {
        Some(socket) => format!("{}:{}/{database}", socket.display(), server.get_port()),
        None => format!("{}:{}/{database}", server.get_host(), server.get_port()),
    }
}

impl fmt::Debug for PostgresUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.servers.iter().map(name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn servers(rest: &str) -> Vec<String> {
        PostgresUrl::parse(rest).unwrap().servers.iter().map(name).collect()
    }

    #[test]
    fn one_server_and_several_are_read() {
        assert_eq!(servers("//kvitt:secret@db.example:5433/sales"), ["db.example:5433/sales"]);
        assert_eq!(
            servers("//kvitt:secret@h1,h2:5433,[::1]:5434/sales"),
            ["h1:5432/sales", "h2:5433/sales", "[::1]:5434/sales"]
        );
        assert_eq!(
            servers("//kvitt@%2Ftmp%2Fone,%2Ftmp%2Ftwo:5433/sales"),
            ["/tmp/one:5432/sales", "/tmp/two:5433/sales"]
        );
        assert_eq!(servers("///sales?host=/run/postgresql"), ["/run/postgresql:5432/sales"]);
    }

    #[test]
    fn each_server_is_asked_by_the_same_user_in_the_same_way() {
        let url = "//kv%40itt:se%2Fcret@h1,h2/sales?sslmode=verify-full&max_connections=7";
        let url = PostgresUrl::parse(url).unwrap();
        assert_eq!(url.connections_max, 7);
        for server in &url.servers {
            assert_eq!(server.get_username(), "kv@itt");
            assert!(matches!(server.get_ssl_mode(), sqlx::postgres::PgSslMode::VerifyFull));
            assert_eq!(server.get_application_name(), Some("kvitt"));
        }
        let url = "//h/sales?application_name=shop&target_session_attrs=read-write";
        let url = PostgresUrl::parse(url).unwrap();
        assert_eq!(url.servers[0].get_application_name(), Some("shop"));
    }

    #[test]
    fn what_cannot_be_read_is_refused() {
        for (rest, why) in [
            ("kvitt@db/sales", "// is missing"),
            ("//kvitt@db", "name is missing"),
            ("//kvitt@db/", "name is missing"),
            ("//kvitt@db/sales/more", "holds a /"),
            ("//kvitt:hunter2#@db/sales", "%23"),
            ("//kvitt:hunter2?@db/sales", "name is missing"),
            ("//kvitt:hunter2@h1,/sales", "between commas"),
            ("//kvitt:hunter2@db:hunter2/sales", "cannot be read"),
            ("//kvitt@db/sales?sslmode=hunter2", "cannot be read"),
            ("//kvitt@db/sales?hunter2=hunter2", "max_connections"),
            ("//kvitt@db/sales?host=other", "max_connections"),
            ("//kvitt@db/sales?max_connections=0", "1 to 1000"),
            ("//kvitt@db/sales?target_session_attrs=standby", "max_connections"),
        ] {
            let said = PostgresUrl::parse(rest).unwrap_err();
            assert!(said.contains(why), "{rest}: {said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
    }

    #[test]
    fn no_password_is_printed() {
        let url = PostgresUrl::parse("//kvitt:hunter2@h1,h2/sales").unwrap();
        assert_eq!(format!("{url:?}"), r#"["h1:5432/sales", "h2:5432/sales"]"#);
    }
}
