//! `seiche collect`: a library with all that it names, as a folder or a bundle that opens elsewhere.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::language::{Library, render};
use crate::library::{self, collect, samples::Store};
use crate::nodes;

/// Collects a library with its samples and tunings. What lies outside of its folder comes into it, and the texts are changed where they
/// name it. Exit code 0: written; 1: something is missing, or a file cannot be read or written; 2: a wrong command line.
#[derive(Args)]
#[command(after_help = "\
Examples:
  seiche collect song.yaml --out song.seiche                 one file, which plug-in, render and check open
  seiche collect sounds --out /media/stick/sounds            a folder
  seiche collect song.seiche --out song                      a bundle becomes a folder again
  seiche collect sounds --out sounds.seiche --relink ../recordings --relink kit/kick.wav=kick-2.wav")]
pub(super) struct Collect {
    /// A file, a folder whose .yaml and .yml files make one library, or a bundle.
    library: PathBuf,
    /// A new folder, or a bundle: a file whose name ends in .seiche.
    #[arg(long, short, value_name = "PLACE")]
    out: PathBuf,
    /// Where samples that are missing lie: a folder in which all of them are looked for, or NAME=FILE for one. May be given several times.
    #[arg(long, value_name = "FOLDER | NAME=FILE")]
    relink: Vec<String>,
    /// Replace a bundle that is there already.
    #[arg(long)]
    replace: bool,
}

impl Collect {
    pub fn run(self) -> ExitCode {
        match self.collect() {
            Ok(line) => {
                // A closed pipe is no fault.
                let _ = std::io::stdout().write_all(line.as_bytes());
                ExitCode::SUCCESS
            }
            Err(fault) => {
                eprint!("{fault}");
                ExitCode::FAILURE
            }
        }
    }

    fn collect(&self) -> Result<String, String> {
        let say = |fault: String| format!("seiche: {fault}\n");
        let contents = library::read(&self.library).map_err(|fault| say(fault.message))?;
        let specs: Vec<_> = nodes::ALL.iter().map(|def| &def.spec).collect();
        let library = Library::read(contents.clone(), &specs);
        let colour = std::io::stderr().is_terminal();
        let mut store = Store::default();
        if !self.relink.is_empty() {
            collect::look_for_missing(&library, &contents, &mut store);
        }
        for link in &self.relink {
            let (from, to) = link.split_once('=').filter(|_| !Path::new(link).exists()).unwrap_or(("", link));
            store.relink(from, Path::new(to)).map_err(say)?;
        }
        let made = collect::collect(&library, &contents, &mut store).map_err(|errors| {
            format!("{}seiche: nothing was collected\n", render(&errors, library.files(), colour))
        })?;
        eprint!("{}", render(&made.notes, library.files(), colour));
        let report = collect::write(&made, &self.out, self.replace).map_err(say)?;
        Ok(format!("collected {} into {}\n", report.line(), self.out.display()))
    }
}
