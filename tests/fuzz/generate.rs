//! Inputs from seeds: shipped libraries and test cases with damaged bytes, with words exchanged, spliced into each other, and
//! libraries invented from the table of nodes.

use std::path::Path;

use crate::guard::NEXT_FILE;

mod invent;

use invent::Inventor;

/// A small generator: xorshift, seeded through a multiplication so that neighbours differ.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        let mut random = Random(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        for _ in 0..4 {
            random.next();
        }
        random
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// 0 to `n` - 1; 0 if there is nothing to choose from.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() >> 11) as usize % n.max(1)
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// What breaks things, put anywhere.
const SHARDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "((((((((",
    "'",
    "\"",
    ":",
    ": ",
    ",",
    "- ",
    "? ",
    "| \n",
    "> \n",
    "&a ",
    "*a",
    "<<: *a",
    "!tag ",
    "!!str ",
    "%",
    "%YAML 1.2\n",
    "---\n",
    "...\n",
    "\t",
    "\r",
    "\n",
    "\u{0}",
    "\u{feff}",
    "é",
    "💥",
    "\u{202e}",
    "# ",
    "$",
    "$a",
    "~",
    "null",
    ".inf",
    "-.inf",
    ".nan",
    "1e308",
    "-1e308",
    "1e-308",
    "9e999",
    "0",
    "-0.0",
    "-1",
    "4294967296",
    "1_0",
    "0x7fffffff",
    "010",
    "1:30",
    "1/0",
    "1/8t",
    "80 Hz",
    "-3 dB",
    "2 bars",
    "L20",
    "inf",
    "rand()",
    "t",
    "** ",
    "// 0",
    "% 0",
    " if 1 else 0",
    "seiche: 1\n",
    "id: a",
    "duration: 0",
    "[1, 0]",
    "[[1, 0], [0, 1]]",
    "{osc: {}}",
    "{a: {}}",
    "\\x41",
    "\\",
    "\u{80}",
];

pub struct Generator {
    /// Whole files and cases.
    texts: Vec<Vec<u8>>,
    /// Words of all texts, once each.
    words: Vec<Vec<u8>>,
}

impl Generator {
    pub fn new(project: &Path) -> Generator {
        let mut texts = vec![];
        for folder in ["presets", "tests/language"] {
            let mut paths: Vec<_> = std::fs::read_dir(project.join(folder))
                .map(|entries| entries.filter_map(|e| Some(e.ok()?.path())).collect())
                .unwrap_or_default();
            paths.sort();
            for path in paths {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                match path.extension().and_then(|e| e.to_str()) {
                    Some("yaml") => texts.push(text.into_bytes()),
                    Some("txt") => texts.extend(text.split("\n=== ").filter_map(case)),
                    _ => {}
                }
            }
        }
        texts.extend(seiche::nodes::ALL.iter().map(|def| def.spec.example.as_bytes().to_vec()));
        let mut words: Vec<Vec<u8>> = texts.iter().flat_map(|t| tokens(t)).map(<[u8]>::to_vec).collect();
        words.sort();
        words.dedup();
        Generator { texts, words }
    }

    /// The input of this seed.
    pub fn input(&self, seed: u64) -> Vec<u8> {
        let random = &mut Random::new(seed);
        let mut bytes = match random.below(8) {
            0..=2 => Inventor::new(random).library().into_bytes(),
            3 => {
                let mut all = random.pick(&self.texts).clone();
                all.extend(NEXT_FILE.as_bytes());
                all.extend(random.pick(&self.texts));
                all
            }
            _ => random.pick(&self.texts).clone(),
        };
        // Some invented libraries stay whole, so that the compiler and the kernels see something.
        if random.one_in(3) {
            return bytes;
        }
        for _ in 0..=random.below(6) {
            match random.below(6) {
                0 => self.damage(&mut bytes, random),
                1 => self.splice(&mut bytes, random),
                2 => self.repeat(&mut bytes, random),
                _ => self.exchange(&mut bytes, random),
            }
        }
        bytes
    }

    /// Changes, removes or inserts bytes.
    fn damage(&self, bytes: &mut Vec<u8>, random: &mut Random) {
        let at = random.below(bytes.len());
        let shard = random.pick(SHARDS).as_bytes();
        match random.below(4) {
            0 if !bytes.is_empty() => bytes[at] = random.below(256) as u8,
            1 => drop(bytes.drain(at..(at + 1 + random.below(20)).min(bytes.len()))),
            2 => bytes.truncate(at),
            _ => drop(bytes.splice(at..at, shard.iter().copied())),
        }
    }

    /// Puts a piece of another text in.
    fn splice(&self, bytes: &mut Vec<u8>, random: &mut Random) {
        let other = random.pick(&self.texts);
        let from = random.below(other.len());
        let to = (from + 1 + random.below(300)).min(other.len());
        let at = random.below(bytes.len());
        bytes.splice(at..at, other[from..to].iter().copied());
    }

    /// Repeats a piece many times.
    fn repeat(&self, bytes: &mut Vec<u8>, random: &mut Random) {
        let from = random.below(bytes.len());
        let to = (from + 1 + random.below(40)).min(bytes.len());
        let most = *random.pick(&[3, 10, 100, 5_000]);
        let piece = bytes[from..to].repeat(1 + random.below(most));
        bytes.splice(to..to, piece);
    }

    /// Exchanges a word, number or sign for another one.
    fn exchange(&self, bytes: &mut Vec<u8>, random: &mut Random) {
        let places: Vec<(usize, usize)> = {
            let base = bytes.as_ptr() as usize;
            tokens(bytes).map(|t| (t.as_ptr() as usize - base, t.len())).collect()
        };
        if places.is_empty() {
            return;
        }
        let (at, length) = *random.pick(&places);
        let new = match random.below(4) {
            0 => random.pick(SHARDS).as_bytes().to_vec(),
            1 => format!("{}", Inventor::new(random).number(None)).into_bytes(),
            _ => random.pick(&self.words).clone(),
        };
        bytes.splice(at..at + length, new);
    }
}

/// The YAML of a case: what stands before `>>>`, without its title.
fn case(text: &str) -> Option<Vec<u8>> {
    let (_, body) = text.split_once('\n')?;
    let (yaml, _) = body.split_once(">>>")?;
    Some(yaml.as_bytes().to_vec())
}

/// Words and numbers.
fn tokens(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let word = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$' | b'#');
    bytes.chunk_by(move |a, b| word(a) == word(b)).filter(move |t| word(&t[0]))
}
