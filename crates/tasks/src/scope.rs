//! A scope and its tasks.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;

/// What the end of a task means for the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnEnd {
    /// Nothing: it was meant to end.
    GoOn,
    /// The scope stops: without it the others are of no use, and it was meant to live as long as they.
    Stop,
}

/// A task that did not end in time and was ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Straggler {
    /// What it was for.
    pub name: &'static str,
}

/// Wakes a [`repeat`](Scope::repeat) before its time. Many calls while it works are one.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// Asks for another turn.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// Tasks that live and end together. Clones are the same scope.
#[derive(Debug, Clone)]
pub struct Scope(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    stop: watch::Sender<bool>,
    /// How many tasks there are: what a drain waits for.
    count: watch::Sender<usize>,
    tasks: Mutex<Tasks>,
}

#[derive(Debug, Default)]
struct Tasks {
    next: u64,
    /// The scope was drained: what begins from now on, or is just beginning, is ended at once.
    is_drained: bool,
    running: HashMap<u64, (&'static str, Option<AbortHandle>)>,
}

/// Stands for a task while it runs, however it ends: by itself, by a panic, or because it was ended.
struct Running {
    scope: Scope,
    id: u64,
    on_end: OnEnd,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.scope.tasks().running.remove(&self.id);
        self.scope.0.count.send_modify(|count| *count -= 1);
        if self.on_end == OnEnd::Stop {
            self.scope.stop();
        }
    }
}

impl Default for Scope {
    fn default() -> Self {
        Self(Arc::new(Inner {
            stop: watch::Sender::new(false),
            count: watch::Sender::new(0),
            tasks: Mutex::default(),
        }))
    }
}

