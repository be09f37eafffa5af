//! `plimsoll cert coverage`.

use plimsoll_base::{Kind, inert};
use plimsoll_certify::{
    CoveredControl, Framework, Intact, NO_CLAIM, conclusion, coverage_json, coverage_page, covered,
    framework, framework_ids,
};

use super::Place;
use crate::cli::table::{pretty, table};
use crate::exit::Answer;
use crate::failure::Failure;
use crate::print::{Printer, Style};

/// List what a certificate has of each control of a framework: evidence, or none
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  plimsoll cert coverage certificates/notes --framework soc2
  plimsoll cert coverage DIR --framework iso27001 --html > coverage.html
  plimsoll cert coverage DIR --framework asvs --json | jq '.controls[]'

Frameworks:
  soc2      SOC 2, trust services criteria
  iso27001  ISO/IEC 27001:2022, Annex A
  gdpr      Regulation (EU) 2016/679, articles that concern who processes
  asvs      OWASP ASVS 5.0: chapters, and sections with evidence
  ssdf      NIST SP 800-218

Criteria that failed are listed as those that passed. Nothing here says that a
control is met.

Exit codes:
  0  listed: valid
  1  refused: invalid, withdrawn or expired
  2  there is no certificate or framework, or the command line is wrong
  3  listed, saying that the issuer is not known; or refused: evidence is
     missing
  4  the folder of trusted keys is open to others
  5  a file cannot be read
  6  the file of trusted keys is damaged")]
pub(super) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// The framework, by its name
    #[arg(long, value_name = "FRAMEWORK")]
    framework: String,
    /// Print a page
    #[arg(long, conflicts_with = "json")]
    html: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments, printer: &Printer) -> Result<Answer, Failure> {
    let Some(framework) = framework(&arguments.framework) else {
        return Err(Failure::new(Kind::Invalid, format!("there is no framework `{}`", arguments.framework))
            .hint(format!("there are: {}", framework_ids().join(", "))));
    };
    let framework = framework.map_err(|error| Failure::new(Kind::Bug, error))?;
    let verified = arguments.place.verify()?;
    let intact = match verified.intact() {
        Ok(intact) => intact,
        Err(reason) => {
            let refused = Failure::new(Kind::Invalid, format!("not listed: {}", inert(&reason)));
            printer.failure(&refused.hint("plimsoll verify says what it found, step by step"));
            return Ok(verified.answer());
        }
    };
    let told = conclusion(&verified.report);
    let text = match (arguments.html, arguments.json) {
        (true, _) => coverage_page(&framework, &intact, &told),
        (_, true) => pretty(&coverage_json(&framework, &intact))?,
        _ => format!("{}{}", verified.conclusion(printer), text(&framework, &intact, printer)),
    };
    printer.data(&text)?;
    if verified.answer() != Answer::Yes {
        printer.status(&inert(&told));
    }
    Ok(verified.answer())
}

fn text(framework: &Framework, intact: &Intact<'_>, printer: &Printer) -> String {
    let controls = covered(framework, intact);
    let rows: Vec<[String; 4]> = controls.iter().flat_map(rows).collect();
    let paint = |line: &str, row: Option<usize>| match row {
        Some(_) => line.to_owned(),
        None => printer.styled(Style::Faint, line),
    };
    let table = table(["control", "about", "evidence", "shows"], &rows, paint);
    format!("\n{} · {}\n{NO_CLAIM}\n\n{table}", framework.title, framework.source)
}

fn rows(control: &CoveredControl<'_>) -> Vec<[String; 4]> {
    let row = |evidence: String, part: &str| {
        [control.id.to_owned(), control.title.to_owned(), evidence, part.to_owned()]
    };
    if control.evidence.is_empty() {
        return vec![row("none".into(), "-")];
    }
    let evidence = control.evidence.iter();
    evidence.map(|one| row(format!("{}: {}, {}", one.criterion, one.verdict, one.state), one.part)).collect()
}
