//! Notices that the files of a library have been saved, however an editor does that: looks at names, sizes and times a few times a
//! second, and waits until they have stood still for a moment. Loader thread; a look never opens a file.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::listing::{Listing, Stamp};
use super::{Files, Texts};
use crate::language::{Diagnostic, Severity};

/// How long files must stand still before they count as saved.
pub const SETTLE: Duration = Duration::from_millis(100);
/// A look that took long is not repeated before so many times as long: large or slow folders cost 2 % of a core.
const REST: u32 = 50;
/// The same while files are being saved, for as long as that usually takes.
const SHORT_REST: u32 = 4;
/// How long a save may take before it is worth a word.
const PATIENCE: Duration = Duration::from_secs(5);
/// Saves that are noticed later than this are worth a word, too.
const LATE: Duration = Duration::from_secs(1);
/// The most files that are named for the same reason.
pub(super) const MOST_NOTES: usize = 10;
/// The shortest time between two looks.
const LOOK: Duration = Duration::from_millis(40);

/// The files under watch, and what they held when they were last read.
#[derive(Default)]
pub struct Watch {
    /// Files that the texts name: samples, tunings.
    more: Vec<PathBuf>,
    seen: Seen,
    moving: Option<Moving>,
    next: Option<Instant>,
    /// How long a look takes, where that is long.
    slow: Option<Duration>,
    files: Files,
}

/// One look: the texts, and what they name.
#[derive(Clone, PartialEq)]
struct Seen {
    texts: Listing,
    more: Vec<Stamp>,
}

/// Files look different than when they were last seen.
struct Moving {
    seen: Seen,
    began: Instant,
    /// When they last changed.
    since: Instant,
    /// What changed then, once it has gone on for too long.
    unsettled: Vec<PathBuf>,
}

impl Watch {
    /// From now on watches the library at `path` (a file or a folder; an empty path: nothing). Files as they are now count as seen.
    pub fn follow(&mut self, path: &Path) {
        (self.seen, self.moving) = (Seen::of(path, &self.more), None);
    }

    /// Watches these files, too: what the texts name.
    pub fn also(&mut self, mut more: Vec<PathBuf>) {
        more.sort();
        if self.more != more {
            self.more = more;
            self.seen.more = stamps(&self.more);
        }
    }

    /// Whether the files have changed since they were last seen and stand still again. `now` is passed in so that tests need not wait.
    pub fn look(&mut self, now: Instant) -> bool {
        if self.seen.texts.path.as_os_str().is_empty() || self.next.is_some_and(|next| now < next) {
            return false;
        }
        let began = Instant::now();
        let seen = Seen::of(&self.seen.texts.path, &self.more);
        let saved = self.compare(seen, now);
        self.rest(now, began.elapsed());
        saved
    }

    fn compare(&mut self, seen: Seen, now: Instant) -> bool {
        if seen == self.seen {
            self.moving = None;
            return false;
        }
        match self.moving.take() {
            Some(moving) if moving.seen == seen && now.duration_since(moving.since) >= SETTLE => {
                self.seen = seen;
                return true;
            }
            Some(moving) if moving.seen == seen => self.moving = Some(moving),
            Some(Moving { seen: before, began, .. }) => {
                let late = now.duration_since(began) >= PATIENCE;
                let unsettled = if late { self.changed(&before, &seen) } else { vec![] };
                self.moving = Some(Moving { seen, began, since: now, unsettled });
            }
            None => self.moving = Some(Moving { seen, began: now, since: now, unsettled: vec![] }),
        }
        false
    }

    fn changed(&self, before: &Seen, after: &Seen) -> Vec<PathBuf> {
        let more = self.more.iter().zip(before.more.iter().zip(&after.more));
        let more = more.filter(|(_, (before, after))| before != after).map(|(path, _)| path.clone());
        let known: HashSet<_> = before.texts.files.iter().collect();
        let texts =
            after.texts.files.iter().filter(|file| !known.contains(file)).map(|(path, _)| path.clone());
        texts.chain(more).collect()
    }

    /// After a look that took so long.
    fn rest(&mut self, now: Instant, took: Duration) {
        let hurry = self.moving.as_ref().is_some_and(|moving| now.duration_since(moving.began) < PATIENCE);
        self.next = Some(now + LOOK.max(took * if hurry { SHORT_REST } else { REST }));
        // Not with every little change of the time.
        match self.slow {
            Some(slow) if took * 2 > slow && took < slow * 2 => {}
            _ => self.slow = Some(took).filter(|took| *took * REST > LATE),
        }
    }

    /// What is worth a word about the files as they were last looked at, beside what is wrong with their text.
    pub fn notes(&self) -> Vec<Diagnostic> {
        let mut notes = self.seen.texts.left_out();
        if let Some(slow) = self.slow {
            let (took, late) = (slow.as_secs_f64(), (slow * REST).as_secs_f64());
            let message = format!(
                "looking at {} takes {took:.2} s, so saves are noticed up to {late:.0} s late",
                self.seen.texts.path.display()
            );
            let hint = "libraries of fewer files on a local disk are noticed at once";
            notes.push(
                Diagnostic { severity: Severity::Note, ..Diagnostic::general("slow-folder", message) }
                    .hint(hint),
            );
        }
        let unsettled = self.moving.iter().flat_map(|moving| &moving.unsettled);
        notes.extend(unsettled.take(MOST_NOTES).map(|path| {
            let message = format!("{} keeps changing: it is loaded when it stands still", path.display());
            Diagnostic { severity: Severity::Warning, ..Diagnostic::general("unsettled-file", message) }
                .hint("what was loaded before plays on")
        }));
        notes
    }

