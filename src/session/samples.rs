//! The samples of the sound as the window is told of them: what the project has of them, and what is missing. Made by the loader, never
//! changed.

use crate::library::samples::Kept;

/// How it stands with the samples of what sounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Samples {
    /// How many the sound plays.
    pub count: usize,
    /// How many of them are saved with the project, and the bytes of these files, equal ones once.
    pub saved: usize,
    pub saved_bytes: u64,
    /// How many megabytes may be.
    pub embed: u32,
    /// The paths of those that are missing.
    pub missing: Vec<String>,
}

impl Samples {
    pub fn of(kept: &Kept, embed: u64) -> Samples {
        let known = |path: &&String| !kept.references.iter().any(|reference| reference.path == **path);
        Samples {
            count: kept.references.len() + kept.missing.iter().filter(known).count(),
            saved: kept.references.iter().filter(|r| kept.copies.contains_key(&r.hash)).count(),
            saved_bytes: kept.bytes(),
            embed: (embed >> 20) as u32,
            missing: kept.missing.clone(),
        }
    }

    /// `6 samples, 12.0 MB, in the project`; `None` where there are none.
    pub fn line(&self) -> Option<String> {
        let many = |n: usize| if n == 1 { "1 sample".into() } else { format!("{n} samples") };
        let size = self.saved_bytes as f64 / f64::from(1 << 20);
        match (self.count, self.saved) {
            (0, 0) => None,
            (_, 0) => Some(format!("{}, none in the project", many(self.count))),
            (count, saved) if count > saved => {
                Some(format!("{saved} of {}, {size:.1} MB, in the project", many(count)))
            }
            (_, saved) => Some(format!("{}, {size:.1} MB, in the project", many(saved))),
        }
    }
}
