use proptest::prelude::*;

use super::*;

/// Feeds `text` in pieces that end at `cuts`, and says how the reply ended and how much of the text it took.
fn parse(text: &[u8], to_head_request: bool, cuts: &[usize]) -> Result<Option<(Reply, usize)>, Malformed> {
    parse_with(&mut ReplyParser::new(), text, to_head_request, cuts)
}

fn parse_with(
    parser: &mut ReplyParser,
    text: &[u8],
    to_head_request: bool,
    cuts: &[usize],
) -> Result<Option<(Reply, usize)>, Malformed> {
    parser.reset(to_head_request);
    let mut start = 0;
    let mut ends: Vec<usize> = cuts.iter().map(|cut| cut % (text.len() + 1)).collect();
    ends.sort_unstable();
    ends.push(text.len());
    for end in ends {
        if let Fed::Done { consumed } = parser.feed(&text[start..end])? {
            return Ok(Some((parser.reply(), start + consumed)));
        }
        start = end;
    }
    Ok(None)
}

fn complete(text: &str) -> (u16, bool, usize) {
    let (reply, consumed) = parse(text.as_bytes(), false, &[]).unwrap().unwrap();
    (reply.status, reply.keep_alive, consumed)
}

#[test]
fn reads_a_length_and_leaves_what_follows() {
    let text = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhelloEXTRA";
    assert_eq!(complete(text), (200, true, text.len() - 5));
    assert_eq!(complete("HTTP/1.1 404\r\nContent-Length:0\r\nConnection: Close\r\n\r\n"), (404, false, 53));
}

#[test]
fn reads_chunks_with_extensions_and_trailers() {
    let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nx: y\r\n\r\n";
    assert_eq!(complete(text), (200, true, text.len()));
}

#[test]
fn passes_over_interim_replies() {
    let text = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\ncontent-length: 9\r\n\r\nHTTP/1.1 204 None\r\n\r\n";
    assert_eq!(complete(text), (204, true, text.len()));
}

#[test]
fn some_replies_have_no_body_whatever_their_headers_say() {
    for status in [204, 304] {
        let text = format!("HTTP/1.1 {status} x\r\ncontent-length: 50\r\n\r\n");
        assert_eq!(complete(&text), (status, true, text.len()));
    }
    let text = b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\n";
    assert_eq!(parse(text, true, &[]), Ok(Some((Reply { status: 200, keep_alive: true }, text.len()))));
    assert_eq!(parse(text, false, &[]), Ok(None));
}

#[test]
fn only_a_body_without_length_ends_with_the_connection() {
    for (text, ends) in [
        ("HTTP/1.0 200 OK\r\n\r\nsome", true),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, gzip\r\n\r\nsome", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nsome", false),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nsome\r\n", false),
        ("HTTP/1.1 200 OK\r\nx: y\r\n", false),
        ("", false),
    ] {
        let mut parser = ReplyParser::new();
        assert_eq!(parser.feed(text.as_bytes()), Ok(Fed::More), "{text}");
        assert_eq!(parser.ends_with_connection(), ends, "{text}");
        assert!(!ends || !parser.reply().keep_alive, "{text}");
    }
}

#[test]
fn version_and_connection_header_decide_about_reuse() {
    assert!(!complete("HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n").1);
    assert!(complete("HTTP/1.0 200 OK\r\ncontent-length: 0\r\nconnection: x, Keep-Alive\r\n\r\n").1);
    assert!(!complete("HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: upgrade, close\r\n\r\n").1);
    let smuggled = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    assert!(!complete(smuggled).1);
}

#[test]
fn refuses_what_is_not_a_reply() {
    for text in [
        "HTTP/2 200 OK\r\n",
        "HTTP/1.1 20 OK\r\n",
        "HTTP/1.1 2000 OK\r\n",
        "HTTP/1.1 099 OK\r\n",
        "SSH-2.0-OpenSSH\r\n",
        "\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n",
        "HTTP/1.1 200 OK\r\na b: c\r\n",
        "HTTP/1.1 200 OK\r\n: c\r\n",
        "HTTP/1.1 200 OK\r\n folded: c\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1, 1\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n+3\r\n",
        "HTTP/1.1 101 Switching\r\n\r\n",
    ] {
        assert_eq!(parse(text.as_bytes(), false, &[]), Err(Malformed), "{text:?} was accepted");
    }
}

