//! One measurement of one contender: `bench-journal CONTENDER FOLDER SECONDS WRITERS [RATE]` prints one JSON object.

mod folds;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use plimsoll_base::Clock;
use plimsoll_keys::{Credential, LogKey, SealingKey};
use plimsoll_store::{
    Amount, Batch, Expect, Journal, NewRecord, Options, Payload, RecordKind, SealName, SqliteJournal, StreamName,
};
use rustix::time::{ClockId, clock_gettime};

const RECORD_BYTES: usize = 256;
/// How often sealed and unsealed appends take turns.
const SEALING_TURNS: usize = 4;

struct SystemClock;

impl Clock for SystemClock {
    fn monotonic_ns(&self) -> u64 {
        let now = clock_gettime(ClockId::Monotonic);
        now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
    }

    fn unix_ms(&self) -> u64 {
        let now = clock_gettime(ClockId::Realtime);
        now.tv_sec as u64 * 1_000 + now.tv_nsec as u64 / 1_000_000
    }
}

fn open(folder: &str) -> SqliteJournal {
    let key = Arc::new(LogKey::generate().unwrap());
    SqliteJournal::open(Options { folder: folder.into(), key, clock: Arc::new(SystemClock) }).unwrap()
}

fn record(kind: &RecordKind, salt: u64) -> NewRecord {
    let mut payload = vec![0x5a; RECORD_BYTES];
    payload[..8].copy_from_slice(&salt.to_be_bytes());
    NewRecord::plain(kind.clone(), payload)
}

/// Writes 8 KiB over and over and waits for the disk.
fn floor(folder: &str, seconds: f64) -> serde_json::Value {
    use std::os::unix::fs::FileExt;
    let file = std::fs::File::create(format!("{folder}/floor")).unwrap();
    file.write_all_at(&vec![0; 8 << 20], 0).unwrap();
    file.sync_all().unwrap();
    let (began, mut count) = (Instant::now(), 0u64);
    let block = [7; 8192];
    while began.elapsed().as_secs_f64() < seconds {
        file.write_all_at(&block, (count % 1_000) * 8192).unwrap();
        file.sync_data().unwrap();
        count += 1;
    }
    serde_json::json!({"per_s": count as f64 / began.elapsed().as_secs_f64()})
}

/// One row, one transaction.
fn sqlite_rows(folder: &str, seconds: f64) -> serde_json::Value {
    let connection = rusqlite::Connection::open(format!("{folder}/rows.db")).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection.execute_batch("CREATE TABLE row (id INTEGER PRIMARY KEY, body BLOB)").unwrap();
    let mut insert = connection.prepare("INSERT INTO row (body) VALUES (?1)").unwrap();
    let (began, mut count) = (Instant::now(), 0u64);
    while began.elapsed().as_secs_f64() < seconds {
        insert.execute([&[7u8; RECORD_BYTES][..]]).unwrap();
        count += 1;
    }
    serde_json::json!({"per_s": count as f64 / began.elapsed().as_secs_f64()})
}

/// `writers` tasks, each of which waits for its receipt before it appends again.
fn closed(folder: &str, seconds: f64, writers: usize) -> serde_json::Value {
    let journal = Arc::new(open(folder));
    serde_json::json!({"per_s": appends_per_s(&journal, 0.3, seconds, writers, None)})
}

/// The same with payloads that are sealed before and that are not, in turns within one journal: what the disk does
/// from one moment to the next hits both alike.
fn sealing(folder: &str, seconds: f64, writers: usize) -> serde_json::Value {
    let credential = Credential::create(&Path::new(folder).join("credential")).unwrap();
    let key = Arc::new(credential.sealing_key("bench").unwrap());
    let journal = Arc::new(open(folder));
    let slice_s = seconds / SEALING_TURNS as f64 / 2.0;
    let (mut plain, mut sealed) = (0.0, 0.0);
    for turn in 0..SEALING_TURNS {
        let mut plain_turn = || plain += appends_per_s(&journal, 0.1, slice_s, writers, None);
        let mut sealed_turn = || sealed += appends_per_s(&journal, 0.1, slice_s, writers, Some(&key));
        if turn % 2 == 0 {
            plain_turn();
            sealed_turn();
        } else {
            sealed_turn();
            plain_turn();
        }
    }
    let turns = SEALING_TURNS as f64;
    serde_json::json!({"plain_per_s": plain / turns, "per_s": sealed / turns, "ratio": sealed / plain})
}

