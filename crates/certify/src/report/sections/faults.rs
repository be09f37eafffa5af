//! Faults under load: what became of requests before, amid and after each, second by second and batch by batch.

use plimsoll_base::Unit;
use plimsoll_evidence::{Fault, FaultDrill, Scene};
use plimsoll_measure::{BATCH_NS, Histogram, Series, Value};

use super::{Section, paragraph};
use crate::html::{Element, Html, el};
use crate::report::page::Page;
use crate::report::plot::{
    Drawing, Frame, LatencyScale, Linear, WIDTH, bottom_axis, figure, label, left_axis, linear_ticks, path,
    rule,
};
use crate::report::table::{Column, table};
use crate::report::words::{amount, count, latency, quantity};

const HEIGHT: f64 = 240.0;
const SECOND_NS: f64 = 1e9;
const BATCHES_A_SECOND: usize = 10;
/// How much further the axis goes than the busiest second.
const HEADROOM: f64 = 1.05;

/// A drill that was read.
struct Drill<'a> {
    drill: &'a FaultDrill,
    fault: Fault,
    series: Series,
}

pub(super) fn section(page: &Page<'_>) -> Option<Section> {
    let drills = page.input.documents.fault_drills(Scene::Measured);
    let drills: Vec<Drill<'_>> = drills.into_iter().filter_map(|(_, drill)| read(drill)).collect();
    if drills.is_empty() {
        return None;
    }
    let words = "Each fault holds for the middle third of a run of load on a fresh process, behind the fault proxy, which is \
                 part of the path here; the sham of these drills is the same path with nothing done. A subject is as before \
                 after the last batch of 100 ms in which a request failed or a limit of latency was not kept.";
    let mut content = Html::default();
    content.push(paragraph(words));
    content.push(summary(page, &drills));
    content.push(
        drills
            .iter()
            .flat_map(|drill| [latency_plot(drill), replies_plot(drill)])
            .flatten()
            .collect::<Html>(),
    );
    Some(Section { id: "faults", title: "Faults under load", content })
}

fn read(drill: &FaultDrill) -> Option<Drill<'_>> {
    Some(Drill { drill, fault: drill.fault?, series: drill.load.latency.read()? })
}

fn summary(page: &Page<'_>, drills: &[Drill<'_>]) -> Element {
    let columns = [
        Column::text("Fault"),
        Column::text("Process"),
        Column::number("From"),
        Column::number("Until"),
        Column::number("Took effect"),
        Column::number("Failed before"),
        Column::number("Failed amid"),
        Column::number("Failed after"),
        Column::number("Slowest amid"),
        Column::number("As before after"),
    ];
    let row = |drill: &Drill<'_>| -> Vec<Html> {
        let (seen, parts) = (drill.drill, drill.drill.parts(&drill.series));
        let failed =
            |part: &Histogram| Html::from(format!("{} of {}", count(part.infinite()), count(part.count())));
        let process = seen.load.process.map_or_else(String::new, |process| process.pid.to_string());
        vec![
            drill.fault.name().into(),
            process.into(),
            quantity(seen.from_ns, Unit::Ns).into(),
            quantity(seen.until_ns, Unit::Ns).into(),
            took_effect(seen).into(),
            failed(&parts.before),
            failed(&parts.amid),
            failed(&parts.after),
            latency(parts.amid.max()).into(),
            amount(Some(seen.recovered_ns(&drill.series, &page.plan.profile)), Unit::Ns).into(),
        ]
    };
    table("Faults under load", &columns, drills.iter().map(row))
}

/// How much of it was seen to take effect, and where it was done to what the subject depends on, which felt it.
fn took_effect(drill: &FaultDrill) -> String {
    let share = quantity(drill.effect_ppb, Unit::Ppb);
    let told = drill.dependencies.iter().map(|dependency| match dependency.times {
        0 => format!("{} not at all", dependency.name),
        times => format!("{} {} times", dependency.name, count(times)),
    });
    let told: Vec<String> = told.collect();
    if told.is_empty() { share } else { format!("{share} ({})", told.join(", ")) }
}

/// What both pictures of a drill have in common.
struct Panel {
    frame: Frame,
    x: Linear,
}

impl Panel {
    fn of(drill: &Drill<'_>) -> Self {
        let frame = Frame { left: 72.0, right: WIDTH - 14.0, top: 40.0, bottom: HEIGHT - 46.0 };
        let lasts_s = drill.drill.load.schedule.duration_ns as f64 / SECOND_NS;
        Self { frame, x: Linear { domain: (0.0, lasts_s), range: (frame.left, frame.right) } }
    }

    /// The axes, and the two moments between which the fault held.
    fn axes(&self, drill: &Drill<'_>, title: &str, ticks: &[(f64, String)]) -> Html {
        let Self { frame, x } = self;
        let mut content = left_axis(frame, title, ticks);
        let seconds = linear_ticks(x.domain.1).into_iter().filter(|tick| *tick <= x.domain.1);
        let seconds: Vec<(f64, String)> = seconds.map(|tick| (x.place(tick), tick.to_string())).collect();
        content.push(bottom_axis(frame, "seconds", &seconds));
        let moments = [(drill.drill.from_ns, drill.fault.name()), (drill.drill.until_ns, "over")];
        for (moment_ns, name) in moments {
            let at = x.place(moment_ns as f64 / SECOND_NS);
            content.push(rule("limit", (at, frame.top), (at, frame.bottom)));
            content.push(label("start limit-name", (at + 4.0, frame.top - 6.0), name));
        }
        content
    }

