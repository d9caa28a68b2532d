//! Collects a library: its texts with all files that they name, so that it opens elsewhere, as a folder or as a bundle. What lies outside
//! of the library's folder comes into it, and the texts are changed where they name it. Loader thread or command line.

mod rewrite;
#[cfg(test)]
mod tests;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::samples::{Excuse, Found, Origin, Store, Wanted, leaves, plain};
use super::{Digest, bundle};
use crate::language::model::{Call, Node, Param, Span, Target, Value};
use crate::language::{Content, Diagnostic, Library};
use rewrite::{Edits, quoted};

pub use write::{Report, write};

/// What is to be written, by names within the new library.
#[derive(Debug, Default)]
pub struct Collection {
    pub texts: BTreeMap<String, String>,
    pub files: BTreeMap<String, (Origin, Digest)>,
    pub folders: BTreeSet<String>,
    /// Of the samples.
    pub bytes: u64,
    /// What is worth saying.
    pub notes: Vec<Diagnostic>,
}

/// A file, or a folder of files, that a sound names.
struct Named {
    /// Of the value in the text.
    span: Span,
    /// The file that the node stands in: names are relative to it.
    file: u32,
    name: String,
    folder: bool,
}

/// Gathers a library that was read from `contents`. `store` finds the samples, also those of a project.
///
/// # Errors
/// What is missing or cannot be read, each at its place; or why the texts cannot be changed.
pub fn collect(
    library: &Library,
    contents: &[(PathBuf, Content)],
    store: &mut Store,
) -> Result<Collection, Vec<Diagnostic>> {
    let folder = contents.first().and_then(|(path, _)| path.parent()).unwrap_or(Path::new(""));
    let mut gathered = Gather {
        library,
        folder,
        store,
        made: Collection::default(),
        edits: Edits::default(),
        roots: vec![],
        errors: vec![],
    };
    gathered.tunings(contents);
    gathered.roots();
    let (named, broken) = named_by(library);
    gathered.made.notes.extend(broken);
    let dests: Vec<Vec<(String, Digest)>> = named.iter().map(|named| gathered.place(named)).collect();
    gathered.texts();
    let Gather { made, errors, .. } = gathered;
    if !errors.is_empty() {
        return Err(errors);
    }
    verify(library, &named, &dests, &made).map(|()| made)
}

struct Gather<'a> {
    library: &'a Library,
    /// The library's.
    folder: &'a Path,
    store: &'a mut Store,
    made: Collection,
    edits: Edits,
    /// Roots that lie outside, and the folders that take their place.
    roots: Vec<(String, String)>,
    errors: Vec<Diagnostic>,
}

