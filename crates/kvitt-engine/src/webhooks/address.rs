//! Which addresses messages may be sent to.
//!
//! Whoever has an API key can name an address, and what is behind kvitt's own network must not be
//! reached that way by accident: only the public internet is, unless the installation says that
//! private addresses are fine. What a name resolves to is checked each time it is connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::BadWebhook;

/// Longest address, in characters.
pub const ADDRESS_LENGTH_MAX: usize = 2_048;

const PRIVATE: &str = "it is on this machine or in a private network: name an address that the \
                       public internet has, or set allow_private_webhooks = true";

/// Reads an address that messages may be sent to: https, or http on the same machine.
pub fn check_address(text: &str, allow_private: bool) -> Result<Url, BadWebhook> {
    let refuse = |problem: String| Err(BadWebhook::new("url", problem));
    if text.chars().count() > ADDRESS_LENGTH_MAX {
        return refuse(format!("is longer than {ADDRESS_LENGTH_MAX} characters"));
    }
    let example = "write it like https://shop.example/webhooks";
    if text.contains(|it: char| it.is_control() || it.is_whitespace()) {
        return refuse(format!("has blanks or control characters in it: {example}"));
    }
    let Ok(url) = Url::parse(text) else {
        return refuse(format!("is no address: {example}"));
    };
    if !url.username().is_empty() || url.password().is_some() {
        // The text holds a password, so it is not repeated.
        return refuse(format!("carries credentials, which messages do not need: {example}"));
    }
    if url.fragment().is_some() {
        return refuse("has a # in it: leave it and what follows out".to_owned());
    }
    let Some(host) = url.host() else {
        return refuse(format!("names no host: {example}"));
    };
    let this_machine = is_this_machine(&host);
    match url.scheme() {
        "https" => {}
        "http" if this_machine => {}
        "http" => {
            return refuse(
                "begins with http://, which anybody on the way can read: use https://".to_owned(),
            );
        }
        _ => return refuse(format!("begins with {}: {example}", url.scheme())),
    }
    if let Some(problem) = problem_of(&host, allow_private) {
        return refuse(format!("is {url:?}: {problem}", url = url.as_str()));
    }
    Ok(url)
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => is_localhost(name),
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => IpAddr::V6(*ip).to_canonical().is_loopback(),
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost")
}

/// Why an address that is written like this is not connected to, as far as can be told without
/// resolving it.
fn problem_of(host: &Host<&str>, allow_private: bool) -> Option<&'static str> {
    match host {
        Host::Domain(name) => (is_localhost(name) && !allow_private).then_some(PRIVATE),
        Host::Ipv4(ip) => problem_of_ip(IpAddr::V4(*ip), allow_private),
        Host::Ipv6(ip) => problem_of_ip(IpAddr::V6(*ip), allow_private),
    }
}

fn problem_of_ip(ip: IpAddr, allow_private: bool) -> Option<&'static str> {
    let ip = match ip.to_canonical() {
        IpAddr::V6(ip) => translated(ip).map_or(IpAddr::V6(ip), IpAddr::V4),
        ip @ IpAddr::V4(_) => ip,
    };
    if is_never_reached(ip) {
        return Some("nobody is reached at such an address, or a cloud's own services are");
    }
    (is_private(ip) && !allow_private).then_some(PRIVATE)
}

/// The IPv4 address inside one that a translator made (RFC 6052).
fn translated(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [0x64, 0xff9b, 0, 0, 0, 0, ..] = ip.segments() else { return None };
    let [.., a, b, c, d] = ip.octets();
    Some(Ipv4Addr::new(a, b, c, d))
}

/// Link-local addresses are where clouds keep the credentials of their machines.
fn is_never_reached(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            ip.is_link_local() || ip.is_multicast() || ip.octets()[0] == 0 || ip.octets()[0] >= 240
        }
        IpAddr::V6(ip) => ip.is_unspecified() || ip.is_multicast() || ip.is_unicast_link_local(),
    }
}

fn is_private(ip: IpAddr) -> bool {
    match ip {
        // 100.64.0.0/10 is shared by a provider's customers (RFC 6598).
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_loopback() || ip.is_private() || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
    }
}

