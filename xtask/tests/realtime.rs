//! What the counter inside the bundle says about the audio thread. One test, because the counter is the process's.

mod common;

use common::*;
use xtask::host::*;

#[test]
fn realtime_processing_allocates_nothing() {
    let bundle = Bundle::open(&counting().clap_binary()).unwrap();
    let count = || bundle.allocations().expect("the counting bundle has its counter");
    let mut instance = offline(&bundle, MULTI, &patch("keys"));
    let mut running = instance.start(48_000.0, 256).unwrap();

    let start = count();
    let calm = three_notes().with_tempo(120.0).play(&mut running, 96_000, &Blocks::Random(5)).unwrap();
    assert!(xtask::wav::peak(calm.main()) > 0.1);
    assert_eq!(count() - start, 0, "playing three notes");

    // A thousand notes a second in 16 voices: most are stolen.
    let storm: Vec<Note> = (0..2_000)
        .map(|i| Note { at: i * 48, length: 1_200, key: 30 + (i * 7 % 70) as u8, velocity: 0.3 })
        .collect();
    Score::notes(&storm).play(&mut running, 100_000, &Blocks::Of(256)).unwrap();
    assert_eq!(count() - start, 0, "in a storm of notes");

    // Every parameter on every tenth frame of a block.
    let all = instance.parameters().unwrap();
    let sweep = all.iter().cycle().take(4_000).enumerate().map(|(i, p)| {
        let value = p.min + (p.max - p.min) * (i % 17) as f64 / 16.0;
        (i as u64 * 10, What::Parameter { id: p.id, value: if p.max > 1.0 { value.round() } else { value } })
    });
    Score { events: sweep.collect(), ..Score::default() }
        .play(&mut running, 48_000, &Blocks::Of(256))
        .unwrap();
    assert_eq!(count() - start, 0, "with all parameters moving");

    // A new program arrives while notes sound.
    let base = instance.save().unwrap();
    for sound in ["strips", "keys", "tone", "keys"] {
        instance.load(&patch(sound).into_state(&base).unwrap()).unwrap();
        for _ in 0..20 {
            three_notes().play(&mut running, 4_800, &Blocks::Of(256)).unwrap();
            instance.idle();
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }
    assert_eq!(count() - start, 0, "while programs are exchanged");

    // And the counter does count.
    assert!(bundle.allocate_once());
    Score::default().play(&mut running, 256, &Blocks::Of(256)).unwrap();
    assert!(count() > start, "a deliberate allocation was not seen");
    instance.stop(running);
}

#[test]
fn realtime_the_plain_bundle_has_no_counter() {
    assert!(open().allocations().is_none());
}
