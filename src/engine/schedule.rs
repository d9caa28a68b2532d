//! Who does what next: nodes (parts, the mix, files) go through the chunks of a song in order; any worker takes any node that is ready.
//! Plain numbers without threads or clocks, so that the same rules can be run with workers that are only imagined.

/// What is to be done for every chunk.
#[derive(Clone, Debug, Default)]
pub struct Node {
    /// Nodes whose chunk must be done first.
    pub needs: Vec<usize>,
    users: Vec<usize>,
    /// Chunks done.
    done: usize,
    busy: bool,
    /// Seconds that those have taken.
    seconds: f64,
    /// Seconds a chunk, before any was measured.
    guess: f64,
}

impl Node {
    /// `guess`: seconds a chunk, or any number that tells nodes apart.
    pub fn new(needs: Vec<usize>, guess: f64) -> Self {
        Node { needs, guess, ..Node::default() }
    }

    /// Seconds a chunk.
    pub fn cost(&self) -> f64 {
        if self.done > 0 { self.seconds / self.done as f64 } else { self.guess }
    }

    pub fn done(&self) -> usize {
        self.done
    }

    pub fn seconds(&self) -> f64 {
        self.seconds
    }
}

/// See the head of this file.
#[derive(Clone, Debug)]
pub struct Schedule {
    nodes: Vec<Node>,
    chunks: usize,
    /// How many chunks a node may be ahead of those that read it.
    ahead: usize,
    /// Chunks that begin only when all nodes have done those before.
    barriers: Vec<usize>,
}

impl Schedule {
    pub fn new(mut nodes: Vec<Node>, chunks: usize, ahead: usize, barriers: Vec<usize>) -> Self {
        for node in 0..nodes.len() {
            for need in nodes[node].needs.clone() {
                nodes[need].users.push(node);
            }
        }
        Schedule { nodes, chunks, ahead: ahead.max(1), barriers }
    }

    /// Begins anew, with so many chunks; what was measured of the nodes is still known.
    pub fn again(&mut self, chunks: usize) {
        for node in &mut self.nodes {
            node.guess = node.cost();
            (node.done, node.seconds) = (0, 0.0);
        }
        self.chunks = chunks;
    }

    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    pub fn chunks(&self) -> usize {
        self.chunks
    }

    /// There are no more than so many chunks after all.
    pub fn limit(&mut self, chunks: usize) {
        self.chunks = self.chunks.min(chunks);
    }

    pub fn is_over(&self) -> bool {
        self.nodes.iter().all(|node| node.done >= self.chunks && !node.busy)
    }

    fn is_ready(&self, node: &Node) -> bool {
        let next = node.done;
        let free = || node.users.iter().all(|user| self.nodes[*user].done + self.ahead > next);
        let passed = || self.barriers.iter().all(|b| next < *b || self.nodes.iter().all(|n| n.done >= *b));
        !node.busy
            && next < self.chunks
            && node.needs.iter().all(|need| self.nodes[*need].done > next)
            && free()
            && passed()
    }

    /// Takes the ready node that has most to do still: so the longest never waits. Returns it with its chunk.
    pub fn take(&mut self) -> Option<(usize, usize)> {
        let left = |node: &Node| (self.chunks - node.done) as f64 * node.cost();
        let ready = self.nodes.iter().enumerate().filter(|(_, node)| self.is_ready(node));
        let (best, chunk) = ready
            .map(|(n, node)| (n, node.done, left(node)))
            .reduce(|best, next| if next.2 > best.2 { next } else { best })
            .map(|(n, chunk, _)| (n, chunk))?;
        self.nodes[best].busy = true;
        Some((best, chunk))
    }

    /// A node has done its chunk.
    pub fn finish(&mut self, node: usize, seconds: f64) {
        let node = &mut self.nodes[node];
        node.busy = false;
        node.done += 1;
        node.seconds += seconds;
    }

    /// The chunk that nobody reads before any more.
    pub fn read_up_to(&self, node: usize) -> usize {
        let users = self.nodes[node].users.iter();
        users.map(|user| self.nodes[*user].done).min().unwrap_or(self.nodes[node].done)
    }
}

/// How long so many workers would take, each node with its seconds a chunk: by the rules above, with a clock that is only imagined.
pub fn simulate(nodes: &[(Vec<usize>, f64)], chunks: usize, ahead: usize, workers: usize) -> f64 {
    let drafts = nodes.iter().map(|(needs, cost)| Node::new(needs.clone(), *cost)).collect();
    let mut schedule = Schedule::new(drafts, chunks, ahead, vec![]);
    // Who works at what, and until when.
    let mut busy: Vec<(f64, usize)> = vec![];
    let mut now = 0.0;
    loop {
        while busy.len() < workers.max(1)
            && let Some((node, _)) = schedule.take()
        {
            busy.push((now + nodes[node].1, node));
        }
        let first = busy.iter().enumerate().min_by(|a, b| a.1.0.total_cmp(&b.1.0)).map(|(n, _)| n);
        let Some(first) = first else { return now };
        let (then, node) = busy.swap_remove(first);
        now = then;
        schedule.finish(node, nodes[node].1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tracks of these seconds in all, and a mix behind them.
    fn song(seconds: &[f64], chunks: usize) -> Vec<(Vec<usize>, f64)> {
        let mut nodes: Vec<_> = seconds.iter().map(|s| (vec![], s / chunks as f64)).collect();
        nodes.push(((0..seconds.len()).collect(), 1e-6));
        nodes
    }

    #[test]
    fn schedule_keeps_the_order_of_chunks_and_the_distance() {
        let nodes = vec![Node::new(vec![], 1.0), Node::new(vec![0], 1.0)];
        let mut schedule = Schedule::new(nodes, 4, 2, vec![3]);
        assert_eq!(schedule.take(), Some((0, 0)));
        assert_eq!(schedule.take(), None, "a node does one chunk at a time, its reader waits");
        schedule.finish(0, 1.0);
        assert_eq!(schedule.take(), Some((1, 0)));
        assert_eq!(schedule.take(), Some((0, 1)));
        schedule.finish(0, 1.0);
        assert_eq!(schedule.take(), None, "no more than two chunks ahead");
        schedule.finish(1, 1.0);
        assert_eq!((schedule.take(), schedule.take()), (Some((1, 1)), Some((0, 2))));
        schedule.finish(0, 1.0);
        schedule.finish(1, 1.0);
        assert_eq!(schedule.take(), Some((1, 2)), "the barrier holds the other back");
        schedule.finish(1, 1.0);
        assert_eq!(schedule.take(), Some((0, 3)));
        schedule.limit(3);
        assert!(!schedule.is_over());
        schedule.finish(0, 1.0);
        assert!(schedule.is_over());
    }

    #[test]
    fn schedule_shares_equal_tracks_and_never_lets_the_longest_wait() {
        let ahead = 4;
        let equal = song(&[0.1; 8], 40);
        let alone = simulate(&equal, 40, ahead, 1);
        for (workers, speed) in [(2, 1.95), (4, 3.8), (8, 7.0), (64, 7.0)] {
            let factor = alone / simulate(&equal, 40, ahead, workers);
            assert!(factor >= speed && factor <= 8.01, "{workers} workers: {factor}");
        }
        let unequal = song(&[0.05, 0.05, 0.4, 0.05, 0.05, 0.05, 0.05, 0.05], 40);
        for workers in [2, 8, 64] {
            let seconds = simulate(&unequal, 40, ahead, workers);
            assert!(seconds <= 1.2 * 0.4, "{workers} workers: {seconds}");
        }
    }
}