    /// The texts as they were last seen, with the tuning files that they name; what has been read before and looks the same is not read
    /// again. What is saved in between is noticed by the next look. Gives up when `stop` says so: `None`.
    ///
    /// # Errors
    /// As [`super::read`].
    pub fn read(&mut self, stop: &dyn Fn() -> bool) -> Result<Option<Texts>, Diagnostic> {
        self.files.read(&self.seen.texts, stop)
    }
}

impl Seen {
    fn of(path: &Path, more: &[PathBuf]) -> Seen {
        Seen { texts: Listing::of(path), more: stamps(more) }
    }
}

impl Default for Seen {
    fn default() -> Seen {
        Seen::of(Path::new(""), &[])
    }
}

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    files.iter().map(|file| Stamp::of(file)).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::Scratch;
    use super::*;

    /// Looks every 50 ms for a second of made-up time; after how many milliseconds a change was seen.
    fn seen_after(watch: &mut Watch, start: Instant) -> Option<u64> {
        (0..20).map(|n| n * 50).find(|ms| watch.look(start + Duration::from_millis(*ms)))
    }

    #[test]
    fn watch_sees_every_way_of_saving_once() {
        let scratch = Scratch::new("watch-ways");
        let (file, other) = (scratch.0.join("a.yaml"), scratch.0.join("new.tmp"));
        let write = |path: &Path, text: &str| fs::write(path, text).unwrap();
        write(&file, "one");
        let ways: [(&str, &dyn Fn()); 6] = [
            ("written over", &|| write(&file, "two!")),
            ("renamed over", &|| {
                write(&other, "tri!");
                fs::rename(&other, &file).unwrap();
            }),
            ("deleted and made anew", &|| {
                fs::remove_file(&file).unwrap();
                write(&file, "four");
            }),
            ("another file", &|| write(&scratch.0.join("b.yaml"), "five")),
            ("a file less", &|| fs::remove_file(scratch.0.join("b.yaml")).unwrap()),
            ("the folder gone", &|| fs::remove_dir_all(&scratch.0).unwrap()),
        ];
        let mut watch = Watch::default();
        watch.follow(&scratch.0);
        let mut now = Instant::now();
        assert_eq!(seen_after(&mut watch, now), None);
        for (way, save) in ways {
            save();
            now += Duration::from_secs(10);
            assert!(seen_after(&mut watch, now).is_some_and(|ms| (100..=200).contains(&ms)), "{way}");
            now += Duration::from_secs(10);
            assert_eq!(seen_after(&mut watch, now), None, "{way}: seen twice");
        }
    }

    #[test]
    fn watch_waits_while_a_file_grows() {
        let scratch = Scratch::new("watch-grows");
        let file = scratch.0.join("a.yaml");
        fs::write(&file, "").unwrap();
        let mut watch = Watch::default();
        watch.follow(&file);
        let start = Instant::now();
        for step in 0..10u64 {
            fs::write(&file, "x".repeat(step as usize + 1)).unwrap();
            assert!(!watch.look(start + Duration::from_millis(60 * step)), "step {step}");
        }
        assert!(!watch.look(start + Duration::from_millis(600)));
        assert!(watch.look(start + Duration::from_millis(700)));
    }

    #[test]
    fn watch_sees_the_samples_that_the_texts_name() {
        let scratch = Scratch::new("watch-samples");
        let (file, sample) = (scratch.0.join("a.yaml"), scratch.0.join("kick.wav"));
        fs::write(&file, "text").unwrap();
        fs::write(&sample, "sound").unwrap();
        let mut watch = Watch::default();
        watch.follow(&file);
        watch.also(vec![sample.clone()]);
        fs::write(&sample, "another").unwrap();
        assert!(seen_after(&mut watch, Instant::now()).is_some());
    }

    #[test]
    fn watch_says_which_file_never_stands_still() {
        let scratch = Scratch::new("watch-unsettled");
        let (file, other) = (scratch.0.join("a.yaml"), scratch.0.join("b.yaml"));
        fs::write(&file, "").unwrap();
        fs::write(&other, "").unwrap();
        let mut watch = Watch::default();
        watch.follow(&scratch.0);
        let start = Instant::now();
        for step in 0..120u64 {
            fs::write(&file, "x".repeat(step as usize + 1)).unwrap();
            assert!(!watch.look(start + Duration::from_millis(60 * step)), "step {step}");
            assert_eq!(watch.notes().len(), usize::from(step >= 84), "step {step}");
        }
        let note = &watch.notes()[0];
        assert!(note.message.contains("a.yaml keeps changing") && note.code == "unsettled-file");
        assert!(seen_after(&mut watch, start + Duration::from_secs(60)).is_some());
        assert!(watch.notes().is_empty());
    }

    #[test]
    fn watch_rests_after_slow_looks_and_says_so() {
        let scratch = Scratch::new("watch-slow");
        fs::write(scratch.0.join("a.yaml"), "").unwrap();
        let mut watch = Watch::default();
        watch.follow(&scratch.0);
        let now = Instant::now();
        watch.rest(now, Duration::from_millis(400));
        assert_eq!(watch.next, Some(now + Duration::from_secs(20)), "2 % of a core");
        assert!(watch.notes()[0].message.contains("takes 0.40 s, so saves are noticed up to 20 s late"));
        watch.rest(now, Duration::from_millis(500));
        assert!(watch.notes()[0].message.contains("takes 0.40 s"), "about the same");
        fs::write(scratch.0.join("a.yaml"), "new").unwrap();
        let now = now + Duration::from_secs(30);
        assert!(!watch.look(now));
        watch.rest(now, Duration::from_millis(400));
        assert_eq!(watch.next, Some(now + Duration::from_millis(1600)), "a save is waited for");
        watch.rest(now, Duration::from_millis(1));
        assert!(watch.notes().is_empty());
    }
}
