//! The profile of the made-up certification: every probe once, the rules of `web-service`, short trials.

use crate::{Criterion, Fault, Gap, LineSearch, Probe, Profile, Rule, Scene, Severity};

pub(crate) const MS: u64 = 1_000_000;
pub(crate) const SECOND: u64 = 1_000 * MS;
/// 200 requests a second.
pub(crate) const RATE_PER_KS: u64 = 200_000;

pub(crate) fn profile() -> Profile {
    Profile {
        id: "web-service".into(),
        version: 1,
        title: "a web service that people depend on".into(),
        trials: 5,
        drills: 5,
        trial_ns: 3 * SECOND,
        warm_up_ns: SECOND / 2,
        control_ns: 2 * SECOND,
        soak_ns: Some(12 * SECOND),
        fault_ns: Some(9 * SECOND),
        line: LineSearch { steps_percent: vec![200, 400], step_ns: SECOND, trial_ns: 3 * SECOND },
        criteria: vec![
            Criterion {
                quantile_ppb: Some(990_000_000),
                ..criterion(Probe::Latency, 250 * MS, Scene::AddedDelay)
            },
            criterion(Probe::Errors, 1_500_000, Scene::InjectedErrors),
            criterion(Probe::Throughput, 198_000, Scene::ResetConnections),
            criterion(Probe::LoadLine, 200_000, Scene::AddedDelay),
            criterion(Probe::StartUp, 5 * SECOND, Scene::SlowStart),
            criterion(Probe::GracefulStop, 0, Scene::KillInstead),
            criterion(Probe::CrashRecovery, 5 * SECOND, Scene::SlowRestart),
            criterion(Probe::AcknowledgedWrites, 0, Scene::DroppedWrites),
            criterion(Probe::ErrorHygiene, 0, Scene::BlamedServer),
            criterion(Probe::ResponseHeaders, 0, Scene::BareReplies),
            criterion(Probe::LogHygiene, 0, Scene::LeakyLog),
            criterion(Probe::Authentication, 0, Scene::OpenDoors),
            criterion(Probe::Contract, 0, Scene::BentContract),
            criterion(Probe::Authorisation, 0, Scene::SwappedCredentials),
            criterion(Probe::RateLimit, 0, Scene::Unlimited),
            criterion(Probe::RetriedWrites, 0, Scene::FreshKeys),
            criterion(Probe::Injection, 0, Scene::ObedientServer),
            criterion(Probe::Tls, 0, Scene::OldTls),
            criterion(Probe::Surroundings, 0, Scene::LocalTimes),
            criterion(Probe::MetricsTruth, 0, Scene::StuckMetrics),
            criterion(Probe::Memory, 256 << 20, Scene::Stowaway),
            criterion(Probe::OpenFiles, 100, Scene::HoardedConnections),
            criterion(Probe::Threads, 50, Scene::Stowaway),
            criterion(Probe::Cpu, 500_000_000, Scene::Stowaway),
            criterion(Probe::Leak, 0, Scene::Stowaway),
            criterion(Probe::Secrets, 0, Scene::PlantedSecret),
            criterion(Probe::BillOfMaterials, 0, Scene::PlantedComponent),
            criterion(Probe::ImportedResults, 0, Scene::PlantedFinding),
            criterion(Probe::Runbooks, 0, Scene::OrphanedAlert),
            criterion(Probe::Documentation, 0, Scene::BrokenLink),
            faulty(Probe::FaultRecovery, SECOND, Fault::Paused),
            faulty(Probe::FaultErrors, 0, Fault::Busy),
            criterion(Probe::RestoreTime, 5 * SECOND, Scene::SlowRestore),
            criterion(Probe::RestoredWrites, 0, Scene::StaleBackup),
            criterion(Probe::HealthTruth, 0, Scene::PaintedHealth),
        ],
        gaps: Vec::new(),
        sign_off: None,
    }
}

/// The same for a fault.
fn faulty(probe: Probe, limit: u64, fault: Fault) -> Criterion {
    Criterion { fault: Some(fault), ..criterion(probe, limit, Scene::KeptFault) }
}

/// A requirement that nothing measures.
pub(crate) fn gap(id: &str, severity: Severity) -> Gap {
    Gap {
        id: id.into(),
        statement: "it holds".into(),
        domain: "security".into(),
        asked: "100 %".into(),
        missing: "a probe".into(),
        severity,
        mappings: Vec::new(),
    }
}

/// A blocking criterion that bears its probe's name.
pub(crate) fn criterion(probe: Probe, limit: u64, control: Scene) -> Criterion {
    let counts = matches!(probe, Probe::GracefulStop | Probe::AcknowledgedWrites | Probe::RestoredWrites)
        || !probe.gives_bounds();
    Criterion {
        id: probe.name().into(),
        statement: "it holds".into(),
        domain: if probe.needs_process() { "recovery" } else { "performance" }.into(),
        probe,
        quantile_ppb: None,
        fault: None,
        op: probe.op(),
        limit,
        unit: probe.unit(),
        rule: if counts { Rule::Simple } else { Rule::Guard95 },
        severity: Severity::Blocking,
        ttl_s: 30 * 86_400,
        scope: vec!["**".into()],
        control: Some(control),
        may_not_apply: probe.needs_process(),
        mappings: Vec::new(),
        asked: None,
    }
}