/// How many appends a second are acknowledged, for `seconds` after a while of `warm_s`.
fn appends_per_s(
    journal: &Arc<SqliteJournal>,
    warm_s: f64,
    seconds: f64,
    writers: usize,
    key: Option<&Arc<SealingKey>>,
) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let tasks: Vec<_> = (0..writers)
        .map(|writer| {
            let (journal, stop, count) = (Arc::clone(journal), Arc::clone(&stop), Arc::clone(&count));
            let key = key.cloned();
            runtime.spawn(async move {
                let stream = StreamName::new(&format!("stream/{writer}")).unwrap();
                let kind = RecordKind::new("measured").unwrap();
                let mut salt = 0;
                while !stop.load(Ordering::Relaxed) {
                    salt += 1;
                    let mut record = record(&kind, salt);
                    if let Some(key) = &key {
                        record.payload = sealed(key, &stream, &record.payload.bytes);
                    }
                    let batch = Batch::append(stream.clone(), Expect::Any, vec![record]);
                    journal.commit(batch).await.unwrap();
                    count.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    std::thread::sleep(Duration::from_secs_f64(warm_s));
    let (began, before) = (Instant::now(), count.load(Ordering::Relaxed));
    std::thread::sleep(Duration::from_secs_f64(seconds));
    let done = count.load(Ordering::Relaxed) - before;
    let per_s = done as f64 / began.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    runtime.block_on(async { for task in tasks { task.await.unwrap() } });
    per_s
}

fn sealed(key: &SealingKey, stream: &StreamName, plain: &[u8]) -> Payload {
    let bytes = key.seal(stream.as_str(), plain).unwrap();
    Payload { sealed_under: Some(SealName::new("bench").unwrap()), bytes }
}

#[cfg(not(feature = "nats"))]
fn nats(_: &str, _: f64, _: usize) -> serde_json::Value {
    panic!("built without the feature nats")
}

/// The same against a JetStream server at `address`, which syncs before it acknowledges if it is told so.
#[cfg(feature = "nats")]
fn nats(address: &str, seconds: f64, writers: usize) -> serde_json::Value {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let client = async_nats::connect(address).await.unwrap();
        let jetstream = async_nats::jetstream::new(client);
        let subjects = vec!["stream.*".to_owned()];
        let stream = async_nats::jetstream::stream::Config { name: "S".into(), subjects, ..Default::default() };
        jetstream.create_stream(stream).await.unwrap();
        let (stop, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let tasks: Vec<_> = (0..writers)
            .map(|writer| {
                let (jetstream, stop, count) = (jetstream.clone(), Arc::clone(&stop), Arc::clone(&count));
                tokio::spawn(async move {
                    let payload = vec![0x5a; RECORD_BYTES];
                    while !stop.load(Ordering::Relaxed) {
                        let sent = jetstream.publish(format!("stream.{writer}"), payload.clone().into()).await.unwrap();
                        sent.await.unwrap();
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_secs_f64(0.3)).await;
        let (began, before) = (Instant::now(), count.load(Ordering::Relaxed));
        tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        let done = count.load(Ordering::Relaxed) - before;
        let per_s = done as f64 / began.elapsed().as_secs_f64();
        stop.store(true, Ordering::Relaxed);
        for task in tasks { task.await.unwrap() }
        serde_json::json!({"per_s": per_s})
    })
}

/// Appends at a rate, whatever comes back, and tells how long each waited.
fn paced(folder: &str, seconds: f64, rate: u64) -> serde_json::Value {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let journal = Arc::new(open(folder));
    let waits = Arc::new(std::sync::Mutex::new(Vec::new()));
    let total = (seconds * rate as f64) as u64;
    let tasks: Vec<_> = {
        let began = Instant::now();
        let (stream, kind) = (StreamName::new("paced").unwrap(), RecordKind::new("measured").unwrap());
        let mut tasks = Vec::new();
        for number in 0..total {
            let due = began + Duration::from_nanos(number * 1_000_000_000 / rate);
            loop {
                let now = Instant::now();
                if now >= due { break }
                if due - now > Duration::from_micros(60) { std::thread::sleep(Duration::from_micros(20)) }
            }
            let (journal, waits) = (Arc::clone(&journal), Arc::clone(&waits));
            let batch = Batch::append(stream.clone(), Expect::Any, vec![record(&kind, number)]);
            tasks.push(runtime.spawn(async move {
                journal.commit(batch).await.unwrap();
                waits.lock().unwrap().push(due.elapsed().as_nanos() as u64);
            }));
        }
        tasks
    };
    runtime.block_on(async { for task in tasks { task.await.unwrap() } });
    let mut waits = waits.lock().unwrap().clone();
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() as f64 * share).ceil() as usize).clamp(1, waits.len()) - 1] as f64 / 1e6;
    serde_json::json!({"count": waits.len(), "p50_ms": at(0.5), "p99_ms": at(0.99), "p999_ms": at(0.999), "max_ms": at(1.0)})
}

/// Reads the whole journal, `records` of them.
fn replay(folder: &str, records: usize) -> serde_json::Value {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let journal = open(folder);
    let kind = RecordKind::new("measured").unwrap();
    let filled = Instant::now();
    runtime.block_on(async {
        for chunk in 0..records / 1_000 {
            let stream = StreamName::new(&format!("stream/{}", chunk % 64)).unwrap();
            let batch = (0..1_000).map(|number| record(&kind, number)).collect();
            journal.commit(Batch::append(stream, Expect::Any, batch)).await.unwrap();
        }
    });
    let fill_s = filled.elapsed().as_secs_f64();
    let began = Instant::now();
    let mut count = 0;
    runtime.block_on(async {
        let mut after = 0;
        loop {
            let found = journal.tail(after, Amount::records(10_000)).await.unwrap();
            let Some(last) = found.last() else { break };
            after = last.position;
            count += found.len();
        }
    });
    serde_json::json!({"records": count, "fill_s": fill_s, "replay_s": began.elapsed().as_secs_f64()})
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, contender, folder, seconds, rest @ ..] = arguments.as_slice() else { panic!("see the first line of main.rs") };
    if contender == "nats" {
        let writers = rest.first().map_or(1, |number| number.parse().unwrap());
        return println!("{}", nats(folder, seconds.parse().unwrap(), writers));
    }
    let folder = tempfile::tempdir_in(folder).unwrap();
    let folder = folder.path().to_str().unwrap();
    let seconds: f64 = seconds.parse().unwrap();
    let number = rest.first().map_or(1, |number| number.parse().unwrap());
    let result = match contender.as_str() {
        "floor" => floor(folder, seconds),
        "sqlite-rows" => sqlite_rows(folder, seconds),
        "journal" => closed(folder, seconds, number),
        "sealing" => sealing(folder, seconds, number),
        "paced" => paced(folder, seconds, number as u64),
        "replay" => replay(folder, number),
        "folds" => folds::folds(folder, number),
        other => panic!("there is no contender {other}"),
    };
    println!("{result}");
}