/// Why an address without a name may not be connected to. Names are checked by [`Guarded`], once
/// they are resolved.
pub(super) fn problem_of_literal(url: &Url, allow_private: bool) -> Option<&'static str> {
    match url.host()? {
        Host::Domain(_) => None,
        host => problem_of(&host, allow_private),
    }
}

/// Resolves names, and leaves out the addresses that may not be connected to: a name may lead
/// elsewhere than it did when the endpoint was made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guarded {
    pub(super) allow_private: bool,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let mut problem = "the name leads to no address";
            let mut good = Vec::with_capacity(found.len());
            for address in found {
                match problem_of_ip(address.ip(), allow_private) {
                    None => good.push(address),
                    Some(found) => problem = found,
                }
            }
            if good.is_empty() {
                return Err(problem.into());
            }
            let addresses: Addrs = Box::new(good.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_internet_are_fine() {
        for fine in [
            "https://shop.example/webhooks",
            "https://shop.example:8443/a?b=c",
            "https://8.8.8.8/",
            "https://[2606:4700::1111]/",
        ] {
            assert_eq!(check_address(fine, false).unwrap().as_str(), fine);
        }
    }

    #[test]
    fn this_machine_and_private_networks_are_fine_where_they_are_allowed() {
        for private in [
            "http://localhost:3000/",
            "http://shop.localhost:3000/",
            "http://127.0.0.1:3000/",
            "http://127.8.9.1/",
            "http://[::1]:3000/",
            "http://[::ffff:127.0.0.1]/",
            "https://10.1.2.3/",
            "https://172.16.0.1/",
            "https://192.168.1.1/",
            "https://100.64.0.1/",
            "https://[fd00::1]/",
            "https://[64:ff9b::10.0.0.1]/",
        ] {
            assert!(check_address(private, true).is_ok(), "{private}");
            let refused = check_address(private, false).unwrap_err();
            assert_eq!(refused.member, "url");
            assert!(refused.problem.contains("allow_private_webhooks"), "{private}: {refused}");
        }
    }

    #[test]
    fn what_nobody_should_reach_is_refused_whatever_is_allowed() {
        for never in [
            "https://169.254.169.254/latest/meta-data",
            "https://0.0.0.0/",
            "https://[::]/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
            "https://[fe80::1]/",
            "https://[ff02::1]/",
            "https://[::ffff:169.254.169.254]/",
            "https://[64:ff9b::169.254.169.254]/",
            // Other ways to write 169.254.169.254.
            "https://2852039166/",
            "https://0xa9fea9fe/",
        ] {
            assert!(check_address(never, true).is_err(), "{never}");
        }
    }

    #[test]
    fn other_texts_are_refused_with_the_way_out() {
        let long = format!("https://shop.example/{}", "x".repeat(ADDRESS_LENGTH_MAX));
        for (bad, said) in [
            ("", "no address"),
            ("shop.example", "no address"),
            ("/webhooks", "no address"),
            ("ftp://shop.example/", "https://"),
            ("http://shop.example/", "use https://"),
            ("http://10.0.0.1/", "use https://"),
            ("https://user:hunter2@shop.example/", "credentials"),
            ("https://shop.example/#a", "#"),
            (" https://shop.example/", "blanks"),
            ("https://shop.\nexample/", "blanks"),
            ("https://shop.example/a\0", "control"),
            ("mailto:shop@example.com", "names no host"),
            (&long, "2048"),
        ] {
            let refused = check_address(bad, true).unwrap_err().to_string();
            assert!(refused.starts_with("url ") && refused.contains(said), "{bad}: {refused}");
            assert!(!refused.contains("hunter2"), "{refused}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_not_connected_to_unless_allowed() {
        let resolve =
            |allow_private| Guarded { allow_private }.resolve("localhost".parse().expect("a name"));
        let refused = resolve(false).await.err().expect("localhost is no public address");
        assert!(refused.to_string().contains("private network"), "{refused}");
        assert!(resolve(true).await.unwrap().next().is_some());
    }
}
