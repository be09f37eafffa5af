//! Evidence that does not hold together is refused, each piece for its own reason.

use super::fixture::{BEGAN, Story, documents};
use super::profile::SECOND;
use crate::{
    Amount, CheckRun, Checklist, CrashDrill, Criterion, Document, Documents, Fault, FaultDrill, FeltBy,
    LoadRun, Look, Op, Probe, ProxyCounts, Rule, Scene, SoakRun, Step, judge,
};
use plimsoll_base::{Kind, Unit, Utc};
use plimsoll_proof::Digest;

/// What a refusal says, and what was done to a part of the evidence.
type Case<T> = (&'static str, fn(&mut T));

/// Why the documents of a good certification are refused once `change` has been at them.
fn refusal(change: impl FnOnce(&mut Vec<Document>)) -> String {
    let mut list = Story::default().documents();
    change(&mut list);
    let error = judge(&documents(list)).expect_err("accepted");
    assert_eq!(error.kind(), Kind::Corrupt, "{error}");
    error.to_string()
}

/// Changes the second steady trial.
fn in_run(change: impl FnOnce(&mut LoadRun)) -> String {
    refusal(|list| change(run(list, 2)))
}

fn run(list: &mut [Document], trial: u64) -> &mut LoadRun {
    let runs = list.iter_mut().filter_map(|document| match document {
        Document::LoadRun(run) => Some(run),
        _ => None,
    });
    let mut steady = runs.filter(|run| (run.scene, run.step) == (Scene::Measured, Step::Steady));
    steady.find(|run| run.trial == trial).unwrap()
}

fn crash(list: &mut [Document], number: u64) -> &mut CrashDrill {
    let mut drills = list.iter_mut().filter_map(|document| match document {
        Document::CrashDrill(drill) if drill.scene == Scene::Measured => Some(drill),
        _ => None,
    });
    drills.find(|drill| drill.trial == number).unwrap()
}

#[test]
fn a_proxy_cannot_harm_more_than_it_saw() {
    let kinds: [fn(&mut Document) -> Option<&mut ProxyCounts>; 7] = [
        |document| if let Document::LoadRun(run) = document { run.proxy.as_mut() } else { None },
        |document| if let Document::StartRun(run) = document { run.proxy.as_mut() } else { None },
        |document| if let Document::CrashDrill(drill) = document { drill.proxy.as_mut() } else { None },
        |document| if let Document::CheckRun(run) = document { run.proxy.as_mut() } else { None },
        |document| if let Document::SoakRun(run) = document { run.proxy.as_mut() } else { None },
        |document| if let Document::FaultDrill(drill) = document { drill.load.proxy.as_mut() } else { None },
        |document| if let Document::RestoreDrill(drill) = document { drill.proxy.as_mut() } else { None },
    ];
    for kind in kinds {
        let refusal = refusal(|list| {
            let counts = list.iter_mut().find_map(kind).unwrap();
            counts.harmed = counts.requests + 1;
        });
        assert!(refusal.contains("harmed more requests than it saw"), "{refusal}");
    }
}

#[test]
fn a_sham_in_which_something_was_harmed() {
    let refusal = refusal(|list| {
        let proxy = |document: &mut Document| match document {
            Document::LoadRun(run) if run.scene == Scene::ShamLoad => {
                run.proxy.as_mut().map(|proxy| proxy.harmed = 1)
            }
            _ => None,
        };
        list.iter_mut().find_map(proxy).unwrap();
    });
    assert!(refusal.contains("harmed requests where no defect was planted"), "{refusal}");
}

#[test]
fn counts_that_do_not_add_up() {
    let cases: [Case<LoadRun>; 13] = [
        ("another number of outcomes", |run| run.good += 1),
        ("another number of outcomes", |run| run.latency.windows[0][0].pairs[0].1 += 1),
        ("another number of infinities", |run| {
            run.good -= 1;
            run.errors.timeout += 1;
        }),
        ("without outcome", |run| run.instrument.completed -= 1),
        ("without outcome", |run| run.instrument.scheduled += 1),
        ("do not make up the schedule", |run| run.instrument.late += 1),
        ("do not make up the schedule", |run| run.instrument.send_lag.infinite += 1),
        ("malformed latency", |run| run.latency.windows[0].truncate(9)),
        ("malformed latency", |run| run.latency.windows[1][3].pairs.reverse()),
        ("malformed latency", |run| run.latency.windows.push(Vec::new())),
        ("malformed send-lag", |run| run.instrument.send_lag.pairs.push((0, 0))),
        ("than its rate gives", |run| run.schedule.duration_ns /= 2),
        ("than its rate gives", |run| run.schedule.duration_ns = 0),
    ];
    for (expected, change) in cases {
        let found = in_run(change);
        assert!(found.contains(expected), "{found:?} instead of {expected:?}");
    }
}

#[test]
fn arrivals_beyond_the_schedules_end() {
    let found = in_run(|run| {
        let late = std::mem::take(&mut run.latency.windows[2][9]);
        run.latency.windows.push(vec![late]);
    });
    assert!(found.contains("beyond the schedule's end"), "{found}");
}

#[test]
fn trials_that_are_repeated_left_out_or_share_a_process() {
    let twice = refusal(|list| {
        let mut again = run(list, 2).clone();
        again.process = again.process.map(|mut process| {
            process.pid += 10_000;
            process
        });
        list.push(Document::LoadRun(again));
    });
    assert!(twice.contains("steady load at 200000/ks trial 2 stands twice"), "{twice}");
    let gap = refusal(|list| {
        list.retain(|document| !matches!(document, Document::LoadRun(run) if run.trial == 3 && run.step == Step::Steady));
    });
    assert!(gap.contains("not numbered from 1 without gap"), "{gap}");
    let shared = refusal(|list| run(list, 2).process = run(list, 1).process);
    assert!(shared.contains("stands in two trials"), "{shared}");
    let restarted = refusal(|list| crash(list, 2).restarted = Some(crash(list, 1).process));
    assert!(restarted.contains("stands in two trials"), "{restarted}");
    let itself = refusal(|list| crash(list, 2).restarted = Some(crash(list, 2).process));
    assert!(itself.contains("stands in two trials"), "{itself}");
    let nobody = refusal(|list| crash(list, 2).restarted = None);
    assert!(nobody.contains("nobody got ready, and something came back"), "{nobody}");
    let found = refusal(|list| {
        (crash(list, 2).restarted, crash(list, 2).recovered_ns) = (None, Amount::Infinite);
    });
    assert!(found.contains("nobody got ready, and something came back"), "{found}");
    let start = refusal(|list| {
        let mut starts = list.iter_mut().filter_map(|document| match document {
            Document::StartRun(run) if run.scene == Scene::Measured => Some(run),
            _ => None,
        });
        let first = starts.next().unwrap().process;
        starts.next().unwrap().process = first;
    });
    assert!(start.contains("stands in two trials"), "{start}");
    assert!(in_run(|run| run.process = None).contains("names no process"));
}

#[test]
fn a_measurement_behind_the_proxy() {
    let found = in_run(|run| run.proxy = Some(ProxyCounts { requests: 600, harmed: 0 }));
    assert!(found.contains("not measured directly"), "{found}");
}

#[test]
fn a_checklist_that_does_not_make_sense() {
    let cases: [Case<CheckRun>; 5] = [
        ("was not measured directly", |run| run.proxy = Some(ProxyCounts::default())),
        ("names no process", |run| run.process = None),
        ("cases are missing", |run| run.checklist = Checklist::ErrorHygiene(Vec::new())),
        ("cases are missing", |run| {
            if let Checklist::ErrorHygiene(refusals) = &mut run.checklist {
                refusals.swap(0, 1);
            }
        }),
        ("not numbered from 1", |run| run.trial = 2),
    ];
    for (expected, change) in cases {
        let refusal = refusal(|list| {
            let run = list.iter_mut().find_map(|document| match document {
                Document::CheckRun(run) if run.scene == Scene::Measured => Some(run),
                _ => None,
            });
            change(run.unwrap());
        });
        assert!(refusal.contains(expected), "{refusal}");
    }
}

#[test]
fn a_soak_that_does_not_make_sense() {
    let cases: [Case<SoakRun>; 8] = [
        ("was not measured directly", |run| run.proxy = Some(ProxyCounts::default())),
        ("another number of looks", |run| run.looks.truncate(119)),
        ("another number of looks", |run| run.looks.push(Look { at_ns: 1 << 53, ..run.looks[119] })),
        ("not in the order of time", |run| run.looks[5].at_ns = run.looks[4].at_ns),
        ("more good replies than arrivals", |run| run.good += 1),
        ("another number of arrivals", |run| (run.scheduled, run.good) = (2_399, 2_399)),
        ("another number of arrivals", |run| run.schedule.duration_ns /= 2),
        ("not numbered from 1", |run| run.trial = 2),
    ];
    for (expected, change) in cases {
        let refusal = refusal(|list| {
            let run = list.iter_mut().find_map(|document| match document {
                Document::SoakRun(run) if run.scene == Scene::Measured => Some(run),
                _ => None,
            });
            change(run.unwrap());
        });
        assert!(refusal.contains(expected), "{refusal}");
    }
}

#[test]
fn a_fault_drill_that_does_not_make_sense() {
    let cases: [Case<FaultDrill>; 16] = [
        ("is not that of its scene", |drill| drill.fault = None),
        ("did not hold for the middle third", |drill| drill.from_ns = 3 * SECOND - 1),
        ("did not hold for the middle third", |drill| drill.until_ns = drill.from_ns + 3 * SECOND - 1),
        ("did not hold for the middle third", |drill| drill.until_ns = 0),
        ("did not hold for the middle third", |drill| drill.until_ns = 9 * SECOND),
        ("did not hold for the middle third", |drill| {
            drill.from_ns += SECOND;
            drill.until_ns += SECOND;
        }),
        ("is not that of a fault drill", |drill| drill.load.step = Step::Line),
        ("is not that of a fault drill", |drill| drill.load.proxy = None),
        ("its dependencies are not those", |drill| drill.dependencies.push(felt("store", 1))),
        ("its dependencies are not those", |drill| drill.fault = Some(Fault::CutDependencies)),
        ("another than what its dependencies felt", |drill| {
            drill.fault = Some(Fault::CutDependencies);
            drill.dependencies = vec![felt("cache", 0), felt("store", 7)];
        }),
        ("in the order of their names, each once", |drill| {
            drill.fault = Some(Fault::CutDependencies);
            drill.dependencies = vec![felt("store", 7), felt("store", 7)];
        }),
        ("is not that of a fault drill", |drill| drill.load.process = None),
        ("another number of outcomes", |drill| drill.load.good += 1),
        ("another number of arrivals", |drill| drill.load.schedule.rate_per_ks /= 2),
        ("not numbered from 1", |drill| drill.load.trial = 9),
    ];
    for (expected, change) in cases {
        let refusal = refusal(|list| change(fault_drill(list, Scene::Measured)));
        assert!(refusal.contains(expected), "{refusal} instead of {expected}");
    }
    let done = refusal(|list| fault_drill(list, Scene::ShamFault).effect_ppb = 1);
    assert!(done.contains("nothing was done, and it took effect"), "{done}");
}

#[test]
fn what_is_done_to_dependencies_is_done_to_the_same_ones_everywhere() {
    let other = refusal(|list| {
        let drill = fault_drill(list, Scene::Measured);
        (drill.fault, drill.effect_ppb) = (Some(Fault::CutDependencies), 1_000_000_000);
        drill.dependencies = vec![felt("cache", 7)];
    });
    assert!(other.contains("was done to the same ones"), "{other}");
}

fn felt(name: &str, times: u64) -> FeltBy {
    FeltBy { name: name.into(), times }
}

fn fault_drill(list: &mut [Document], scene: Scene) -> &mut FaultDrill {
    let drill = list.iter_mut().find_map(|document| match document {
        Document::FaultDrill(drill) if drill.scene() == scene => Some(drill),
        _ => None,
    });
    drill.unwrap()
}

#[test]
fn documents_of_which_there_must_be_one() {
    type IsKind = fn(&Document) -> bool;
    let kinds: [(&str, IsKind); 3] = [
        ("plan", |document| matches!(document, Document::Plan(_))),
        ("environment", |document| matches!(document, Document::Environment(_))),
        ("calibration", |document| matches!(document, Document::Calibration(_))),
    ];
    for (name, is_kind) in kinds {
        let none = refusal(|list| list.retain(|document| !is_kind(document)));
        assert_eq!(none, format!("0 documents of kind {name} where there must be one"));
        let two = refusal(|list| {
            let mut second = list.iter().find(|document| is_kind(document)).unwrap().clone();
            match &mut second {
                Document::Plan(plan) => plan.earlier_attempts = 1,
                Document::Environment(environment) => environment.cores = 64,
                Document::Calibration(calibration) => calibration.at = Utc::from_unix_seconds(BEGAN - 301),
                _ => {}
            }
            list.push(second);
        });
        assert_eq!(two, format!("2 documents of kind {name} where there must be one"));
    }
}

#[test]
fn an_empty_folder_is_nothing() {
    assert!(judge(&Documents::default()).is_err());
    let mut list = Story::default().documents();
    list.truncate(3);
    let error = judge(&documents(list)).unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (Kind::Inconclusive, "no trial was run".into()));
}

