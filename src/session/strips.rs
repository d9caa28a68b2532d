//! What the text of a mixer says of a strip and the host has no control for, changed from the window: an edit of the text like any other, which
//! sounds, is saved with the project and can be undone. Loader thread.

use std::path::Path;

use crate::language::model::{Node, Param, Value};
use crate::language::{Diagnostic, Library, with_key, word};

/// What is to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum StripEdit {
    /// A factor, from 0 up.
    Width(f64),
    /// `main`, the number of an output from 1, or the name of a bus.
    Out(String),
}

impl StripEdit {
    /// Key and value in the text.
    fn words(&self) -> (&'static str, String) {
        match self {
            StripEdit::Width(width) => ("width", ((width * 1000.0).round() / 1000.0).to_string()),
            StripEdit::Out(out) if out.parse::<u8>().is_ok() => ("out", out.clone()),
            StripEdit::Out(out) => ("out", word(out)),
        }
    }
}

/// The file of a library that says it then, and its text.
///
/// # Errors
/// Where the sound has no such strip, or the text is not one that the program can change.
pub fn edited<'l>(
    library: &'l Library,
    sound: &str,
    strip: &str,
    edit: &StripEdit,
) -> Result<(&'l Path, String), Box<Diagnostic>> {
    let (key, value) = edit.words();
    let first = |faults: Vec<Diagnostic>| faults.into_iter().next().map(Box::new);
    let missing = || Diagnostic::general("edit", format!("`{sound}` has no mixer with a strip `{strip}`"));
    let node = library
        .instantiate(sound, &[])
        .map_err(|faults| first(faults).unwrap_or_else(|| missing().into()))?;
    let part = find(&node, strip).ok_or_else(missing)?;
    let (number, text) = with_key(library, part, key, &value)?;
    Ok((&library.files()[number as usize].path, text))
}

/// The track or bus of this name in the mixer of a sound, which stands outermost but for tempo and context.
fn find<'n>(node: &'n Node, strip: &str) -> Option<&'n Param> {
    node.params.iter().find_map(|param| match &param.value {
        Value::Node(node) => find(node, strip),
        Value::Map(parts) if node.spec.name == "mixer" => parts.iter().find(|part| part.name == strip),
        _ => None,
    })
}