impl Gather<'_> {
    /// Files that are no sounds.
    fn tunings(&mut self, contents: &[(PathBuf, Content)]) {
        let tunings = contents.iter().filter(|(path, _)| !super::is_text(path));
        for (path, content) in tunings {
            let name = plain(path.strip_prefix(self.folder).unwrap_or(path));
            let bytes = content.bytes().to_vec();
            self.made.files.insert(name, (Origin::Bytes(bytes.clone()), Digest::of(&bytes)));
        }
    }

    /// Every root outside of the library becomes a folder within.
    fn roots(&mut self) {
        for number in 0..self.library.files().len() as u32 {
            for (root, span) in self.library.roots(number) {
                let known = plain(root);
                if !leaves(&known) {
                    self.made.folders.extend((!known.is_empty()).then_some(known));
                    continue;
                }
                let inner = match self.roots.iter().find(|(root, _)| *root == known) {
                    Some((_, inner)) => inner.clone(),
                    None => {
                        let name =
                            known.rsplit('/').find(|part| !matches!(*part, "" | "..")).unwrap_or("samples");
                        let inner =
                            self.free(name, |made, name| made.folders.contains(name) || taken(made, name));
                        self.made.folders.insert(inner.clone());
                        self.roots.push((known, inner.clone()));
                        inner
                    }
                };
                self.edits.replace(span, quoted(&inner));
            }
        }
        // The longest root says best where something lies.
        self.roots.sort_by_key(|(root, _)| std::cmp::Reverse(root.len()));
    }

    /// A name that is not taken yet: with a number where it must be.
    fn free(&self, name: &str, taken: impl Fn(&Collection, &str) -> bool) -> String {
        let (stem, extension) = match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() && !extension.contains('/') => {
                (stem, format!(".{extension}"))
            }
            _ => (name, String::new()),
        };
        let numbered = (2..).map(|n| format!("{stem}-{n}{extension}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        names.find(|name| !taken(&self.made, name)).unwrap_or_default()
    }

    /// Finds what is named, and a place for it. Returns the places with what lies there.
    fn place(&mut self, named: &Named) -> Vec<(String, Digest)> {
        let roots: Vec<PathBuf> =
            self.library.roots(named.file).map(|(root, _)| root.to_path_buf()).collect();
        let folder = self.library.files().get(named.file as usize).and_then(|file| file.path.parent());
        let folder = folder.unwrap_or(Path::new(""));
        let names = if named.folder {
            match self.store.names(&Wanted::new(folder, &named.name, &roots)) {
                Ok(names) => names.into_iter().map(|name| format!("{}/{name}", named.name)).collect(),
                Err(error) => return self.fails(error.diagnostic(named.span)),
            }
        } else {
            vec![named.name.clone()]
        };
        let mut dests = vec![];
        for name in names {
            match self.store.fetch(&Wanted::new(folder, &name, &roots)) {
                Ok(found) => dests.push(self.put(&name, found)),
                Err(error) => return self.fails(error.diagnostic(named.span)),
            }
        }
        self.made.notes.extend(self.store.take_notes().into_iter().map(|note| note.diagnostic(named.span)));
        // A name that leads outside, or to a place that another file has, is changed.
        let outer = |dest: &str| dest.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        if let Some((dest, _)) = dests.first() {
            let dest = if named.folder { outer(dest) } else { dest.clone() };
            let written = plain(Path::new(&named.name));
            let same = |root: &Path| {
                let root = plain(root);
                let inner = self
                    .roots
                    .iter()
                    .find(|(known, _)| *known == root)
                    .map_or(root, |(_, inner)| inner.clone());
                plain(&Path::new(&inner).join(&written)) == dest
            };
            if leaves(&written)
                || !std::iter::once(Path::new("")).chain(roots.iter().map(PathBuf::as_path)).any(same)
            {
                self.edits.replace(named.span, quoted(&dest));
            }
        }
        dests
    }

    fn fails(&mut self, error: Diagnostic) -> Vec<(String, Digest)> {
        self.made.notes.extend(self.store.take_notes().into_iter().filter_map(|note| {
            let note = note.diagnostic(error.span?);
            (note.message != error.message).then_some(note)
        }));
        self.errors.push(error);
        vec![]
    }

    /// Puts a file where the text's name leads in the new library, or as near to it as possible.
    fn put(&mut self, name: &str, found: Found) -> (String, Digest) {
        let Found { key, origin, hash, bytes } = found;
        let within = |root: &str| {
            let rest = key.strip_prefix(root)?;
            if root.ends_with('/') { Some(rest) } else { rest.strip_prefix('/') }
        };
        let by_root = self.roots.iter().find_map(|(root, inner)| Some(format!("{inner}/{}", within(root)?)));
        let written = plain(Path::new(name));
        let last = name.rsplit('/').next().unwrap_or(name);
        let wish = match by_root {
            _ if !leaves(&key) => key,
            Some(dest) if !leaves(&dest) => dest,
            _ if !leaves(&written) => written,
            _ => format!("samples/{last}"),
        };
        let other = |made: &Collection, name: &str| {
            made.files.get(name).is_some_and(|(_, known)| *known != hash) || made.folders.contains(name)
        };
        let dest = self.free(&wish, other);
        if self.made.files.insert(dest.clone(), (origin, hash)).is_none() {
            self.made.bytes += bytes;
        }
        (dest, hash)
    }

    /// The texts with their changes.
    fn texts(&mut self) {
        for (number, file) in self.library.files().iter().enumerate() {
            if super::is_text(&file.path) {
                let name = plain(Path::new(file.path.file_name().unwrap_or_default()));
                self.made.texts.insert(name, self.edits.apply(number as u32, &file.text));
            }
        }
    }
}