impl Scope {
    /// A scope without tasks.
    pub fn new() -> Self {
        Self::default()
    }

    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs a task. It should end soon after [`stopped`](Self::stopped) does. In a scope that was drained it is
    /// ended at its first wait at the latest.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where a task begins: it belongs to this scope"
    )]
    pub fn spawn(&self, name: &'static str, on_end: OnEnd, task: impl Future<Output = ()> + Send + 'static) {
        let running = self.enter(name, on_end);
        let id = running.id;
        let handle = tokio::spawn(async move {
            // Moved in, so that it falls when the task does.
            let _running = running;
            task.await;
        });
        self.keep_handle(id, handle.abort_handle());
    }

    /// Keeps what a task can be ended by. It runs already: it may have ended, and a drain may have come between.
    fn keep_handle(&self, id: u64, handle: AbortHandle) {
        let mut tasks = self.tasks();
        if tasks.is_drained {
            handle.abort();
        } else if let Some((_, abort)) = tasks.running.get_mut(&id) {
            *abort = Some(handle);
        }
    }

    fn enter(&self, name: &'static str, on_end: OnEnd) -> Running {
        let mut tasks = self.tasks();
        let id = tasks.next;
        tasks.next += 1;
        tasks.running.insert(id, (name, None));
        drop(tasks);
        self.0.count.send_modify(|count| *count += 1);
        Running { scope: self.clone(), id, on_end }
    }

    /// Does the same thing again and again until the scope stops: at once, then `every` so often, and when it is woken.
    pub fn repeat<Turn: Future<Output = ()> + Send>(
        &self,
        name: &'static str,
        every: Duration,
        wake: &Wake,
        mut turn: impl FnMut() -> Turn + Send + 'static,
    ) {
        let (scope, wake) = (self.clone(), wake.clone());
        self.spawn(name, OnEnd::Stop, async move {
            while !scope.is_stopped() {
                turn().await;
                tokio::select! {
                    () = scope.stopped() => {}
                    () = wake.0.notified() => {}
                    () = tokio::time::sleep(every) => {}
                }
            }
        });
    }

    /// How many tasks there are.
    pub fn running(&self) -> usize {
        *self.0.count.borrow()
    }

    /// Asks all tasks to end.
    pub fn stop(&self) {
        self.0.stop.send_replace(true);
    }

    /// Whether they were asked.
    pub fn is_stopped(&self) -> bool {
        *self.0.stop.borrow()
    }

    /// Waits until they are asked.
    pub async fn stopped(&self) {
        // The sender lives as long as the scope.
        let _ = self.0.stop.subscribe().wait_for(|stop| *stop).await;
    }

    /// Asks all tasks to end, waits for them at most so long, and ends the rest: gives their names. Nothing lives in
    /// the scope from then on.
    pub async fn drain(&self, within: Duration) -> Vec<Straggler> {
        self.stop();
        let mut count = self.0.count.subscribe();
        // Whether they have ended or the time is over, what is left is looked at below.
        let _ = tokio::time::timeout(within, count.wait_for(|count| *count == 0)).await;
        let mut tasks = self.tasks();
        tasks.is_drained = true;
        let stragglers = tasks.running.values().map(|(name, abort)| {
            if let Some(abort) = abort {
                abort.abort();
            }
            Straggler { name }
        });
        stragglers.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::mpsc;

    use super::*;

    /// Long enough for anything that happens, and never waited out.
    const SOON: Duration = Duration::from_secs(20);
    const NEVER: Duration = Duration::from_secs(3_600);

    #[tokio::test]
    async fn tasks_that_end_when_asked_leave_nothing() {
        let scope = Scope::new();
        for _ in 0..100 {
            let inner = scope.clone();
            scope.spawn("patient", OnEnd::GoOn, async move { inner.stopped().await });
        }
        assert_eq!(scope.running(), 100);
        assert_eq!(scope.drain(SOON).await, []);
        assert_eq!(scope.running(), 0);
        assert!(scope.tasks().running.is_empty());
    }

    #[tokio::test]
    async fn a_task_that_does_not_end_is_named_and_ended() {
        let (scope, (alive, mut fallen)) = (Scope::new(), mpsc::channel::<()>(1));
        scope.spawn("deaf", OnEnd::GoOn, async move {
            let _alive = alive;
            std::future::pending::<()>().await;
        });
        scope.spawn("quick", OnEnd::GoOn, async {});
        assert_eq!(scope.drain(Duration::from_millis(20)).await, [Straggler { name: "deaf" }]);
        assert_eq!(fallen.recv().await, None, "what it held has fallen");
        assert_eq!(scope.drain(SOON).await, []);
    }

    /// Between the begin of a task and the moment at which its handle was kept, a drain named it and left it alive.
    #[tokio::test]
    async fn a_task_that_begins_while_the_scope_is_drained_is_ended_too() {
        let (scope, (alive, mut fallen)) = (Scope::new(), mpsc::channel::<()>(1));
        let beginning = scope.enter("late", OnEnd::GoOn);
        let mut set = tokio::task::JoinSet::new();
        let task = set.spawn(async move {
            let _alive = alive;
            std::future::pending::<()>().await;
        });
        assert_eq!(scope.drain(Duration::ZERO).await, [Straggler { name: "late" }]);
        scope.keep_handle(beginning.id, task);
        assert_eq!(tokio::time::timeout(SOON, fallen.recv()).await, Ok(None), "what it held has fallen");
    }

    #[tokio::test]
    async fn the_end_of_a_pillar_brings_the_house_down_even_by_panic() {
        let scope = Scope::new();
        let (done, mut is_done) = mpsc::channel::<()>(1);
        scope.spawn("guest", OnEnd::GoOn, async move { drop(done) });
        assert_eq!(is_done.recv().await, None);
        assert!(!scope.is_stopped());
        scope.spawn("pillar", OnEnd::Stop, async { panic!("planted") });
        tokio::time::timeout(SOON, scope.stopped()).await.unwrap();
        assert_eq!(scope.drain(SOON).await, []);
    }

    #[tokio::test]
    async fn what_is_repeated_runs_at_once_and_by_signal_and_never_twice_at_once() {
        let (scope, wake) = (Scope::new(), Wake::default());
        let (begun, mut begins) = mpsc::channel(9);
        let (permit, permits) = (Arc::new(tokio::sync::Semaphore::new(0)), Arc::new(AtomicUsize::new(0)));
        let (may_end, at_once) = (Arc::clone(&permit), Arc::clone(&permits));
        scope.repeat("turn", NEVER, &wake, move || {
            let (begun, may_end, at_once) = (begun.clone(), Arc::clone(&may_end), Arc::clone(&at_once));
            async move {
                begun.send(at_once.fetch_add(1, Ordering::SeqCst)).await.unwrap();
                may_end.acquire().await.unwrap().forget();
                at_once.fetch_sub(1, Ordering::SeqCst);
            }
        });
        assert_eq!(begins.recv().await, Some(0), "at once");
        // While it works: signals are not lost, and are one.
        wake.wake();
        wake.wake();
        permit.add_permits(1);
        assert_eq!(begins.recv().await, Some(0), "by signal");
        permit.add_permits(1);
        assert!(tokio::time::timeout(Duration::from_millis(20), begins.recv()).await.is_err());
        assert_eq!(scope.drain(SOON).await, []);
    }

    #[tokio::test]
    async fn what_is_repeated_runs_by_time() {
        let (scope, (begun, mut begins)) = (Scope::new(), mpsc::channel(9));
        scope.repeat("turn", Duration::from_millis(1), &Wake::default(), move || {
            let begun = begun.clone();
            // Nobody may be listening any more.
            async move {
                let _ = begun.send(()).await;
            }
        });
        for _ in 0..3 {
            begins.recv().await.unwrap();
        }
        begins.close();
        assert_eq!(scope.drain(SOON).await, []);
    }
}
