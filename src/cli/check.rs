//! `seiche check`: every finding of every stage that a library passes through before it sounds.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;

use clap::{Args, ValueEnum};

use serde_json::Value;

use super::input;
use crate::compile;
use crate::language::model::SourceFile;
use crate::language::{Diagnostic, Library, Severity, render, to_json};
use crate::library::samples::Store;
use crate::nodes;

/// Sounds are compiled for so many frames per second.
const RATE: f64 = 44_100.0;

/// Finds every mistake in the text of libraries. Exit code 0: no errors (there may be warnings), 1: errors, or a
/// path that cannot be read, 2: a wrong command line.
#[derive(Args)]
pub(super) struct Check {
    /// Files, or folders whose .yaml and .yml files make one library.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How findings are written.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum Format {
    /// With source line and hint, for people.
    #[default]
    Text,
    /// One JSON array, for programs.
    Json,
}

impl Check {
    pub fn run(self) -> ExitCode {
        let (libraries, faults) = input::libraries(&self.paths);
        let mut report = Report { format: self.format, ..Report::default() };
        report.add(&faults, &[]);
        let store = Mutex::new(Store::default());
        for files in libraries {
            let specs: Vec<_> = nodes::ALL.iter().map(|def| &def.spec).collect();
            let library = Library::read(files, &specs);
            let found = compile::check(&library, RATE, &store);
            report.add(&found, library.files());
            report.sounds += library.sounds().count();
        }
        let code = ExitCode::from(u8::from(report.errors > 0));
        // A closed pipe (`seiche check … | head`) is no fault of the library.
        let _ = std::io::stdout().write_all(report.text().as_bytes());
        code
    }
}

/// The findings of all libraries, as they are written.
#[derive(Default)]
struct Report {
    format: Format,
    text: String,
    objects: Vec<Value>,
    sounds: usize,
    errors: usize,
    warnings: usize,
}

impl Report {
    fn add(&mut self, found: &[Diagnostic], files: &[SourceFile]) {
        let errors = found.iter().filter(|d| d.is_error()).count();
        self.errors += errors;
        self.warnings += found.iter().filter(|d| d.severity == Severity::Warning).count();
        match self.format {
            Format::Text => self.text.push_str(&render(found, files, std::io::stdout().is_terminal())),
            Format::Json => self.objects.extend(found.iter().map(|d| to_json(d, files))),
        }
    }

    fn text(self) -> String {
        match self.format {
            Format::Text => {
                let counts = [(self.sounds, "sound"), (self.errors, "error"), (self.warnings, "warning")];
                let words = counts.map(|(n, word)| format!("{n} {word}{}", if n == 1 { "" } else { "s" }));
                format!("{}{}\n", self.text, words.join(", "))
            }
            Format::Json => format!("{:#}\n", Value::Array(self.objects)),
        }
    }
}
