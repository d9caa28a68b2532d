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
    for odd in 0..8 {
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
    let reverb = |n: u32| format!("r{n}: {{reverb: {{size: 0.{}, signal: {{osc: {{amp: 0.01}}}}}}}}", 10 + n);
    let slow = format!("{{mix: {{{}}}}}", (0..40).map(reverb).collect::<Vec<_>>().join(", "));
    for odd in 0..8 {
        let dry = |text: String| {
            let tracks = text.split("    buses:").next().unwrap_or_default();
            tracks.replace(", sends: {room: -6 dB}", "")
        };
        let text = dry(eight(odd, &slow));
        let mut wish = Wish::new(&text, 240_000);
        (wish.export.policy, wish.export.time_limit) = (Policy::Silence, Some(0.2));
        let bounced = wish.bounce().expect("bounced");
        let found: Vec<_> = bounced.report.faults.iter().map(|f| (f.part.as_str(), f.cause)).collect();
        assert_eq!(found, [(format!("t{odd}").as_str(), "too slow")]);
        let muted = dry(eight(odd, "{osc: {amp: 0}}"));
        let clean = Wish::new(&muted, 240_000).bounce().expect("bounced");
        for track in (0..8).filter(|track| *track != odd) {
            assert!(bounced.audio[1 + track] == clean.audio[1 + track], "track {track} beside {odd}");
        }
    }
}

#[test]
fn faults_of_missing_samples_follow_the_policy() {
    for odd in 0..8 {
        let text = eight(odd, "{mix: {lost: {sample: {file: no/such.wav}}, rest: {osc: {amp: 0.1}}}}");
        let mut wish = Wish::new(&text, 4_800);
        let Some(Failure::Part { part, fault, .. }) = wish.bounce().err() else {
            panic!("a sample is missing, and nobody says so")
        };
        assert_eq!((part, fault.cause), (format!("t{odd}"), Cause::NoSample));
        for (policy, done, instead) in [
            (Policy::Silence, "played without it", "{mix: {lost: {osc: {amp: 0}}, rest: {osc: {amp: 0.1}}}}"),
            (Policy::Skip, "left out", "{osc: {amp: 0}}"),
        ] {
            wish.export.policy = policy;
            let bounced = wish.bounce().expect("bounced");
            let [fault] = bounced.report.faults.as_slice() else { panic!("{:?}", bounced.report.faults) };
            assert_eq!((fault.part.as_str(), fault.cause), (format!("t{odd}").as_str(), "missing sample"));
            assert!(fault.node.as_ref().is_some_and(|node| node.contains("lost")), "{fault:?}");
            assert_eq!(fault.done, done);
            let instead = eight(odd, instead);
            let clean = Wish::new(&instead, 4_800).bounce().expect("bounced");
            let tracks = 1..9;
            assert_eq!(
                difference(&bounced.audio[tracks.clone()], &clean.audio[tracks]),
                None,
                "{odd} {policy:?}"
            );
        }
    }
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
    // A byte that has changed is noticed while it is read: everything is rendered anew, in the same bounce.
    for entry in std::fs::read_dir(&folder.0).expect("folder").flatten().take(3) {
        let mut bytes = std::fs::read(entry.path()).expect("bytes");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        std::fs::write(entry.path(), bytes).expect("written");
    }
    let mended = go(&before);
    assert_eq!(difference(&mended.audio, &first.audio), None);
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

#[test]
fn cache_and_samples_are_there_the_second_time() {
    let folder = Folder(std::env::temp_dir().join(format!("seiche-second-{}", std::process::id())));
    std::fs::create_dir_all(&folder.0).expect("a folder");
    let wave: Vec<f32> = (0..4_800).map(|n| (n as f32 * 0.05).sin()).collect();
    seiche::bounce::write_wav(&folder.0.join("hit.wav"), &[&wave], 48_000, seiche::bounce::Depth::Int16)
        .expect("a sample");
    let text = eight(2, "{sample: {file: hit.wav}}");
    let mut wish = Wish { folder: Some(&folder.0), ..Wish::new(&text, 9_600) };
    let first = wish.bounce().expect("bounced");
    // Decoded before this bounce began, when its parts were made; no other is ever needed.
    let second = wish.bounce().expect("bounced");
    assert_eq!((second.report.cache.decodes, second.report.cache.builds), (0, 9));
    wish.export.cache = Some(Cache::new(&folder.0.join("cache"), 100 << 20).expect("a folder"));
    wish.bounce().expect("bounced");
    let third = wish.bounce().expect("bounced");
    let cache = third.report.cache;
    assert_eq!((cache.hits, cache.builds, cache.decodes), (9, 0, 0));
    assert_eq!(difference(&third.audio, &first.audio), None);
    assert!(super::peak(&first.audio[3]) > 0.5, "the sample is heard");
}
