//! Where the boxes of a sound stand: in columns, so that every cable leads to the right, and below each other without touching. A pure
//! function; window thread.

use egui::{Pos2, Rect, Vec2, pos2, vec2};

use crate::session::Cable;

/// Size of a box, and the room between two.
pub const BOX: Vec2 = vec2(132.0, 44.0);
pub const GAP: Vec2 = vec2(46.0, 12.0);

/// The places of so many boxes, from 0 | 0 on. Cables that come around do not count.
pub fn layout(count: usize, cables: &[Cable]) -> Vec<Rect> {
    let mut readers: Vec<Vec<usize>> = vec![vec![]; count];
    // Boxes stand in an order in which each comes before those that it reaches.
    for cable in cables.iter().filter(|cable| !cable.back && cable.from < cable.to && cable.to < count) {
        readers[cable.from].push(cable.to);
    }
    let mut depth = vec![0; count];
    for from in (0..count).rev() {
        depth[from] = readers[from].iter().map(|to| depth[*to] + 1).max().unwrap_or(0);
    }
    let deepest = depth.iter().copied().max().unwrap_or(0);
    let mut top = vec![0.0; count];
    let mut lowest = 0.0f32;
    for column in 0..=deepest {
        let mut own: Vec<usize> = (0..count).filter(|n| depth[*n] == column).collect();
        let wish = |n: &usize| match readers[*n].len() {
            0 => 0.0,
            many => readers[*n].iter().map(|to| top[*to]).sum::<f32>() / many as f32,
        };
        let wishes: Vec<f32> = own.iter().map(wish).collect();
        let wished = |n: usize, own: &[usize]| wishes[own.binary_search(&n).unwrap_or(0)];
        let known = own.clone();
        own.sort_by(|a, b| wished(*a, &known).total_cmp(&wished(*b, &known)));
        // Those that lead to the same place share its height.
        let mut next = f32::NEG_INFINITY;
        let mut from = 0;
        while from < own.len() {
            let here = wished(own[from], &known);
            let many = own[from..].iter().take_while(|n| wished(**n, &known) == here).count();
            let high = (many - 1) as f32 * (BOX.y + GAP.y);
            next = next.max(here - high / 2.0);
            for n in &own[from..from + many] {
                top[*n] = next;
                lowest = lowest.min(next);
                next += BOX.y + GAP.y;
            }
            from += many;
        }
    }
    let place = |n: usize| -> Pos2 { pos2((deepest - depth[n]) as f32 * (BOX.x + GAP.x), top[n] - lowest) };
    (0..count).map(|n| Rect::from_min_size(place(n), BOX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cable(from: usize, to: usize) -> Cable {
        Cable { from, to, back: false }
    }

    fn holds(count: usize, cables: &[Cable]) {
        let places = layout(count, cables);
        assert_eq!(places.len(), count);
        for (n, one) in places.iter().enumerate() {
            assert!(one.min.x >= 0.0 && one.min.y >= 0.0, "{one:?}");
            for other in &places[..n] {
                assert!(!one.expand(1.0).intersects(*other), "{one:?} touches {other:?}");
            }
        }
        for cable in cables.iter().filter(|cable| !cable.back) {
            let (from, to) = (places[cable.from], places[cable.to]);
            assert!(from.right() < to.left(), "{cable:?} leads from {from:?} to {to:?}");
        }
    }

    #[test]
    fn layout_leads_to_the_right_and_nothing_overlaps() {
        holds(0, &[]);
        holds(1, &[]);
        holds(4, &[cable(0, 1), cable(1, 3), cable(0, 3), cable(2, 3)]);
        holds(3, &[cable(0, 1), cable(1, 2), Cable { from: 2, to: 0, back: true }]);
        // Many graphs, drawn by lot.
        let mut seed = 7u64;
        let mut draw = |below: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % below
        };
        for _ in 0..200 {
            let count = 2 + draw(40);
            let cables: Vec<Cable> = (0..draw(80))
                .map(|_| (draw(count), draw(count)))
                .filter(|(a, b)| a != b)
                .map(|(a, b)| cable(a.min(b), a.max(b)))
                .collect();
            holds(count, &cables);
        }
    }

    #[test]
    fn layout_keeps_a_chain_on_one_height() {
        let places = layout(4, &[cable(0, 1), cable(1, 2), cable(2, 3)]);
        assert!(places.windows(2).all(|two| two[0].top() == two[1].top()), "{places:?}");
    }
}
