//! Where to listen.

use std::fmt;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use tokio::net::TcpListener;

/// A host, by name or address, and a port; port 0 picks a free one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listen {
    host: String,
    port: u16,
}

impl Listen {
    /// Takes the port. The refusal says why it cannot and what to do.
    pub(crate) async fn bind(&self) -> Result<TcpListener, String> {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        TcpListener::bind((host, self.port)).await.map_err(|error| {
            let (what, way_out) = match error.kind() {
                ErrorKind::AddrInUse => (
                    "another program listens there",
                    "stop it, or choose another port; 0 picks one",
                ),
                ErrorKind::AddrNotAvailable => (
                    "this machine has no such address",
                    "127.0.0.1 is itself, 0.0.0.0 is all it has",
                ),
                ErrorKind::PermissionDenied => {
                    ("that is not permitted", "choose a port from 1024 on")
                }
                _ => return format!("cannot listen on {self}: {error}"),
            };
            format!("cannot listen on {self}, {what}: {way_out}")
        })
    }
}

/// Whether only this machine reaches the address.
pub(crate) fn is_this_machine(address: SocketAddr) -> bool {
    match address.ip() {
        IpAddr::V4(ip) => ip.is_loopback(),
        IpAddr::V6(ip) => ip.is_loopback(),
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refusal = || format!("{text:?} is not HOST:PORT: write it like 127.0.0.1:4000");
        let (host, port) = text.rsplit_once(':').ok_or_else(refusal)?;
        let bracketed = host.starts_with('[') && host.ends_with(']');
        if host.is_empty() || (host.contains(':') && !bracketed) || host.contains('/') {
            return Err(refusal());
        }
        let port = port.parse().map_err(|_| refusal())?;
        Ok(Self { host: host.to_owned(), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_both_needed() {
        for good in ["127.0.0.1:4000", "localhost:0", "[::1]:4000", "0.0.0.0:65535"] {
            assert_eq!(good.parse::<Listen>().unwrap().to_string(), good);
        }
        for bad in ["", "4000", ":4000", "localhost", "a:b", "a:65536", "::1:4000", "http://a:1"] {
            let refusal = bad.parse::<Listen>().unwrap_err();
            assert!(refusal.contains("127.0.0.1:4000"), "{refusal}");
        }
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_way_out() {
        let listen: Listen = "127.0.0.1:0".parse().unwrap();
        let first = listen.bind().await.unwrap();
        let taken: Listen = first.local_addr().unwrap().to_string().parse().unwrap();
        let refusal = taken.bind().await.unwrap_err();
        assert!(
            refusal.contains(&taken.to_string()) && refusal.contains("another port"),
            "{refusal}"
        );
        let ipv6: Listen = "[::1]:0".parse().unwrap();
        // A machine without IPv6 says so; brackets are none of its business.
        assert!(!ipv6.bind().await.is_err_and(|refusal| refusal.contains("lookup")));
    }
}