#[test]
fn a_ledger_or_a_stop_that_does_not_make_sense() {
    let lame = refusal(|list| crash(list, 4).ledger.as_mut().unwrap().found.push('1'));
    assert!(lame.contains("crash drill 4: the parts of the ledger"), "{lame}");
    let acknowledged = refusal(|list| crash(list, 4).ledger.as_mut().unwrap().outstanding = 2);
    assert!(acknowledged.contains("crash drill 4: the parts of the ledger"), "{acknowledged}");
    let idle = refusal(|list| {
        for document in list {
            if let Document::StopDrill(drill) = document {
                drill.held.clear();
            }
        }
    });
    assert!(idle.contains("held no request"), "{idle}");
}

#[test]
fn a_calibration_of_something_else() {
    let in_calibration = |change: fn(&mut crate::Calibration)| {
        refusal(|list| {
            list.iter_mut().for_each(|document| {
                if let Document::Calibration(calibration) = document {
                    change(calibration);
                }
            });
        })
    };
    let cases: [Case<crate::Calibration>; 12] = [
        ("never tried", |calibration| calibration.tries = 0),
        ("another boot", |calibration| calibration.boot = Digest::of(b"yesterday")),
        ("another program", |calibration| calibration.plimsoll_sha256 = Digest::of(b"another")),
        ("after the first trial", |calibration| calibration.at = Utc::from_unix_seconds(BEGAN + 60)),
        ("more than a day before", |calibration| calibration.at = Utc::from_unix_seconds(BEGAN - 90_000)),
        ("exactly one oracle silent", |calibration| calibration.oracles.truncate(5)),
        ("exactly one oracle constant", |calibration| {
            calibration.oracles.push(calibration.oracles[0].clone())
        }),
        ("oracle bimodal: 1 failures measured, 0 planted", |calibration| calibration.oracles[1].failed = 1),
        ("oracle silent: 0 failures of 3000", |calibration| {
            let quantiles = calibration.oracles[0].quantiles.clone();
            let silent = &mut calibration.oracles[5];
            (silent.failed, silent.failed_truth, silent.quantiles) = (0, 0, quantiles);
        }),
        ("oracle one-percent-errors: 0 failures", |calibration| {
            let oracle = &mut calibration.oracles[3];
            (oracle.failed, oracle.failed_truth) = (0, 0);
        }),
        ("oracle constant: no quantile", |calibration| calibration.oracles[0].quantiles.clear()),
        ("oracle global-stall: p99 measured as 40.5 ms", |calibration| {
            calibration.oracles[2].quantiles[1].measured = Amount::Finite(40_500_000);
        }),
    ];
    for (expected, change) in cases {
        let found = in_calibration(change);
        assert!(found.contains(expected), "{found:?} instead of {expected:?}");
    }
}

