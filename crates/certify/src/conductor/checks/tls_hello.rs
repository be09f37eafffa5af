//! The first messages of TLS in versions and with ciphers that no library offers any more, and what is answered.

use std::io::{ErrorKind, Read, Result, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::Duration;

use plimsoll_evidence::TlsOffer;

/// A server knows at once what it says to a first message.
const TIMEOUT: Duration = Duration::from_secs(3);
/// A server that only warns says nothing.
const WARNINGS_MAX: usize = 4;
const ALERT: u8 = 21;
const WARNING: u8 = 1;
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const RANDOM_BYTES: usize = 32;

/// No cipher, but a word to servers that insist on it (RFC 5746, 3.3).
const RENEGOTIATION: u16 = 0x00ff;
/// Ciphers of the time of SSL 3.0 to TLS 1.1 from which a server would choose: AES in CBC, then triple DES and RC4.
const COMMON: [u16; 10] = [0xc014, 0xc013, 0xc00a, 0xc009, 0x0039, 0x0033, 0x0035, 0x002f, 0x000a, 0x0005];
/// By what they lack: encryption, a certificate, keys of a length, a cipher that holds (IANA, TLS Cipher Suites).
const NO_CIPHER: [u16; 6] = [0x0001, 0x0002, 0x003b, 0xc006, 0xc010, 0xc015];
const ANONYMOUS: [u16; 10] = [0x0018, 0x001b, 0x0034, 0x003a, 0x006c, 0x006d, 0x00a6, 0x00a7, 0xc018, 0xc019];
const EXPORT: [u16; 7] = [0x0003, 0x0006, 0x0008, 0x000b, 0x000e, 0x0011, 0x0014];
const RC4: [u16; 4] = [0x0004, 0x0005, 0xc007, 0xc011];
const DES: [u16; 6] = [0x0009, 0x000a, 0x0015, 0x0016, 0xc008, 0xc012];

/// What a server says to an offer and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    /// The version that it has chosen.
    Chosen(u64),
    /// No.
    Refused,
    /// Nothing in time.
    Nothing,
}

/// What a server says; an error if it takes no connection.
pub(super) fn offered(address: SocketAddr, name: &str, offer: TlsOffer, random: &[u8; 32]) -> Result<Said> {
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    let asked = stream.write_all(&hello(offer, name, random));
    Ok(match asked.and_then(|()| answer(&mut stream)) {
        Ok(said) => said,
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Said::Nothing,
        // It has closed or reset the connection.
        Err(_) => Said::Refused,
    })
}

/// A server's first message that is more than a warning.
fn answer(stream: &mut impl Read) -> Result<Said> {
    for _ in 0..WARNINGS_MAX {
        let mut record = [0; 5];
        stream.read_exact(&mut record)?;
        let mut content = vec![0; usize::from(u16::from_be_bytes([record[3], record[4]]))];
        stream.read_exact(&mut content)?;
        match (record[0], content.as_slice()) {
            (ALERT, [WARNING, ..]) => {}
            (HANDSHAKE, [SERVER_HELLO, _, _, _, major, minor, ..]) => {
                return Ok(Said::Chosen(u16::from_be_bytes([*major, *minor]).into()));
            }
            _ => break,
        }
    }
    Ok(Said::Refused)
}

fn version(offer: TlsOffer) -> u16 {
    match offer {
        TlsOffer::Ssl3 => 0x0300,
        TlsOffer::Tls10 => 0x0301,
        TlsOffer::Tls11 => 0x0302,
        _ => 0x0303,
    }
}

fn suites(offer: TlsOffer) -> &'static [u16] {
    match offer {
        TlsOffer::Ssl3 | TlsOffer::Tls10 | TlsOffer::Tls11 => &COMMON,
        TlsOffer::NoCipher => &NO_CIPHER,
        TlsOffer::Anonymous => &ANONYMOUS,
        TlsOffer::Export => &EXPORT,
        TlsOffer::Rc4 => &RC4,
        TlsOffer::Des => &DES,
    }
}

