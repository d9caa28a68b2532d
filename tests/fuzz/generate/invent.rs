//! Libraries invented from the table of nodes: mostly right, so that they reach the compiler and the kernels, with the numbers that
//! nobody tries.

use seiche::language::vocabulary::FUNCTIONS;
use seiche::nodes;
use seiche::spec::{Default, Extra, NodeSpec, ParamKind, ParamSpec};

use super::Random;

const STRANGE: &[&str] = &[
    "0",
    "-0.0",
    "-1",
    "1e-300",
    "1e300",
    "1.7e308",
    "-1e308",
    "4294967296",
    "1e18",
    "0.0000001",
    "65536",
    "3.5",
    "1e9",
    "20000",
    "1e-45",
    "16777217",
];
const NAMES: &[&str] = &[
    "t",
    "freq",
    "gate",
    "velocity",
    "i",
    "n",
    "beat",
    "bar",
    "tau",
    "pi",
    "e",
    "inf",
    "c4",
    "sr",
    "a",
    "b",
    "c",
    "$a",
    "$b",
    "fifth",
    "item",
    "note",
    "bpm",
    "eighth_tick",
    "s",
    "v",
];
const OPERATORS: &[&str] =
    &["+", "-", "*", "/", "//", "%", "**", "<", "<=", ">", ">=", "==", "!=", "and", "or"];
const IDS: &[&str] = &["a", "b", "c"];
const SOUNDS: &[&str] = &["one", "two", "three", "four"];

const BUSES: &[&str] = &["room", "group"];
const OUTPUTS: &[&str] = &["main", "3", "17", "room", "group"];

pub struct Inventor<'r> {
    random: &'r mut Random,
    /// Nodes that may still be made.
    left: usize,
    /// Sounds that stand before this one.
    before: usize,
}

impl<'r> Inventor<'r> {
    pub fn new(random: &'r mut Random) -> Self {
        Inventor { random, left: 0, before: 0 }
    }

    pub fn library(&mut self) -> String {
        let mut text = String::new();
        if self.random.one_in(2) {
            text.push_str("seiche: 1\n");
        }
        for (i, name) in SOUNDS.iter().enumerate().take(1 + self.random.below(SOUNDS.len())) {
            (self.before, self.left) = (i, 1 + self.random.below(12));
            // A mixer stands nowhere else.
            let mixer = nodes::find("mixer").filter(|_| self.random.one_in(5));
            let node = match mixer {
                Some(mixer) => format!("{{mixer: {{{}}}}}", self.parameters(&mixer.spec).join(", ")),
                None => self.node(),
            };
            text.push_str(&format!("{name}: {node}\n"));
        }
        text
    }

    fn node(&mut self) -> String {
        self.left = self.left.saturating_sub(1);
        if self.before > 0 && self.random.one_in(8) {
            let sound = SOUNDS[self.random.below(self.before)];
            let id =
                if self.random.one_in(3) { format!("id: {}", self.random.pick(IDS)) } else { String::new() };
            return format!("{{{sound}: {{{id}}}}}");
        }
        // Structures more often than their share: what is within them is what can go wrong.
        let spec = loop {
            let def = self.random.pick(nodes::ALL);
            let leaf = def.spec.params.iter().all(|p| p.name != "signal") && def.spec.extra == Extra::Refused;
            if leaf || self.left > 0 {
                break &def.spec;
            }
        };
        format!("{{{}: {{{}}}}}", spec.name, self.parameters(spec).join(", "))
    }

    fn parameters(&mut self, spec: &'static NodeSpec) -> Vec<String> {
        let mut all = vec![];
        for param in spec.params {
            if param.default == Default::Required || self.random.one_in(3) {
                all.push(format!("{}: {}", param.name, self.value(param)));
            }
        }
        if spec.extra != Extra::Refused {
            for name in ["s", "v", "c"].iter().take(self.random.below(4)) {
                let value =
                    if spec.name == "mix" || self.random.one_in(2) { self.node() } else { self.scalar(None) };
                all.push(format!("{name}: {value}"));
            }
        }
        if self.random.one_in(4) {
            all.push(format!("id: {}", self.random.pick(IDS)));
        }
        if self.random.one_in(6) {
            all.push(format!("duration: {}", self.number(Some((0.0, 2.0)))));
        }
        all
    }

