//! Where memory is short: smaller buffers, fewer workers, and the same bytes.

use std::sync::atomic::Ordering;

use seiche::bounce::{Bounced, Crew, Failure};

use super::flat::alone;
use super::support::REFUSED;
use super::{JOINED, Wish, difference};

fn short(bounced: &Bounced) -> Vec<&str> {
    let all = bounced.report.warnings.iter().map(String::as_str);
    all.filter(|warning| warning.starts_with("memory is short")).collect()
}

#[test]
fn bounce_takes_no_more_memory_than_it_may_and_says_so() {
    let mut wish = Wish::new(JOINED, 20_000);
    let plain = wish.bounce().expect("bounced");
    assert!(short(&plain).is_empty());
    let mut buffers = plain.report.memory.buffers;
    for (memory, workers) in [(buffers / 2, 2), (buffers / 20, 2), (1, 1)] {
        wish.export.crew = Crew { workers: 2, memory, ..Crew::default() };
        let bounced = wish.bounce().expect("bounced");
        assert_eq!(difference(&bounced.audio, &plain.audio), None, "{memory} bytes");
        let report = &bounced.report;
        assert_eq!((report.workers, short(&bounced).len()), (workers, 3 - workers), "{:?}", report.warnings);
        assert!(report.memory.buffers < buffers && (report.memory.buffers <= memory || memory == 1));
        buffers = report.memory.buffers;
    }
}

#[test]
fn bounce_goes_on_where_the_system_refuses_memory() {
    alone("memory::bounce_goes_on_where_the_system_refuses_memory", || {
        let text = "x: {mix: {a: {osc: {freq: 100, amp: 0.3}}, b: {osc: {freq: 333, amp: 0.2}}}}";
        let mut wish = Wish::new(text, 50_000);
        wish.export.crew = Crew { workers: 2, chunk: 50_000, ..Crew::default() };
        let plain = wish.bounce().expect("bounced");
        assert_eq!((plain.report.chunk, plain.report.ahead), (50_000, 4));
        let refuse = |times: usize| {
            REFUSED[1].store(150_000, Ordering::Relaxed);
            REFUSED[0].store(times, Ordering::Relaxed);
        };
        // Two fewer ahead, then half of the chunk.
        refuse(3);
        let bounced = wish.bounce().expect("bounced");
        assert_eq!(REFUSED[0].load(Ordering::Relaxed), 0);
        assert_eq!((bounced.report.chunk, bounced.report.ahead), (25_000, 2));
        assert_eq!(short(&bounced).len(), 1, "{:?}", bounced.report.warnings);
        assert_eq!(difference(&bounced.audio, &plain.audio), None);
        // Where nothing helps, it says so; what it had is gone.
        refuse(usize::MAX);
        let failed = wish.bounce();
        refuse(0);
        assert!(
            matches!(&failed, Err(Failure::File { error, .. }) if error.contains("memory")),
            "{:?}",
            failed.err()
        );
    });
}

#[test]
fn forecast_of_what_is_far_too_long_is_refused() {
    let mut wish = Wish::new(JOINED, 48_000);
    wish.export.length.to = 1 << 60;
    assert!(matches!(wish.forecast_or_failure(), Err(Failure::Memory(_))));
}
