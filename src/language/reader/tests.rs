//! Reading again gives the very library that a first reading gives, whatever was edited.

use super::*;
use crate::language::render;

/// Parts that texts are made of: sounds, settings, and mistakes in each of them.
const PARTS: &[&str] = &[
    "seiche: 1\n",
    "seiche: 2\n",
    "a: {osc: {freq: 1}}\n",
    "b:\n  osc:\n    freq: &f 2\n",
    "c: {osc: {freq: *f}}\n",
    "a: {b: {}}\n",
    "vars: {x: 1, y: [1, 2], z: {osc: {}}}\n",
    "about: {name: N, nonsense: 1}\n",
    "roots: [samples, {a: 1}]\n",
    "tuning: {scale: x.scl}\n",
    "feedback: 3\n",
    "d: [1, 2\n",
    "e: {osc: {freq: \"\n",
    "\tf: 1\n",
    "ü: {osc: {freq: 3}} # é\n",
    "",
];

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }

    fn content(&mut self) -> Content {
        let mut bytes: Vec<u8> = if self.below(8) == 0 { "\u{FEFF}".into() } else { vec![] };
        for _ in 0..self.below(5) {
            bytes.extend(PARTS[self.below(PARTS.len())].bytes());
        }
        if self.below(10) == 0 {
            bytes.push(0xFF);
        }
        bytes.into()
    }
}

/// All that a library holds, in a fixed order.
fn all(library: &Library) -> String {
    let mut index: Vec<_> = library.index.iter().collect();
    index.sort();
    let texts: Vec<_> = library.files.iter().map(|file| (&file.path, &file.text)).collect();
    let mut late: Vec<_> = library.late.iter().collect();
    late.sort();
    format!(
        "{texts:?} {:?} {:?} {index:?} {:?} {:?} {late:?} {:?} {:?} {:?} {}",
        library.versions,
        library.sounds,
        library.vars,
        library.abouts,
        library.roots,
        library.wanted,
        library.tuning,
        render(&library.check(), library.files(), false),
    )
}

#[test]
fn reader_gives_what_a_first_reading_gives() {
    let mut random = Random(7);
    let mut reader = Reader::default();
    let mut files: Vec<(PathBuf, Content)> = vec![];
    for edit in 0..400 {
        match random.below(4) {
            0 if files.len() < 6 => {
                let name = ["a.yaml", "b.yaml", "waves.yaml", "x.scl", "c.yaml"][random.below(5)];
                if files.iter().all(|(path, _)| path.as_path() != Path::new(name)) {
                    files.push((name.into(), random.content()));
                    files.sort_by(|(a, _), (b, _)| a.cmp(b));
                }
            }
            1 if files.len() > 3 => drop(files.remove(random.below(files.len()))),
            _ if !files.is_empty() => {
                let place = random.below(files.len());
                files[place].1 = random.content();
            }
            _ => {}
        }
        let again = reader.read(files.clone(), &[]);
        let first = Library::read(files.clone(), &[]);
        assert!(all(&again) == all(&first), "edit {edit}: {files:?}");
        assert!(again.diagnostics() == first.diagnostics(), "edit {edit}: {files:?}");
    }
}

#[test]
fn reader_parses_only_what_changed() {
    let mut reader = Reader::default();
    let mut files: Vec<(PathBuf, Content)> =
        (0..9).map(|n| (PathBuf::from(format!("{n}.yaml")), Content::from("a: {osc: {}}\n"))).collect();
    reader.read(files.clone(), &[]);
    assert_eq!(reader.parsed(), 9);
    files[4].1 = "b: {osc: {}}\n".into();
    let library = reader.read(files.clone(), &[]);
    assert_eq!(reader.parsed(), 10);
    assert_eq!(library.sounds().map(|(name, _)| name).collect::<Vec<_>>(), ["b", "a"]);
    let shared = |files: &[(PathBuf, Content)]| {
        files.iter().map(|(path, content)| (path.as_path().into(), content.clone())).collect()
    };
    assert!(reader.read_unless(shared(&files), &[], &|| true).is_some(), "there is nothing to give up");
    files[8].1 = "c: {osc: {}}\n".into();
    assert!(reader.read_unless(shared(&files), &[], &|| true).is_none());
}
