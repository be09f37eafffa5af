//! What the subject took of the machine under load that went on: each thing over time, beside its limit.

use plimsoll_base::Unit;
use plimsoll_evidence::{Growth, JudgedCriterion, Probe, Scene, SoakRun};

use super::{Section, paragraph, sentences};
use crate::html::{Element, Html, el};
use crate::report::page::Page;
use crate::report::plot::{
    Drawing, Frame, Linear, WIDTH, bottom_axis, figure, left_axis, limit_line, linear_ticks, path,
};
use crate::report::table::{Column, table};
use crate::report::words::{limit, quantity};

const HEIGHT: f64 = 210.0;
/// How much further the axis goes than the most that is shown.
const HEADROOM: f64 = 1.05;
/// A limit further away than so many times the most that was seen is told and not drawn: it would flatten the line.
const LIMIT_SHOWN_TIMES: f64 = 4.0;
const SECOND_NS: f64 = 1e9;

/// A thing that is drawn.
struct Taken {
    id: &'static str,
    title: &'static str,
    /// What the left axis counts, and how many of the probe's unit one of it is.
    axis: &'static str,
    factor: f64,
    probe: Probe,
    /// The values, the first of them at the first look.
    values: Vec<u64>,
}

pub(super) fn section(page: &Page<'_>) -> Option<Section> {
    let (_, run) = page.input.documents.soak_runs(Scene::Measured).into_iter().next()?;
    let (rate, lasts) = (run.schedule.rate_per_ks, run.schedule.duration_ns);
    let words = format!(
        "{} of load at {} on a fresh process. Looked at were that process and all that came from it, {} times at \
         equal intervals; pages that processes share count once for each.",
        quantity(lasts, Unit::Ns),
        quantity(rate, Unit::PerKs),
        run.looks.len(),
    );
    let mut content = Html::default();
    content.push(paragraph(words));
    content.push(sentences(&run.growths().iter().map(told).collect::<Vec<_>>()));
    content.push(things(run).iter().filter_map(|taken| chart(page, run, taken)).collect::<Html>());
    Some(Section { id: "soak", title: "Soak", content })
}

fn told(growth: &Growth) -> String {
    format!("{} {}.", name(growth.probe), growth.words())
}

fn name(probe: Probe) -> &'static str {
    match probe {
        Probe::Memory => "Resident memory",
        Probe::OpenFiles => "The number of open files",
        Probe::Threads => "The number of threads",
        _ => "Processor time",
    }
}

fn things(run: &SoakRun) -> [Taken; 4] {
    let series = |probe| run.series(probe).unwrap_or_default();
    let taken = |id, title, axis, factor, probe, values| Taken { id, title, axis, factor, probe, values };
    let mib = f64::from(1u32 << 20);
    [
        taken("plot-memory", "Resident memory", "MiB", mib, Probe::Memory, series(Probe::Memory)),
        taken("plot-files", "Open files", "open files", 1.0, Probe::OpenFiles, series(Probe::OpenFiles)),
        taken("plot-threads", "Threads", "threads", 1.0, Probe::Threads, series(Probe::Threads)),
        taken(
            "plot-cpu",
            "Processor time, over the third of the soak that follows",
            "% of one core",
            1e7,
            Probe::Cpu,
            run.cpu_shares(),
        ),
    ]
}

fn chart(page: &Page<'_>, run: &SoakRun, taken: &Taken) -> Option<Element> {
    let frame = Frame { left: 72.0, right: WIDTH - 14.0, top: 34.0, bottom: HEIGHT - 46.0 };
    let judged = page.criteria().iter().find(|judged| judged.criterion.probe == taken.probe);
    let most = taken.values.iter().copied().max()? as f64 / taken.factor;
    let limit_at = judged.map(|judged| judged.criterion.limit as f64 / taken.factor);
    let drawn_limit = limit_at.filter(|limit| *limit <= most * LIMIT_SHOWN_TIMES);
    let ticks = linear_ticks(HEADROOM * drawn_limit.map_or(most, |limit| limit.max(most)));
    let y = Linear { domain: (0.0, ticks.last().copied()?), range: (frame.bottom, frame.top) };
    let lasts_s = run.schedule.duration_ns as f64 / SECOND_NS;
    let x = Linear { domain: (0.0, lasts_s), range: (frame.left, frame.right) };
    let named = |scale: &Linear, ticks: &[f64]| -> Vec<(f64, String)> {
        ticks.iter().map(|tick| (scale.place(*tick), format!("{}", (tick * 1e3).round() / 1e3))).collect()
    };
    let seconds: Vec<f64> = linear_ticks(lasts_s).into_iter().filter(|tick| *tick <= lasts_s).collect();
    let mut content = left_axis(&frame, taken.axis, &named(&y, &ticks));
    content.push(bottom_axis(&frame, "seconds", &named(&x, &seconds)));
    let at = |(value, look): (&u64, &plimsoll_evidence::Look)| {
        Some((x.place(look.at_ns as f64 / SECOND_NS), y.place(*value as f64 / taken.factor)))
    };
    content.push(path("stroke", taken.values.iter().zip(&run.looks).map(at)));
    if let (Some(judged), Some(limit_at)) = (judged, drawn_limit) {
        content.push(limit_line(&frame, y.place(limit_at), &format!("limit {}", limit(&judged.criterion))));
    }
    let caption = caption(run, taken, judged);
    let drawing = Drawing {
        id: taken.id,
        title: taken.title.into(),
        description: format!("{caption} The table has every look."),
        height: HEIGHT,
        content,
    };
    Some(figure(drawing, caption, data(run, taken)))
}

/// The most, the limit, and how it went, in words.
fn caption(run: &SoakRun, taken: &Taken, judged: Option<&JudgedCriterion>) -> String {
    let shown = |amount| quantity(amount, taken.probe.unit());
    let most = taken.values.iter().copied().max().unwrap_or(0);
    let limit = judged.map(|judged| format!(", limit {}", limit(&judged.criterion))).unwrap_or_default();
    let went = run.growths().into_iter().find(|growth| growth.probe == taken.probe);
    let went = went.map(|growth| format!(" It {}.", growth.words())).unwrap_or_default();
    format!("{}: at most {}{limit}.{went}", name(taken.probe), shown(most))
}

fn data(run: &SoakRun, taken: &Taken) -> Element {
    let columns = [Column::number("at"), Column::number(taken.title)];
    let row = |(value, look): (&u64, &plimsoll_evidence::Look)| {
        let cells = [quantity(look.at_ns, Unit::Ns), quantity(*value, taken.probe.unit())];
        cells.map(Html::from).to_vec()
    };
    el("div").with(table(taken.title, &columns, taken.values.iter().zip(&run.looks).map(row)))
}