#[test]
fn heads_and_bodies_are_bounded() {
    let endless_line = vec![b'a'; HEAD_BYTES_MAX + 1];
    assert_eq!(parse(&endless_line, false, &[]), Err(Malformed));
    let interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(HEAD_BYTES_MAX / 25 + 1);
    assert_eq!(parse(interim.as_bytes(), false, &[]), Err(Malformed));
    let mut parser = ReplyParser::new();
    parser.feed(b"HTTP/1.0 200 OK\r\n\r\n").unwrap();
    let megabyte = vec![0; 1 << 20];
    assert!((0..1024).all(|_| parser.feed(&megabyte) == Ok(Fed::More)));
    assert_eq!(parser.feed(b"x"), Err(Malformed));
}

#[test]
fn a_long_chunked_reply_is_not_mistaken_for_a_long_head() {
    let mut text = String::from("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
    text.push_str(&"1\r\nx\r\n".repeat(HEAD_BYTES_MAX));
    text.push_str("0\r\n\r\n");
    assert_eq!(complete(&text).2, text.len());
}

/// Replies that are mostly well-formed, so that the interesting paths are reached.
fn reply_like() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("content-length: 7"),
        Just("transfer-encoding: chunked"),
        Just("connection: close"),
        Just("server: x"),
        Just("broken header"),
        Just(" folded"),
    ];
    let status =
        prop_oneof![Just("200 OK"), Just("100 Continue"), Just("204 None"), Just("2x0 Bad"), Just("500")];
    let body = prop_oneof![Just("7 bytes"), Just("3\r\nabc\r\n0\r\n\r\n"), Just("zz\r\n"), Just("")];
    let parts = (status, proptest::collection::vec(line, 0..4), body, any::<bool>());
    parts.prop_map(|(status, lines, body, bare)| {
        let end = if bare { "\n" } else { "\r\n" };
        let head: String = lines.iter().map(|line| format!("{line}{end}")).collect();
        format!("HTTP/1.1 {status}{end}{head}{end}{body}").into_bytes()
    })
}

proptest! {
    #[test]
    fn never_panics_on_any_bytes(bytes: Vec<u8>, cuts: Vec<usize>, head: bool) {
        let whole = parse(&bytes, head, &[]);
        prop_assert_eq!(parse(&bytes, head, &cuts), whole);
    }

    #[test]
    fn how_the_bytes_are_cut_makes_no_difference(text in reply_like(), cuts: Vec<usize>, head: bool) {
        let whole = parse(&text, head, &[]);
        prop_assert_eq!(parse(&text, head, &cuts), whole);
        let every_byte: Vec<usize> = (0..text.len()).collect();
        prop_assert_eq!(parse(&text, head, &every_byte), whole);
    }

    /// What a connection has carried before makes no difference, above all where heads repeat.
    #[test]
    fn earlier_replies_make_no_difference(
        texts in proptest::collection::vec((reply_like(), any::<bool>(), any::<bool>()), 1..6), cuts: Vec<usize>,
    ) {
        let mut parser = ReplyParser::new();
        for (text, head, whole) in texts.iter().chain(&texts) {
            let cuts = if *whole { &[] } else { cuts.as_slice() };
            let fresh = parse(text, *head, &[]);
            prop_assert_eq!(parse_with(&mut parser, text, *head, cuts), fresh);
            prop_assert_eq!(parse_with(&mut parser, text, !*head, cuts), parse(text, !*head, &[]));
        }
    }

    /// A parser that is not ours must accept every head that we accept, with the same status.
    #[test]
    fn agrees_with_an_independent_parser(text in reply_like()) {
        let mut headers = [httparse::EMPTY_HEADER; 16];
        let mut other = httparse::Response::new(&mut headers);
        let theirs = other.parse(&text);
        let interim = other.code.is_some_and(|code| (100..200).contains(&code));
        if let (Ok(Some((reply, _))), false) = (parse(&text, false, &[]), interim) {
            prop_assert!(matches!(theirs, Ok(httparse::Status::Complete(_))), "{theirs:?}");
            prop_assert_eq!(other.code, Some(reply.status));
        }
        if theirs.is_err() {
            prop_assert_eq!(parse(&text, false, &[]), Err(Malformed));
        }
    }
}