/// A client's first message (RFC 5246, 7.4.1.2).
fn hello(offer: TlsOffer, name: &str, random: &[u8; RANDOM_BYTES]) -> Vec<u8> {
    let version = version(offer).to_be_bytes();
    let suites = suites(offer).iter().chain(&[RENEGOTIATION]);
    let suites: Vec<u8> = suites.flat_map(|suite| suite.to_be_bytes()).collect();
    let mut body = version.to_vec();
    body.extend(random);
    // No session; the ciphers; no compression.
    body.push(0);
    body.extend(counted(&suites));
    body.extend([1, 0]);
    if offer != TlsOffer::Ssl3 {
        body.extend(counted(&extensions(offer, name)));
    }
    let length = u32::try_from(body.len()).unwrap_or_default().to_be_bytes();
    let message = [&[CLIENT_HELLO, length[1], length[2], length[3]], body.as_slice()].concat();
    // The record has the oldest version that the server may know (RFC 5246, E.1).
    let oldest = version.min([3, 1]);
    [&[HANDSHAKE, oldest[0], oldest[1]], counted(&message).as_slice()].concat()
}

/// The name, groups of curves, points as they are, and for TLS 1.2 signatures; without them many servers say nothing.
fn extensions(offer: TlsOffer, name: &str) -> Vec<u8> {
    let mut all = [extension(10, &counted(&[0, 29, 0, 23, 0, 24])), extension(11, &[1, 0])].concat();
    // An address is no name (RFC 6066, 3).
    if name.parse::<IpAddr>().is_err() {
        let server_name = counted(&[&[0], counted(name.as_bytes()).as_slice()].concat());
        all.extend(extension(0, &server_name));
    }
    if version(offer) == 0x0303 {
        let signatures = [4, 1, 4, 3, 8, 4, 5, 1, 5, 3, 6, 1, 6, 3, 2, 1, 2, 3];
        all.extend(extension(13, &counted(&signatures)));
    }
    all
}

fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [kind.to_be_bytes().as_slice(), counted(content).as_slice()].concat()
}

/// Behind its length in two bytes; nothing here is longer than that can say.
fn counted(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or_default().to_be_bytes();
    [length.as_slice(), content].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_say_how_long_what_follows_is() {
        for offer in TlsOffer::ALL {
            let hello = hello(offer, "localhost", &[7; 32]);
            let record = usize::from(u16::from_be_bytes([hello[3], hello[4]]));
            let message = usize::from(u16::from_be_bytes([hello[7], hello[8]]));
            assert_eq!((record, message), (hello.len() - 5, hello.len() - 9), "{offer:?}");
            assert_eq!(u16::from_be_bytes([hello[9], hello[10]]), version(offer));
            let suites_bytes = usize::from(u16::from_be_bytes([hello[44], hello[45]]));
            assert_eq!(suites_bytes, 2 * (suites(offer).len() + 1));
        }
    }

    #[test]
    fn a_server_that_says_hello_has_chosen_and_others_refuse() {
        let said = |bytes: &[u8]| answer(&mut &*bytes).map_err(|error| error.kind());
        let hello = [HANDSHAKE, 3, 1, 0, 6, SERVER_HELLO, 0, 0, 38, 3, 1];
        let warning = [ALERT, 3, 1, 0, 2, WARNING, 112];
        assert_eq!(said(&hello), Ok(Said::Chosen(0x0301)));
        assert_eq!(said(&[warning.as_slice(), &hello].concat()), Ok(Said::Chosen(0x0301)));
        assert_eq!(said(&[ALERT, 3, 1, 0, 2, 2, 40]), Ok(Said::Refused));
        assert_eq!(said(&warning.repeat(WARNINGS_MAX)), Ok(Said::Refused));
        assert_eq!(said(b"HTTP/1.1 400 Bad Request\r\n"), Err(ErrorKind::UnexpectedEof));
        assert_eq!(said(&warning), Err(ErrorKind::UnexpectedEof));
    }

    #[test]
    fn an_address_is_not_told_as_a_name() {
        let tells = |name: &str| {
            let hello = hello(TlsOffer::Tls10, name, &[7; 32]);
            hello.windows(name.len()).any(|part| part == name.as_bytes())
        };
        assert!(tells("localhost") && !tells("127.0.0.1"));
    }
}
