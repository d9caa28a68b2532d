//! The caller's thread while workers are at it: tells how far they are, notices when somebody cancels, and knows when all is over.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use crate::engine::schedule::Node;

use super::control::Progress;
use super::crew::{Site, State};
use super::fault::Failure;

/// How often the progress is told.
const LOOK: Duration = Duration::from_millis(50);

/// Tells the progress until all is over.
pub(super) fn look_after(
    site: &Site,
    shown: &[Option<String>],
    begin: Instant,
    tell: &mut dyn FnMut(&Progress),
) {
    let mut told = Progress::default();
    let mut last: Option<Instant> = None;
    let mut held = Duration::ZERO;
    let mut state = site.state();
    loop {
        let over = state.failure.is_some() || state.schedule.is_over();
        if site.control.is_cancelled() && !over {
            state.failure = Some(Failure::Cancelled);
            site.wake.notify_all();
            continue;
        }
        if over || last.is_none_or(|last| last.elapsed() >= LOOK) {
            let now = Instant::now();
            if site.control.is_paused() {
                held += last.map_or(Duration::ZERO, |last| now - last);
            }
            last = Some(now);
            let spent = begin.elapsed().saturating_sub(held);
            progress(&state, site, shown, spent, &mut told);
            drop(state);
            tell(&told);
            state = site.state();
        }
        if over {
            return;
        }
        state = site.news.wait_timeout(state, LOOK).unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// How far everything is.
fn progress(state: &State, site: &Site, shown: &[Option<String>], spent: Duration, told: &mut Progress) {
    let schedule = &state.schedule;
    // How long a tail rings is not known: it is not counted.
    let tail = site.timeline.listen.map_or(usize::MAX, |end| site.timeline.chunk_of(end) + 1);
    let chunks = schedule.chunks().min(tail).max(1);
    let nodes = schedule.nodes();
    let all: f64 = nodes.iter().map(|node| node.cost() * chunks as f64).sum();
    let done: f64 = nodes.iter().map(|node| node.cost() * node.done().min(chunks) as f64).sum();
    let share = if all > 0.0 { (done / all).clamp(0.0, 1.0) } else { 1.0 };
    told.done = told.done.max(share);
    told.paused = site.control.is_paused();
    let spent = spent.as_secs_f64();
    let known = told.done > 0.02 && spent > 0.1;
    told.left = known.then(|| Duration::from_secs_f64(spent * (1.0 - told.done) / told.done));
    let part = |node: &Node| (node.done() as f64 / chunks as f64).min(1.0);
    let parts = nodes.iter().zip(shown).filter_map(|(node, name)| Some((name.clone()?, part(node))));
    told.parts = parts.collect();
    let written = nodes.iter().map(Node::done).min().unwrap_or(0).min(schedule.chunks());
    told.written =
        written.checked_sub(1).map_or(0.0, |last| site.timeline.span(last).end as f64 / site.timeline.rate());
}
