use super::*;

fn control(channel: u8, number: u8, seven: u8) -> What {
    What::Controller { channel, number, value: f32::from(seven) / 127.0 }
}

/// Chooses a registered parameter and sends it data.
fn register(keyboard: &mut Keyboard, channel: u8, parameter: u8, data: u8) -> Change {
    keyboard.follow(&control(channel, 101, 0));
    keyboard.follow(&control(channel, 100, parameter));
    keyboard.follow(&control(channel, 6, data))
}

fn bent(keyboard: &mut Keyboard, channel: u8, value: f32) -> f32 {
    keyboard.follow(&What::Bend { channel, value });
    keyboard.shift(channel, None)
}

fn with(performance: Performance) -> Keyboard {
    let mut keyboard = Keyboard::default();
    keyboard.follow(&What::Perform(performance));
    keyboard
}

#[test]
fn mpe_settings_survive_as_bits_and_stay_within_bounds() {
    let zone = |members, bend_range| Zone { members, bend_range };
    let settings = Performance { mpe: Mpe::On, lower: zone(7, 24), upper: zone(5, 96), bend_range: 12 };
    assert_eq!(Performance::from_bits(settings.to_bits()), settings);
    assert_eq!(Performance::from_bits(Performance::default().to_bits()), Performance::default());
    let wild = Performance::from_bits(u64::MAX);
    assert_eq!((wild.lower.members, wild.upper.members, wild.bend_range), (15, 0, 96));
}

#[test]
fn mpe_off_leaves_channels_ordinary_whatever_a_keyboard_says() {
    let mut keyboard = with(Performance { mpe: Mpe::Off, ..Performance::default() });
    assert_eq!(register(&mut keyboard, 0, 6, 15), Change::Nothing);
    assert_eq!((keyboard.part(3), keyboard.is_member(3)), (3, false));
    assert_eq!(bent(&mut keyboard, 3, 1.0), 2.0);
    assert_eq!(keyboard.follow(&What::Bend { channel: 0, value: 1.0 }), Change::Values(1));
    assert_eq!(keyboard.shift(3, None), 2.0);
}

#[test]
fn mpe_begins_when_a_keyboard_says_so() {
    let mut keyboard = Keyboard::default();
    assert_eq!(keyboard.part(3), 3);
    register(&mut keyboard, 0, 6, 15);
    assert_eq!((keyboard.part(3), keyboard.part(15), keyboard.part(0)), (0, 0, 0));
    assert_eq!(bent(&mut keyboard, 3, 0.5), 24.0, "48 semitones, unless it is said otherwise");
    assert_eq!(bent(&mut keyboard, 0, -1.0), -2.0);
    assert_eq!(keyboard.shift(3, None), 22.0, "the master bends all");
    register(&mut keyboard, 0, 6, 0);
    assert_eq!(keyboard.part(3), 3, "and ends");
}

#[test]
fn mpe_zones_share_the_channels_the_last_one_first() {
    let mut keyboard = with(Performance { mpe: Mpe::On, ..Performance::default() });
    assert_eq!((keyboard.part(1), keyboard.part(15)), (0, 0));
    register(&mut keyboard, 15, 6, 6);
    let parts: Vec<u8> = (0..16).map(|channel| keyboard.part(channel)).collect();
    assert_eq!(parts, [0, 0, 0, 0, 0, 0, 0, 0, 0, 15, 15, 15, 15, 15, 15, 15]);
    assert_eq!(
        keyboard.follow(&What::Pressure { channel: 15, value: 1.0 }),
        Change::Values(0b1111_1110 << 8)
    );
    assert_eq!((keyboard.pressure(9), keyboard.pressure(8)), (1.0, 0.0));
    register(&mut keyboard, 0, 6, 15);
    assert_eq!((keyboard.part(15), keyboard.part(14)), (0, 0));
    assert_eq!(keyboard.follow(&What::Bend { channel: 15, value: 1.0 }), Change::Values(1 << 15));
}

#[test]
fn mpe_bend_ranges_are_those_of_zones_in_semitones_and_cents() {
    let mut keyboard = with(Performance { mpe: Mpe::On, ..Performance::default() });
    register(&mut keyboard, 4, 0, 12);
    assert_eq!(bent(&mut keyboard, 7, 1.0), 12.0, "one member speaks for all");
    keyboard.follow(&control(4, 38, 50));
    assert_eq!(keyboard.shift(7, None), 12.5);
    register(&mut keyboard, 0, 0, 7);
    assert_eq!(bent(&mut keyboard, 0, 1.0), 7.0);
    assert_eq!(keyboard.shift(7, Some(3.0)), 19.5);
}

#[test]
fn notes_bend_range_is_the_keyboards_or_the_librarys_or_the_setting() {
    let mut keyboard = with(Performance { bend_range: 5, ..Performance::default() });
    assert_eq!(bent(&mut keyboard, 2, 1.0), 5.0);
    assert_eq!(keyboard.shift(2, Some(12.0)), 12.0);
    register(&mut keyboard, 2, 0, 24);
    assert_eq!(keyboard.shift(2, Some(12.0)), 24.0);
    // Without a parameter that is chosen, data is nothing of ours.
    keyboard.follow(&control(2, 101, 127));
    keyboard.follow(&control(2, 100, 127));
    assert_eq!(keyboard.follow(&control(2, 6, 3)), Change::Nothing);
    register(&mut keyboard, 2, 0, 24);
    keyboard.follow(&control(2, 99, 1));
    assert_eq!(keyboard.follow(&control(2, 6, 3)), Change::Nothing, "it is another kind of parameter");
}

#[test]
fn notes_pedals_and_modes_reach_their_channels() {
    let mut keyboard = with(Performance { mpe: Mpe::On, ..Performance::default() });
    assert_eq!(keyboard.follow(&control(0, 64, 63)), Change::Nothing, "half a pedal is none");
    assert_eq!(keyboard.follow(&control(0, 64, 64)), Change::Pedal(ALL));
    assert_eq!(keyboard.follow(&control(0, 64, 127)), Change::Nothing, "it is down already");
    assert!(keyboard.sustains(0) && keyboard.sustains(9));
    assert_eq!(keyboard.follow(&control(9, 66, 127)), Change::Latch(1 << 9));
    assert_eq!(keyboard.follow(&control(9, 66, 0)), Change::Unlatch(1 << 9));
    keyboard.follow(&What::Bend { channel: 9, value: 0.3 });
    assert_eq!(keyboard.follow(&control(0, 121, 0)), Change::Reset(ALL));
    assert!(!keyboard.sustains(9) && keyboard.bend(9) == 0.0);
    assert_eq!(keyboard.follow(&control(3, 123, 0)), Change::NotesOff(1 << 3));
    assert_eq!(keyboard.follow(&control(0, 120, 0)), Change::SoundOff(ALL));
}
