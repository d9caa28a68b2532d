//! What commands that need a library without mistakes begin and end with. Main thread.

use std::path::Path;
use std::process::ExitCode;

use crate::language::{Diagnostic, Library, render as show};
use crate::library;
use crate::nodes;

/// The library of a file or a folder.
///
/// # Errors
/// That it cannot be read, or all that is wrong with it.
pub fn library(path: &Path) -> Result<Library, String> {
    let files = library::read(path).map_err(|fault| fault.message)?;
    let specs: Vec<_> = nodes::ALL.iter().map(|def| &def.spec).collect();
    let library = Library::read(files, &specs);
    if library.diagnostics().iter().any(Diagnostic::is_error) {
        return Err(show(library.diagnostics(), library.files(), false));
    }
    Ok(library)
}

/// Says what went wrong, if anything did.
pub fn end(outcome: Result<(), String>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("seiche: {}", fault.trim_end());
            ExitCode::FAILURE
        }
    }
}
