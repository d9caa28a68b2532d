//! The trainer: makes the weights of the drum trigger from corpora, and measures it beside its peers. A program of its own that nothing
//! of Seiche needs; `cargo xtask train-trigger` and `cargo xtask measure-trigger` start it.

mod corpus;
mod examples;
mod measure;
mod train;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use corpus::Fault;
use seiche::dsp::drum::model::Trained;

const USAGE: &str = "\
Usage: trainer train FOLDER TABLE      trains on the corpora train-* and more-* of FOLDER, writes TABLE
       trainer measure FOLDER TOOLS    measures on a corpus, or on each in FOLDER; TOOLS holds evaluate.py";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["train", folder, table] => train(Path::new(folder), Path::new(table)),
        ["measure", folder, tools] => measure::run(Path::new(folder), Path::new(tools)),
        _ => Err(USAGE.into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("trainer: {fault}");
            ExitCode::FAILURE
        }
    }
}

/// The corpora below a folder whose names begin with one of `names`, in alphabetical order.
fn corpora(folder: &Path, names: &[&str]) -> Result<Vec<PathBuf>, Fault> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if names.iter().any(|n| name.starts_with(n)) && path.join("manifest.json").is_file() {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() {
        return Err(format!("{}: there are no corpora in it", folder.display()).into());
    }
    Ok(found)
}

fn train(folder: &Path, table: &Path) -> Result<(), Fault> {
    let folders = corpora(folder, &["train-", "more-"])?;
    let mut files = Vec::new();
    for (number, folder) in folders.iter().enumerate() {
        files.extend(corpus::read(folder, 1 + number as u64)?);
    }
    let presets = examples::presets(&files);
    let (early, late) = std::thread::scope(|scope| {
        let early = scope.spawn(|| examples::fit(&files, examples::Kind::Early, &presets));
        let late = examples::fit(&files, examples::Kind::Late, &presets);
        (early.join(), late)
    });
    let early = early.map_err(|_| "the early model could not be trained")?;
    let names: Vec<_> = folders.iter().filter_map(|f| f.file_name()?.to_str()).collect();
    let head = format!(
        "# Weights of the drum trigger. Made by `cargo xtask train-trigger` from the corpora {} of\n\
         # xtask/python/trigger_corpora.py ({} recordings), {} steps of {} examples. Not to be edited.\n",
        names.join(", "),
        files.len(),
        examples::STEPS,
        examples::BATCH,
    );
    std::fs::write(table, head + &Trained { early, late, presets }.write())?;
    println!("wrote {}", table.display());
    Ok(())
}
