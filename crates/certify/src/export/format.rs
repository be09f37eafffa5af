//! What a certificate can be exported as.

use std::str::FromStr;

use crate::files::hint;

/// A foreign format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// JUnit XML, as CI systems read it.
    Junit,
    /// SARIF 2.1.0 (OASIS).
    Sarif,
    /// GitHub Flavored Markdown, for a pull request or a wiki.
    Markdown,
    /// HDF results, version 3 (MITRE).
    Hdf,
    /// OSCAL assessment results, 1.1 (NIST).
    Oscal,
}

impl ExportFormat {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Junit, Self::Sarif, Self::Markdown, Self::Hdf, Self::Oscal];

    /// The format's name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Junit => "junit",
            Self::Sarif => "sarif",
            Self::Markdown => "markdown",
            Self::Hdf => "hdf",
            Self::Oscal => "oscal",
        }
    }
}

impl FromStr for ExportFormat {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let names = Self::ALL.map(Self::name);
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| hint(name, &names))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_known_by_its_name_and_guessed_by_one_that_is_near() {
        for format in ExportFormat::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
        assert_eq!("junti".parse::<ExportFormat>(), Err("did you mean `junit`?".into()));
        let unknown = "spreadsheet".parse::<ExportFormat>().unwrap_err();
        assert!(unknown.starts_with("known here: junit, sarif, markdown, hdf, oscal"), "{unknown}");
    }
}
