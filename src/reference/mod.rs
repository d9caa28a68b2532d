//! The files that are made of the node table: the reference page with a picture of every example, and the JSON schema. Whoever keeps
//! them (a test, `cargo xtask bless`) writes or compares them. Any thread but the audio thread.

mod example;
mod page;
mod picture;
mod words;

use std::path::Path;

use crate::language;
use crate::nodes;
use crate::spec::NodeSpec;

/// A file of the project that is made of the tables.
pub struct Page {
    /// Relative to the project's folder.
    pub path: String,
    pub text: String,
}

/// The node kinds, in the order of the reference.
pub fn specs() -> Vec<&'static NodeSpec> {
    nodes::ALL.iter().map(|d| &d.spec).collect()
}

/// The JSON schema of libraries as text.
pub fn schema() -> String {
    format!("{:#}\n", language::schema(&specs()))
}

/// All files. Samples that the examples play are written into `folder`.
///
/// # Errors
/// Every example that has a finding or is not heard, in a sentence each.
pub fn pages(folder: &Path) -> Result<Vec<Page>, String> {
    let specs = specs();
    let mut pages = vec![
        Page { path: "docs/reference.md".into(), text: page::page(&specs) },
        Page { path: "schema/seiche.schema.json".into(), text: schema() },
    ];
    let mut faults = vec![];
    for spec in &specs {
        match example::play(spec, &specs, folder) {
            Ok(played) => pages.push(Page {
                path: format!("docs/reference/{}.svg", spec.name),
                text: picture::waveform(spec.name, &played.channels, played.seconds),
            }),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(pages) } else { Err(faults.join("\n")) }
}
