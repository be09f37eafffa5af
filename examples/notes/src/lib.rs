//! The demo subject: a small, honest HTTP service that keeps notes in SQLite.
//!
//! What it promises: a note that was acknowledged survives SIGKILL and loss of power; on SIGTERM every request that
//! was accepted is answered before the process ends.
//!
//! | request | response |
//! |---|---|
//! | `PUT /notes/{key}` with a body | 201 for a new note, 204 for one that was replaced |
//! | `POST /notes` with a body | 201, a new key in `Location` and as JSON; under an `Idempotency-Key` once, 422 for another body; 429 beyond the limit |
//! | `GET /notes/{key}` | 200 with the body, 404 |
//! | `DELETE /notes/{key}` | 204, 401, 403 for all but editors |
//! | `PUT`, `GET /users/{user}/notes/{key}` | as above, and 404 for all but this user |
//! | `GET /notes` | 200, how many notes there are and the first hundred keys |
//! | `GET /openapi.json` | 200, all this as an OpenAPI 3.1 document |
//! | `GET /metrics` | 200, what it counts of itself, in the text format of Prometheus |
//! | `GET /health` | 200 if the database answers, and the collector of the audit trail where there is one; 503 if not |

mod audit;
mod backup;
mod error;
mod http;
mod key;
mod listener;
mod log;
mod metrics;
mod serve;
mod store;
mod users;

pub use audit::collect;
pub use backup::{back_up, restore};
pub use error::Error;
pub use serve::{Options, serve};
