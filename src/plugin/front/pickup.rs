//! Soft takeover: a controller that does not stand where its macro is moves nothing until it comes past there, so that nothing jumps.
//! It lets go again when something else has moved the macro. Audio thread; nothing allocates.

/// As close as controllers of 7 bits can come.
const NEAR: f32 = 1.0 / 127.0;
/// Positions that differ by less are the same: they have been through other units and other programs.
const SAME: f32 = 1e-4;

/// The controller of one macro.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pickup {
    /// The controller, 0..1, when it moved last.
    last: Option<f32>,
    /// Where it has put the macro, while it holds it.
    held: Option<f32>,
    /// The upper and lower half of a pair.
    coarse: u8,
    fine: u8,
}

impl Pickup {
    /// The coarse half has come, or a controller of 7 bits: where it stands.
    pub fn coarse(&mut self, value: u8, is_pair: bool) -> f32 {
        (self.coarse, self.fine) = (value, 0);
        if is_pair { self.pair() } else { f32::from(value) / 127.0 }
    }

    /// The fine half has come: where the pair stands.
    pub fn fine(&mut self, value: u8) -> f32 {
        self.fine = value;
        self.pair()
    }

    fn pair(&self) -> f32 {
        f32::from(u16::from(self.coarse) << 7 | u16::from(self.fine)) / 16_383.0
    }

    /// The controller has moved, its macro stands at `position` (both 0..1). Whether the macro follows.
    pub fn moves(&mut self, to: f32, position: f32) -> bool {
        let held = self.held.is_some_and(|put| (put - position).abs() <= SAME);
        let passed = self.last.is_some_and(|last| (last - position) * (to - position) <= 0.0);
        let follows = held || passed || (to - position).abs() <= NEAR;
        self.last = Some(to);
        self.held = follows.then_some(to);
        follows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Moves a controller over these values; where the macro is after each.
    fn walk(pickup: &mut Pickup, position: &mut f32, values: &[u8]) -> Vec<f32> {
        let mut step = |value: &u8| {
            let to = pickup.coarse(*value, false);
            if pickup.moves(to, *position) {
                *position = to;
            }
            *position
        };
        values.iter().map(&mut step).collect()
    }

    #[test]
    fn learn_pickup_takes_hold_where_the_macro_stands() {
        let (mut pickup, mut position) = (Pickup::default(), 0.5);
        assert_eq!(walk(&mut pickup, &mut position, &[0, 20, 40]), [0.5; 3], "below it nothing moves");
        // Past it in one step, as a quick hand does it.
        assert_eq!(walk(&mut pickup, &mut position, &[90, 127, 0]), [90.0 / 127.0, 1.0, 0.0]);
        let (mut pickup, mut position) = (Pickup::default(), 0.5);
        assert_eq!(walk(&mut pickup, &mut position, &[64, 70]), [64.0 / 127.0, 70.0 / 127.0], "right there");
    }

    #[test]
    fn learn_pickup_lets_go_when_something_else_moves_the_macro() {
        let (mut pickup, mut position) = (Pickup::default(), 0.0);
        walk(&mut pickup, &mut position, &[0, 50]);
        position = 0.9;
        assert_eq!(walk(&mut pickup, &mut position, &[55, 60, 40]), [0.9; 3]);
        assert_eq!(walk(&mut pickup, &mut position, &[120]), [120.0 / 127.0]);
        // Over and over by automation: never a jump.
        position = 0.2;
        assert_eq!(walk(&mut pickup, &mut position, &[119]), [0.2]);
    }

    #[test]
    fn learn_pickup_reads_pairs_of_14_bits_over_the_whole_range() {
        let mut pickup = Pickup::default();
        assert_eq!(pickup.coarse(127, false), 1.0, "a controller of 7 bits reaches the end, too");
        pickup.coarse(127, true);
        assert_eq!(pickup.fine(127), 1.0);
        assert_eq!(pickup.coarse(64, true), 8192.0 / 16_383.0);
        assert_eq!(pickup.fine(1), 8193.0 / 16_383.0);
        pickup.coarse(0, true);
        assert_eq!(pickup.fine(0), 0.0);
    }
}
