use super::*;
use crate::session::Samples;

fn with_samples(missing: &[&str]) -> Bench {
    let missing = missing.iter().map(|path| (*path).to_owned()).collect();
    let samples = Samples { count: 7, saved: 6, saved_bytes: 12 << 20, embed: 32, missing };
    let mut bench = Bench::new(Snapshot { samples, ..plain() });
    bench.panes.tab = Tab::Samples;
    (0..2).for_each(|_| drop(bench.frame(vec![])));
    bench
}

fn typed(bench: &mut Bench, hint: &str, text: &str) {
    bench.click(hint);
    bench.frame(vec![Event::Text(text.into())]);
    bench.frame(vec![]);
}

#[test]
fn editor_tells_what_of_the_samples_is_in_the_project() {
    let bench = with_samples(&[]);
    assert!(bench.shows("6 of 7 samples, 12.0 MB, in the project"), "{:#?}", bench.written);
    assert!(bench.shows("32") && !bench.shows("MISSING SAMPLES  0"));
    assert!(!Bench::new(plain()).shows("Collect"), "nothing without samples");
}

#[test]
fn editor_limit_of_samples_is_typed() {
    let mut bench = with_samples(&[]);
    bench.click("32");
    bench.press(CTRL, Key::A);
    bench.frame(vec![Event::Text("64".into())]);
    let asked = bench.press(Modifiers::NONE, Key::Enter);
    let asked = asked.or_else(|| bench.frame(vec![]));
    assert!(matches!(asked, Some(Message::Embed(64))));
}

#[test]
fn editor_collects_what_sounds() {
    let mut bench = with_samples(&[]);
    assert!(bench.click("Collect").is_none(), "there is no place yet");
    typed(&mut bench, "New folder, or song.seiche", "/tmp/a.seiche");
    assert!(
        matches!(bench.click("Collect"), Some(Message::Collect(to)) if to == std::path::Path::new("/tmp/a.seiche"))
    );
}

#[test]
fn editor_relinks_missing_samples() {
    let mut bench = with_samples(&["kit/a.wav", "kit/b.wav"]);
    assert!(bench.shows("MISSING SAMPLES  2") && bench.shows("kit/b.wav"));
    typed(&mut bench, "The file, or a folder where they lie", "/away");
    let away = std::path::Path::new("/away");
    assert!(
        matches!(bench.click("Find all"), Some(Message::Relink { from, to }) if from.is_empty() && to == away)
    );
    bench.click("kit/b.wav");
    assert!(
        matches!(bench.click("Find this one"), Some(Message::Relink { from, .. }) if from == "kit/b.wav")
    );
    // What was found is no longer meant.
    bench.snapshot.samples.missing.pop();
    bench.frame(vec![]);
    bench.frame(vec![]);
    assert!(bench.shows("Find all"));
}