fn taken(made: &Collection, folder: &str) -> bool {
    made.files
        .keys()
        .any(|name| name == folder || name.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/')))
}

/// Reads the new texts as they will be read, and looks whether all names lead where they should.
fn verify(
    library: &Library,
    named: &[Named],
    dests: &[Vec<(String, Digest)>],
    made: &Collection,
) -> Result<(), Vec<Diagnostic>> {
    let new = library.files().iter().map(|file| {
        let name = plain(Path::new(file.path.file_name().unwrap_or_default()));
        let text = made.texts.get(&name).filter(|_| super::is_text(&file.path));
        text.map_or_else(|| file.text.clone().into(), |text| text.as_str().into())
    });
    let again = library.with_texts(new.collect());
    let found = named_by(&again).0;
    let reaches = |name: &Named, dest: &str, hash: &Digest| {
        let roots: Vec<PathBuf> = again.roots(name.file).map(|(root, _)| root.to_path_buf()).collect();
        let last = dest.rsplit('/').next().unwrap_or_default();
        let file = if name.folder { format!("{}/{last}", name.name) } else { name.name.clone() };
        let first = Wanted::new(Path::new(""), &file, &roots).keys().find(|key| made.files.contains_key(key));
        first.is_some_and(|key| key == dest && made.files[&key].1 == *hash)
    };
    let wrong = named.iter().zip(dests).enumerate().filter(|(number, (_, dests))| {
        let new = found.get(*number).filter(|_| found.len() == named.len());
        !new.is_some_and(|new| dests.iter().all(|(dest, hash)| reaches(new, dest, hash)))
    });
    let errors: Vec<_> = wrong
        .map(|(_, (named, _))| {
            let message =
                format!("`{}` lies outside of the library, and its name here cannot be changed", named.name);
            Diagnostic::error("not-collected", named.span, message)
                .hint("write the name out where the file is used")
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// All files that sounds name, each place in the text once, and the sounds of which that is not known.
fn named_by(library: &Library) -> (Vec<Named>, Vec<Diagnostic>) {
    let (_, parts) = library.check_with_parts();
    let (mut all, mut notes) = (vec![], vec![]);
    for (sound, span) in library.sounds() {
        match library.instantiate(sound, &[]) {
            Ok(node) => walk(&node, &mut all),
            // What others use is found there.
            Err(_) if parts.contains(sound) => {}
            Err(_) => {
                let message = format!("`{sound}` has errors: what only it plays is not collected");
                notes.push(Diagnostic::warning("not-collected", span, message));
            }
        }
    }
    all.extend(library.frozen().iter().map(|frozen| Named {
        span: frozen.span,
        file: frozen.key_span.file,
        name: frozen.file.clone(),
        folder: false,
    }));
    let mut seen = BTreeSet::new();
    all.retain(|named: &Named| seen.insert((named.span.file, named.span.start, named.file)));
    (all, notes)
}

fn walk(node: &Node, all: &mut Vec<Named>) {
    let file = node.spec.param("file").map(|(index, _)| index);
    let chopped = node.spec.param("chop").is_some_and(|(index, _)| {
        node.params.iter().any(|param| param.declared == Some(index) && !matches!(param.value, Value::Null))
    });
    for param in &node.params {
        match &param.value {
            Value::Text(name) if file.is_some() && param.declared == file => all.push(Named {
                span: param.span,
                file: node.span.file,
                name: name.clone(),
                folder: chopped,
            }),
            value => walk_value(value, all),
        }
    }
}

fn walk_value(value: &Value, all: &mut Vec<Named>) {
    match value {
        Value::Node(node) => walk(node, all),
        Value::List(values) => values.iter().for_each(|(value, _)| walk_value(value, all)),
        Value::Map(params) => params.iter().for_each(|Param { value, .. }| walk_value(value, all)),
        Value::Steps(steps) => steps.iter().flatten().for_each(|Call { target, .. }| match target {
            Target::Inline(node) => walk(node, all),
            // A sound of its own.
            Target::Sound(_) => {}
        }),
        _ => {}
    }
}

/// Notes what is missing, so that [`Store::relink`] knows it.
pub fn look_for_missing(library: &Library, contents: &[(PathBuf, Content)], store: &mut Store) {
    store.begin(Excuse::Everything);
    // What is wrong besides is said when it is collected.
    let _ = collect(library, contents, store);
    store.take_notes();
}

/// Whether a path is that of a bundle, there already or not.
pub fn is_bundle(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case(bundle::EXTENSION))
}
