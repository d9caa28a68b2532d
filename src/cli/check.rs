//! `seiche check`: every finding of every stage that a library passes through before it sounds.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::{Fault, input};
use crate::language::{Diagnostic, Library, render, to_json};
use crate::nodes;

/// Finds every mistake in the text of libraries. Exit code 0: no errors (there may be warnings), 1: errors, 2: a path that cannot
/// be read.
#[derive(Args)]
pub(super) struct Check {
    /// Files, or folders whose .yaml and .yml files make one library.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// How findings are written.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// With source line and hint, for people.
    Text,
    /// One JSON array, for programs.
    Json,
}

impl Check {
    pub fn run(self) -> Result<ExitCode, Fault> {
        let mut errors = 0;
        let mut warnings = 0;
        let mut sounds = 0;
        let mut objects = vec![];
        let mut text = String::new();
        let colour = std::io::stdout().is_terminal();
        for files in input::libraries(&self.paths)? {
            let specs: Vec<_> = nodes::ALL.iter().map(|def| &def.spec).collect();
            let library = Library::read(files, &specs);
            let found = findings(&library);
            let wrong = found.iter().filter(|d| d.is_error()).count();
            errors += wrong;
            warnings += found.len() - wrong;
            sounds += library.sounds().count();
            match self.format {
                Format::Text => text.push_str(&render(&found, library.files(), colour)),
                Format::Json => {
                    if let serde_json::Value::Array(mut array) = to_json(&found, library.files()) {
                        objects.append(&mut array);
                    }
                }
            }
        }
        if self.format == Format::Json {
            text = format!("{:#}\n", serde_json::Value::Array(objects));
        } else {
            text.push_str(&format!("{sounds} sounds, {errors} errors, {warnings} warnings\n"));
        }
        // A closed pipe (`seiche check … | head`) is no fault of the library.
        let _ = std::io::stdout().write_all(text.as_bytes());
        Ok(ExitCode::from(u8::from(errors > 0)))
    }
}

/// What the stages find, in the order of the text.
fn findings(library: &Library) -> Vec<Diagnostic> {
    library.check()
}