#[test]
fn a_profile_that_no_probe_could_honour() {
    let in_profile = |change: &dyn Fn(&mut Vec<Criterion>)| {
        refusal(|list| {
            if let Document::Plan(plan) = &mut list[0] {
                change(&mut plan.profile.criteria);
            }
        })
    };
    let cases: [Case<Vec<Criterion>>; 14] = [
        ("no blocking criterion", Vec::clear),
        ("stands twice", |criteria| criteria[1].id = criteria[0].id.clone()),
        ("not of [a-z0-9-]", |criteria| criteria[0].id = "../latency".into()),
        ("not of [a-z0-9-]", |criteria| criteria[0].id.clear()),
        ("its unit", |criteria| criteria[0].unit = Unit::Ppb),
        ("wrong side", |criteria| criteria[0].op = Op::AtLeast),
        ("a quantile belongs", |criteria| criteria[0].quantile_ppb = None),
        ("a quantile belongs", |criteria| criteria[1].quantile_ppb = Some(990_000_000)),
        ("between 0 and 100 %", |criteria| criteria[0].quantile_ppb = Some(0)),
        ("between 0 and 100 %", |criteria| criteria[0].quantile_ppb = Some(1_000_000_000)),
        ("cannot turn its probe red", |criteria| criteria[0].control = Some(Scene::SlowStart)),
        ("needs a control", |criteria| criteria[0].control = None),
        ("must be simple", |criteria| criteria[8].rule = Rule::Guard95),
        ("must be simple", |criteria| criteria[12].rule = Rule::Guard95),
    ];
    for (expected, change) in cases {
        let found = in_profile(&change);
        assert!(found.contains(expected), "{found:?} instead of {expected:?}");
    }
    let nothing_to_keep = in_profile(&|criteria| {
        criteria.retain(|criterion| !matches!(criterion.probe, Probe::Latency | Probe::Errors));
    });
    assert!(nothing_to_keep.contains("a load line needs"), "{nothing_to_keep}");
}

