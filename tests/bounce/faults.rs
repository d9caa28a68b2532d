//! Tracks that fail, and the cache.

use seiche::bounce::{Cache, Control, Failure, Policy, Progress};
use seiche::engine::Cause;

use super::{Wish, difference};

/// Eight tracks; `odd` plays something else.
fn eight(odd: usize, what: &str) -> String {
    let mut text = String::from("seiche: 1\nx:\n  mixer:\n    tracks:\n");
    for track in 0..8 {
        let signal = if track == odd {
            what.to_owned()
        } else {
            format!("{{osc: {{type: saw, freq: {}, amp: 0.1}}}}", 50 + 30 * track)
        };
        text += &format!("      t{track}: {{signal: {signal}, sends: {{room: -6 dB}}}}\n");
    }
    text + "    buses:\n      room: {signal: {reverb: {decay: 0.4}}}\n"
}

/// Becomes infinite after a while.
const ODD: &str = "{expression: {exp: 's * (t < 0.1) / (s * (t < 0.1))', s: {osc: {type: sqr, freq: 3}}}}";

#[test]
fn faults_stay_in_their_track() {
    for odd in [0, 3, 7] {
        let text = eight(odd, ODD);
        let mut wish = Wish::new(&text, 9_600);
        let stopped = wish.bounce().err();
        let Some(Failure::Part { part, fault, .. }) = &stopped else { panic!("{stopped:?}") };
        assert_eq!((part.as_str(), fault.cause), (format!("t{odd}").as_str(), Cause::NotFinite));
        assert!((4_700..4_900).contains(&fault.at), "{fault:?}");

        // Silent from there on: the others do not notice.
        wish.export.policy = Policy::Silence;
        let silenced = wish.bounce().expect("bounced");
        let muted = eight(odd, "{osc: {amp: 0}}");
        let mut without = Wish::new(&muted, 9_600);
        let clean = without.bounce().expect("bounced");
        for track in (0..8).filter(|track| *track != odd) {
            let (a, b) = (&silenced.audio[1 + track], &clean.audio[1 + track]);
            assert_eq!(difference(std::slice::from_ref(a), std::slice::from_ref(b)), None, "track {track}");
        }
        let [fault] = silenced.report.faults.as_slice() else { panic!("{:?}", silenced.report.faults) };
        assert_eq!(
            (fault.part.as_str(), fault.cause, fault.done),
            (format!("t{odd}").as_str(), "not finite", "silenced")
        );
        assert!((fault.at - 0.1).abs() < 0.002);
        assert!(silenced.audio.iter().flatten().flatten().all(|x| x.is_finite()));

        // Left out: as if it were not there, from the beginning.
        wish.export.policy = Policy::Skip;
        let skipped = wish.bounce().expect("bounced");
        without.export.policy = Policy::Skip;
        assert_eq!(difference(&skipped.audio, &clean.audio), None);
        assert_eq!(skipped.report.faults.len(), 1);
        assert_eq!(skipped.report.faults[0].done, "left out");
    }
}

#[test]
fn faults_too_slow_are_cut_off() {
    let text = eight(2, "{multiply: {number: 32, signal: {osc: {type: saw, freq: 100 * i, amp: 0.01}}}}");
    let mut wish = Wish::new(&text, 480_000);
    (wish.export.policy, wish.export.time_limit) = (Policy::Silence, Some(1e-3));
    let report = wish.bounce().expect("bounced").report;
    assert!(
        report.faults.iter().any(|fault| fault.part == "t2" && fault.cause == "too slow"),
        "{:?}",
        report.faults
    );
}

struct Folder(std::path::PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn cache_renders_only_what_has_changed() {
    let folder = Folder(std::env::temp_dir().join(format!("seiche-cache-{}", std::process::id())));
    let cache = || Some(Cache::new(&folder.0, 100 << 20).expect("a folder"));
    let go = |text: &str| {
        let mut wish = Wish::new(text, 20_000);
        wish.export.cache = cache();
        wish.bounce().expect("bounced")
    };
    let plain = |text: &str| Wish::new(text, 20_000).bounce().expect("bounced").audio;
    let (before, after) =
        (eight(3, "{osc: {freq: 100, amp: 0.1}}"), eight(3, "{osc: {freq: 101, amp: 0.1}}"));
    let first = go(&before);
    assert_eq!((first.report.cache.hits, first.report.cache.builds), (0, 9));
    let second = go(&before);
    assert_eq!(
        (second.report.cache.hits, second.report.cache.builds, second.report.cache.decodes),
        (9, 0, 0)
    );
    assert_eq!(difference(&second.audio, &first.audio), None);
    // One of eight tracks: that one, and the bus that it is sent to.
    let edited = go(&after);
    assert_eq!((edited.report.cache.hits, edited.report.cache.builds), (7, 2));
    assert_eq!(difference(&edited.audio, &plain(&after)), None, "as if everything had been rendered");
    // Other notes, rates, transports and seeds are other keys.
    let mut other = Wish::new(&before, 20_000);
    other.export.cache = cache();
    other.export.transport = super::playing(100.0);
    assert_eq!(other.bounce().expect("bounced").report.cache.hits, 0);
    // Damaged files are noticed, and mended by the next bounce.
    for entry in std::fs::read_dir(&folder.0).expect("folder").flatten() {
        let mut bytes = std::fs::read(entry.path()).expect("bytes");
        bytes.truncate(bytes.len() / 2);
        std::fs::write(entry.path(), bytes).expect("written");
    }
    let mended = go(&before);
    assert_eq!(mended.report.cache.hits, 0);
    assert_eq!(difference(&mended.audio, &first.audio), None);
    // A small budget keeps the newest.
    Wish {
        export: seiche::bounce::Export {
            cache: Some(Cache::new(&folder.0, 1 << 20).expect("a folder")),
            ..super::first(20_000)
        },
        ..Wish::new(&before, 20_000)
    }
    .bounce()
    .expect("bounced");
    let bytes: u64 = std::fs::read_dir(&folder.0)
        .expect("folder")
        .flatten()
        .map(|e| e.metadata().expect("data").len())
        .sum();
    assert!(bytes <= 1 << 20, "{bytes}");
}

#[test]
fn cache_knows_where_a_sound_has_ended() {
    let folder = Folder(std::env::temp_dir().join(format!("seiche-ended-{}", std::process::id())));
    let text = "x: {mix: {a: {osc: {freq: 100, duration: 0.1}}, b: {osc: {freq: 200, duration: 0.05}}}}";
    let mut wish = Wish::new(text, 48_000);
    wish.export.crew.chunk = 500;
    wish.export.cache = Some(Cache::new(&folder.0, 100 << 20).expect("a folder"));
    let first = wish.bounce().expect("bounced");
    let second = wish.bounce().expect("bounced");
    assert_eq!((second.report.cache.hits, second.audio[0][0].len()), (2, 4_800));
    assert_eq!(difference(&first.audio, &second.audio), None);
}

#[test]
fn cancelled_bounces_leave_nothing_in_the_cache() {
    let folder = Folder(std::env::temp_dir().join(format!("seiche-cancelled-{}", std::process::id())));
    let text = eight(0, "{osc: {freq: 100, amp: 0.1}}");
    let mut wish = Wish::new(&text, 48_000 * 60);
    wish.export.cache = Some(Cache::new(&folder.0, 100 << 20).expect("a folder"));
    let control = Control::default();
    let result = wish.bounce_watched(&control, &mut |_: &Progress| control.cancel());
    assert!(matches!(result, Err(Failure::Cancelled)));
    assert_eq!(std::fs::read_dir(&folder.0).expect("folder").count(), 0);
}
