//! The public Internet alone: for addresses that were chosen by somebody who does not rule this server, and must not lead
//! to what only this server can reach.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Response, Url};

use super::failure::ProviderError;
use super::http::{Client, innermost};

const REASON: &str =
    "it is not on the public Internet, and only whoever rules this server lets agents call such addresses";

/// A name that leads to no public address.
#[derive(Debug, thiserror::Error)]
#[error("{}", REASON)]
pub(crate) struct NotPublic;

/// Resolves names to public addresses and to no others, so that no name can be pointed elsewhere after a look at it.
pub(super) struct PublicNames;

impl Resolve for PublicNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|it| is_public(it.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

impl Client {
    /// Asks for what is at an address that whoever runs this server has allowed, wherever it is.
    ///
    /// # Errors
    /// With a sentence.
    pub(crate) async fn get_inside(&self, url: Url) -> Result<Response, String> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let unreachable = |error| format!("{host} could not be reached: {}.", innermost(&error));
        self.http.get(url).send().await.map_err(unreachable)
    }

    /// Asks for what is at a public address. Where that sends us on to is for whoever asks to look at.
    ///
    /// # Errors
    /// With a sentence.
    pub(crate) async fn get_outside(&self, url: Url) -> Result<Response, String> {
        const INSIDE: &str = "This address is not on the public Internet.";
        let host = url.host_str().unwrap_or_default().to_owned();
        must_be_public(&url).map_err(|_| INSIDE)?;
        let client = self.outside().map_err(|error| error.to_string())?;
        client.http.get(url).send().await.map_err(|error| match innermost(&error) {
            reason if reason == REASON => INSIDE.to_owned(),
            reason => format!("{host} could not be reached: {reason}."),
        })
    }
}

/// What a resolver never sees: a host that is an address already.
///
/// # Errors
/// When it is not a public one.
pub(crate) fn must_be_public(url: &Url) -> Result<(), ProviderError> {
    let host = url.host_str().unwrap_or_default();
    let literal = host.trim_matches(['[', ']']).parse::<IpAddr>();
    if host.is_empty() || literal.is_ok_and(|it| !is_public(it)) {
        let address = format!("{}://{host}{}", url.scheme(), url.path());
        return Err(ProviderError::AddressInvalid { address, reason: REASON.to_owned() });
    }
    Ok(())
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(it) => is_public_v4(it),
        IpAddr::V6(it) => is_public_v6(it),
    }
}

/// The special-purpose registry of IANA (RFC 6890 and its successors).
fn is_public_v4(it: Ipv4Addr) -> bool {
    let [a, b, c, _] = it.octets();
    let is_special = a == 0
        || a >= 240
        || it.is_private()
        || it.is_loopback()
        || it.is_link_local()
        || it.is_multicast()
        || it.is_documentation()
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 198 && (18..20).contains(&b));
    !is_special
}

fn is_public_v6(it: Ipv6Addr) -> bool {
    if let Some(inner) = it.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let [a, b, c, d, e, f, g, h] = it.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match (a, b) {
        // NAT64 and 6to4 lead to the address inside.
        (0x64, 0xff9b) => c == 0 && d == 0 && e == 0 && f == 0 && embedded(g, h),
        (0x2002, _) => embedded(b, c),
        // Teredo, benchmarks, ORCHID and documentation.
        (0x2001, 0..=0x1ff | 0xdb8) => false,
        // Of what is left only 2000::/3 is given out.
        _ => (0x2000..0x4000).contains(&a) && !(a == 0x3fff && b < 0x1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for inside in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "3fff::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["1.1.1.1", "8.8.8.8", "172.15.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::101:101"] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn a_host_that_is_an_address_is_looked_at() {
        for inside in ["http://127.0.0.1/a", "http://[::1]:5678/a", "http://2130706433/a", "http://0x7f.1/a"] {
            assert!(must_be_public(&Url::parse(inside).unwrap()).is_err(), "{inside}");
        }
        for outside in ["https://1.1.1.1/a", "https://n8n.example.org/webhook/a"] {
            assert!(must_be_public(&Url::parse(outside).unwrap()).is_ok(), "{outside}");
        }
    }
}