#[test]
fn a_profile_that_asks_for_nothing() {
    for (trials, drills) in [(0, 5), (5, 0)] {
        let found = refusal(|list| {
            if let Document::Plan(plan) = &mut list[0] {
                (plan.profile.trials, plan.profile.drills) = (trials, drills);
            }
        });
        assert!(found.contains("no trial or no drill"), "{found}");
    }
    for soak_ns in [None, Some(119)] {
        let found = refusal(|list| {
            if let Document::Plan(plan) = &mut list[0] {
                plan.profile.soak_ns = soak_ns;
            }
        });
        assert!(found.contains("asks for a soak, which has no length"), "{found}");
    }
    for fault_ns in [None, Some(899_999_999)] {
        let found = refusal(|list| {
            if let Document::Plan(plan) = &mut list[0] {
                plan.profile.fault_ns = fault_ns;
            }
        });
        assert!(found.contains("asks for a fault, which has no length"), "{found}");
    }
    assert_eq!(Story::default().profile.trial_ns, 3 * SECOND);
}

#[test]
fn bytes_are_read_as_they_were_written_and_in_no_other_form() {
    let mut documents = Documents::default();
    let (digest, bytes) = documents.insert(Story::default().documents().remove(0)).unwrap();
    assert_eq!(Documents::default().read(&bytes).unwrap(), digest);
    let spaced = [b" ".as_slice(), &bytes].concat();
    assert!(Documents::default().read(&spaced).is_err());
    let unknown = String::from_utf8(bytes).unwrap().replacen("\"earlier_attempts\"", "\"attempts\"", 1);
    assert!(Documents::default().read(unknown.as_bytes()).is_err());
}