    fn place(&self, index: usize, width_s: f64) -> f64 {
        self.x.place((index as f64 + 0.5) * width_s)
    }
}

fn batches(series: &Series) -> Vec<Histogram> {
    let histogram = |counts| {
        let mut batch = Histogram::new();
        batch.add(&counts);
        batch
    };
    series.batches().map(histogram).collect()
}

fn latency_plot(drill: &Drill<'_>) -> Option<Element> {
    let panel = Panel::of(drill);
    let slowest: Vec<Option<Value>> = batches(&drill.series).iter().map(Histogram::max).collect();
    let y = LatencyScale::around(slowest.iter().flatten().copied(), panel.frame.bottom, panel.frame.top)?;
    let mut content = panel.axes(drill, "latency", &y.ticks());
    let width_s = BATCH_NS as f64 / SECOND_NS;
    let at =
        |(index, value): (usize, &Option<Value>)| Some((panel.place(index, width_s), y.place((*value)?)));
    content.push(path("stroke", slowest.iter().enumerate().map(at)));
    let caption = format!("The slowest reply of each 100 ms, while the subject is {}.", words(drill.fault));
    let columns = [Column::number("from"), Column::number("slowest")];
    let rows = (0u64..).zip(&slowest).map(|(index, value)| {
        [quantity(index * BATCH_NS, Unit::Ns), latency(*value)].map(Html::from).to_vec()
    });
    let data = el("div").with(table("Slowest replies", &columns, rows));
    Some(figure(drawing(latency_id(drill.fault), caption.clone(), content), caption, data))
}

fn replies_plot(drill: &Drill<'_>) -> Option<Element> {
    let panel = Panel::of(drill);
    let batches = batches(&drill.series);
    let seconds: Vec<Histogram> = batches.chunks(BATCHES_A_SECOND).map(sum).collect();
    let most = seconds.iter().map(Histogram::count).max()? as f64;
    let ticks = linear_ticks(HEADROOM * most);
    let y = Linear { domain: (0.0, ticks.last().copied()?), range: (panel.frame.bottom, panel.frame.top) };
    let named: Vec<(f64, String)> = ticks.iter().map(|tick| (y.place(*tick), tick.to_string())).collect();
    let mut content = panel.axes(drill, "requests per second", &named);
    let good = |second: &Histogram| second.count() - second.infinite();
    let at =
        |(index, second): (usize, &Histogram)| Some((panel.place(index, 1.0), y.place(good(second) as f64)));
    content.push(path("stroke", seconds.iter().enumerate().map(at)));
    let failed = seconds.iter().enumerate().filter(|(_, second)| second.infinite() > 0);
    let bar = |(index, second): (usize, &Histogram)| {
        let x = panel.place(index, 1.0);
        rule("bar", (x, panel.frame.bottom), (x, y.place(second.infinite() as f64)))
    };
    content.push(failed.map(bar).collect::<Html>());
    let caption = format!(
        "By the second in which requests were meant to be sent, while the subject is {}. Line: good replies. Bars from the \
         bottom: requests without a good reply.",
        words(drill.fault)
    );
    let columns = [Column::number("from second"), Column::number("good"), Column::number("failed")];
    let rows = seconds.iter().enumerate().map(|(index, second)| {
        [index.to_string(), count(good(second)), count(second.infinite())].map(Html::from).to_vec()
    });
    let data = el("div").with(table("Replies by second", &columns, rows));
    Some(figure(drawing(replies_id(drill.fault), caption.clone(), content), caption, data))
}

fn sum(batches: &[Histogram]) -> Histogram {
    let mut second = Histogram::new();
    batches.iter().for_each(|batch| second.merge(batch));
    second
}

fn drawing(id: &'static str, title: String, content: Html) -> Drawing {
    let description =
        format!("{title} Upright lines: where the fault began and ended. The table has every point.");
    Drawing { id, title, description, height: HEIGHT, content }
}

fn latency_id(fault: Fault) -> &'static str {
    match fault {
        Fault::Paused => "plot-paused-latency",
        Fault::Busy => "plot-busy-latency",
        Fault::SlowNetwork => "plot-slow-network-latency",
        Fault::CutConnections => "plot-cut-connections-latency",
        Fault::CutDependencies => "plot-cut-dependencies-latency",
        Fault::HungDependencies => "plot-hung-dependencies-latency",
        Fault::SlowDependencies => "plot-slow-dependencies-latency",
    }
}

fn replies_id(fault: Fault) -> &'static str {
    match fault {
        Fault::Paused => "plot-paused-replies",
        Fault::Busy => "plot-busy-replies",
        Fault::SlowNetwork => "plot-slow-network-replies",
        Fault::CutConnections => "plot-cut-connections-replies",
        Fault::CutDependencies => "plot-cut-dependencies-replies",
        Fault::HungDependencies => "plot-hung-dependencies-replies",
        Fault::SlowDependencies => "plot-slow-dependencies-replies",
    }
}

/// What is done to the subject, behind "is".
fn words(fault: Fault) -> &'static str {
    match fault {
        Fault::Paused => "stopped, and let go on",
        Fault::Busy => "left a tenth of the processors",
        Fault::SlowNetwork => "200 ms further away",
        Fault::CutConnections => "cut off from its clients",
        Fault::CutDependencies => "cut off from what it depends on",
        Fault::HungDependencies => "connected to dependencies that say nothing",
        Fault::SlowDependencies => "answered 200 ms later by what it depends on",
    }
}