    fn value(&mut self, param: &'static ParamSpec) -> String {
        let count = 1 + self.random.below(4);
        match param.kind {
            ParamKind::Signal(_) if self.left > 0 && (param.name == "signal" || self.random.one_in(4)) => {
                self.node()
            }
            ParamKind::Signal(_) if self.random.one_in(6) => {
                self.list(count, |me| match me.random.below(3) {
                    0 => format!("[{}, {}]", me.scalar(None), me.number(Some((0.0, 1.0)))),
                    _ => me.scalar(None),
                })
            }
            ParamKind::Signal(_) | ParamKind::Formula => self.scalar(param.range),
            ParamKind::Pair => self.list(2, |me| me.scalar(param.range)),
            ParamKind::Signals => {
                self.list(count, |me| if me.left > 0 { me.node() } else { me.scalar(param.range) })
            }
            ParamKind::Number => self.number(param.range),
            ParamKind::Integer => {
                self.random.below(*[3, 10, 300, 100_000].get(count - 1).unwrap_or(&3)).to_string()
            }
            ParamKind::Ignored => "1".into(),
            ParamKind::Flag => ["true", "false"][self.random.below(2)].into(),
            ParamKind::Text if param.name == "out" => (*self.random.pick(OUTPUTS)).into(),
            ParamKind::Map(part) => {
                let names = if part.name == "strip" { &["a", "b", "c"][..] } else { BUSES };
                let count = 1 + self.random.below(names.len());
                let entry = |name: &&str| format!("{name}: {{{}}}", self.parameters(part).join(", "));
                format!("{{{}}}", names.iter().take(count).map(entry).collect::<Vec<_>>().join(", "))
            }
            ParamKind::Chain => self.list(count, |me| match me.left {
                0 => "{expression: {exp: $input * 0.5}}".into(),
                _ => me.node(),
            }),
            ParamKind::Text => (*self.random.pick(IDS)).into(),
            ParamKind::Choice(words) => self.random.pick(words).word.into(),
            ParamKind::Color => ["teal", "'#4080ff'", "'#000000'", "Gold"][count - 1].into(),
            ParamKind::Steps | ParamKind::Play => self.list(count, |me| match me.random.below(4) {
                0 => "null".into(),
                1 if me.left > 0 => me.node(),
                2 => format!(
                    "{} v{} freq{}",
                    SOUNDS[me.random.below(me.before + 1)],
                    me.random.below(9),
                    me.random.below(999)
                ),
                _ => SOUNDS[me.random.below(me.before + 1)].into(),
            }),
            ParamKind::Time => self.time(),
            ParamKind::Worth => self.number(None),
            ParamKind::Table(part) => self.list(count, |me| match me.random.below(3) {
                0 => me.row(part),
                _ => format!("{{{}}}", me.parameters(part).join(", ")),
            }),
            ParamKind::Notes(part) => match self.random.below(4) {
                0 => self.list(count, |me| format!("{{{}}}", me.parameters(part).join(", "))),
                1 => format!("{{C2: '{}', 40: x}}", self.line(true)),
                _ => format!("'{}'", self.line(false)),
            },
            ParamKind::Sound if self.left > 0 => self.node(),
            ParamKind::Sound => SOUNDS[self.random.below(self.before + 1)].into(),
            ParamKind::Items => self.list(count, |me| me.number(None)),
            ParamKind::Scale => ["[0, 2, 4, 7, 9]", "dorian", "minor", "[0]"][count - 1].into(),
        }
    }

    /// A musical time: mostly short, so that many things happen.
    fn time(&mut self) -> String {
        let number = self.number(Some((0.0, 4.0)));
        let unit = self.random.pick(&["", " beats", " bars", " steps", " ticks", " s", " ms"]);
        match self.random.below(8) {
            0 => (*self.random.pick(&["1/8", "1/16t", "4n", "verse", "a", "3*16n"])).into(),
            _ => format!("{number}{unit}"),
        }
    }

    /// The values of an entry in their order.
    fn row(&mut self, part: &'static NodeSpec) -> String {
        let count = 1 + self.random.below(part.params.len());
        let values: Vec<String> = part.params.iter().take(count).map(|param| self.value(param)).collect();
        format!("[{}]", values.join(", "))
    }

    /// Words of the notation, with what may stand behind them.
    fn line(&mut self, hits: bool) -> String {
        let heads: &[&str] = match hits {
            true => &["x", "X", "o", ".", "~", "-", "x(3,8)"],
            false => {
                &["C4", "e3", "60", "3#", "C4:m7", "[C4 E4]", "{C4 D4}", "/G4", ".", "~", "-", "C2(3,8)", "H"]
            }
        };
        let tails = ["", "", "", "v0.5", "*3", "?", "?0.2", "@2", "!3", ">0.1", "<0.2", "v200"];
        let words = 1 + self.random.below(9);
        let word = |_| format!("{}{}", self.random.pick(heads), self.random.pick(&tails));
        (0..words).map(word).collect::<Vec<_>>().join(" ")
    }

    fn list(&mut self, count: usize, mut item: impl FnMut(&mut Self) -> String) -> String {
        let items: Vec<String> = (0..count).map(|_| item(self)).collect();
        format!("[{}]", items.join(", "))
    }

    fn scalar(&mut self, range: Option<(f64, f64)>) -> String {
        if self.random.one_in(2) { self.number(range) } else { format!("'{}'", self.expression(4)) }
    }

    pub fn number(&mut self, range: Option<(f64, f64)>) -> String {
        let part = self.random.below(1001) as f64 / 1000.0;
        match range {
            _ if self.random.one_in(5) => (*self.random.pick(STRANGE)).into(),
            Some((low, high)) if self.random.one_in(3) => [low, high][self.random.below(2)].to_string(),
            Some((low, high)) => (low + (high.min(low + 1e4) - low) * part * part).to_string(),
            None => (part * [1.0, 10.0, 1000.0, -1.0][self.random.below(4)]).to_string(),
        }
    }

    fn expression(&mut self, depth: usize) -> String {
        let depth = depth.saturating_sub(1);
        match self.random.below(if depth == 0 { 2 } else { 7 }) {
            0 => self.number(None),
            1 => (*self.random.pick(NAMES)).into(),
            2 | 3 => {
                let (a, b) = (self.expression(depth), self.expression(depth));
                format!("({a}) {} ({b})", self.random.pick(OPERATORS))
            }
            4 => {
                let (a, b, c) = (self.expression(depth), self.expression(depth), self.expression(depth));
                format!("({a}) if ({b}) else ({c})")
            }
            5 => format!("-{}", self.expression(depth)),
            _ => {
                let function = self.random.pick(FUNCTIONS);
                let count = function.arity.0 + self.random.below(function.arity.1 - function.arity.0 + 1);
                let arguments: Vec<String> = (0..count).map(|_| self.expression(depth)).collect();
                format!("{}({})", function.name, arguments.join(", "))
            }
        }
    }
}
