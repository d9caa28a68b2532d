//! Notices that the files of a library have been saved, however an editor does that: looks at names, sizes and times a few times a
//! second, and waits until they have stood still for a moment. Loader thread; a look never opens a file.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::is_text;

/// How long files must stand still before they count as saved.
pub const SETTLE: Duration = Duration::from_millis(100);
/// A look that took long is not repeated before so many times as long: large or slow folders cost at most a few per cent of a core.
const REST: u32 = 20;
/// The shortest time between two looks.
const LOOK: Duration = Duration::from_millis(40);

/// The files under watch.
#[derive(Default)]
pub struct Watch {
    path: PathBuf,
    /// Files that the texts name: samples, tunings.
    more: Vec<PathBuf>,
    /// Of the texts, and of what they name.
    seen: [u64; 2],
    /// What is new, and since when it stands still.
    moving: Option<([u64; 2], Instant)>,
    next: Option<Instant>,
}

impl Watch {
    /// From now on watches the library at `path` (a file or a folder; an empty path: nothing). Files as they are now count as seen:
    /// to be called before they are read, so that no save falls in between.
    pub fn follow(&mut self, path: &Path) {
        self.path = path.to_owned();
        (self.seen, self.moving) = (self.print(), None);
    }

    /// Watches these files, too: what the texts name.
    pub fn also(&mut self, mut more: Vec<PathBuf>) {
        more.sort();
        if self.more != more {
            self.more = more;
            self.seen[1] = self.print()[1];
        }
    }

    /// Whether the files have changed since they were last seen and stand still again. `now` is passed in so that tests need not wait.
    pub fn look(&mut self, now: Instant) -> bool {
        if self.path.as_os_str().is_empty() || self.next.is_some_and(|next| now < next) {
            return false;
        }
        let began = Instant::now();
        let print = self.print();
        self.next = Some(now + LOOK.max(began.elapsed() * REST));
        if print == self.seen {
            self.moving = None;
            return false;
        }
        match self.moving {
            Some((moving, since)) if moving == print => {
                let still = now.duration_since(since) >= SETTLE;
                if still {
                    (self.seen, self.moving) = (print, None);
                }
                still
            }
            _ => {
                self.moving = Some((print, now));
                false
            }
        }
    }

    /// Names, sizes and times of all that is watched: a number for the texts, and one for what they name.
    fn print(&self) -> [u64; 2] {
        let folder = fs::read_dir(&self.path);
        let mut files: Vec<PathBuf> = match folder {
            Ok(entries) => entries.flatten().map(|e| e.path()).filter(|path| is_text(path)).collect(),
            Err(_) => vec![self.path.clone()],
        };
        files.sort();
        [stamp(&files), stamp(&self.more)]
    }
}

fn stamp(files: &[PathBuf]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for file in files {
        file.hash(&mut hasher);
        // What cannot be seen is told apart by why.
        match fs::metadata(file) {
            Ok(meta) => (meta.len(), meta.modified().ok(), meta.is_file(), identity(&meta)).hash(&mut hasher),
            Err(why) => why.kind().hash(&mut hasher),
        }
    }
    hasher.finish()
}

/// Another file under the same name is another file, even of the same size and time.
#[cfg(unix)]
fn identity(meta: &fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

#[cfg(not(unix))]
fn identity(_: &fs::Metadata) -> u64 {
    0
}

#[cfg(test)]
mod tests {
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
}
