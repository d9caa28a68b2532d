//! A file as it looks while it is being typed: keys, list items and values by indentation and brackets, whatever is missing or
//! broken. It never fails and never guesses meanings; sounds are played from `yaml` only. Any thread.

use std::ops::Range;

/// Keys and list items in the order of the text; the first is the file itself.
pub(super) struct Outline {
    pub items: Vec<Item>,
}

#[derive(Debug)]
pub(super) struct Item {
    /// Index of what it stands in; the file stands in itself.
    pub parent: usize,
    /// A key, or text that may become one; empty for list items.
    pub key: Range<usize>,
    /// The text behind the key or dash, spaces included, up to the end of the line or to the next comma or bracket.
    pub value: Range<usize>,
    /// Whether it has a colon, or is an item of a list.
    pub complete: bool,
    pub listed: bool,
    /// Column of block items; none inside of brackets.
    column: Option<usize>,
    /// Brackets that are its value: the opening one, and what is inside.
    pub open: Option<(u8, Range<usize>)>,
}

/// What an offset of the text belongs to.
#[derive(Debug, PartialEq)]
pub(super) enum Spot {
    /// A key is (or may be) written here, inside of `parent`; `range` is what there is of it.
    Key { parent: usize, range: Range<usize> },
    /// A value is written here.
    Value { item: usize, range: Range<usize> },
}

impl Outline {
    pub fn read(text: &str) -> Outline {
        let file = Item {
            parent: 0,
            key: 0..0,
            value: 0..0,
            complete: true,
            listed: false,
            column: None,
            open: None,
        };
        let mut reader = Reader { text, items: vec![file], stack: vec![0] };
        let mut at = 0;
        while at < text.len() {
            at = reader.line(at);
        }
        Outline { items: reader.items }
    }

    pub fn children(&self, parent: usize) -> impl Iterator<Item = usize> {
        (1..self.items.len()).filter(move |i| self.items[*i].parent == parent)
    }

    /// What stands at an offset.
    pub fn spot(&self, text: &str, offset: usize) -> Spot {
        let touches = |range: &Range<usize>| range.start <= offset && offset <= range.end;
        for (i, item) in self.items.iter().enumerate().skip(1) {
            if !item.key.is_empty() && touches(&item.key) {
                return Spot::Key { parent: item.parent, range: item.key.clone() };
            }
            if item.complete && item.open.is_none() && touches(&item.value) && item.value.start > 0 {
                return Spot::Value { item: i, range: item.value.clone() };
            }
        }
        let inside = |(_, item): &(usize, &Item)| item.open.as_ref().is_some_and(|(_, r)| touches(r));
        let brackets = self.items.iter().enumerate().rfind(inside);
        match brackets.and_then(|(i, item)| Some((i, item.open.as_ref()?.0))) {
            Some((item, b'[')) => return Spot::Value { item, range: offset..offset },
            Some((parent, _)) => return Spot::Key { parent, range: offset..offset },
            None => {}
        }
        let line = text[..offset].rfind('\n').map_or(0, |i| i + 1);
        let column = text[line..offset].len();
        let before = self.items.iter().rposition(|i| i.column.is_some() && i.start() < offset);
        let mut parent = before.unwrap_or(0);
        while parent != 0 && self.items[parent].column.is_none_or(|c| c >= column) {
            parent = self.items[parent].parent;
        }
        Spot::Key { parent, range: offset..offset }
    }
}

impl Item {
    fn start(&self) -> usize {
        if self.listed { self.value.start } else { self.key.start }
    }
}

struct Reader<'t> {
    text: &'t str,
    items: Vec<Item>,
    /// Block items that what follows may stand in, outermost first.
    stack: Vec<usize>,
}

impl Reader<'_> {
    fn push(&mut self, parent: usize, key: Range<usize>, column: Option<usize>, complete: bool) -> usize {
        let value = key.end..key.end;
        let listed = complete && key.is_empty();
        self.items.push(Item { parent, key, value, complete, listed, column, open: None });
        self.items.len() - 1
    }

    fn pop(&mut self, done: impl Fn(usize, bool) -> bool) {
        while let [.., _, top] = self.stack[..]
            && self.items[top].column.is_some_and(|c| done(c, self.items[top].listed))
        {
            self.stack.pop();
        }
    }

    fn top(&self) -> usize {
        self.stack.last().copied().unwrap_or(0)
    }

    /// Reads the line that begins here; returns where the next one to read begins.
    fn line(&mut self, begin: usize) -> usize {
        let end = self.text[begin..].find('\n').map_or(self.text.len(), |i| begin + i);
        let spaces = |at: usize| self.text[at..end].bytes().take_while(|b| matches!(b, b' ' | b'\t')).count();
        let mut at = begin + spaces(begin);
        let first = self.text[at..end].trim_end();
        if first.is_empty() || first.starts_with('#') || first == "---" || first == "..." {
            return end + 1;
        }
        let mut dash = None;
        while self.text[at..end].starts_with("- ") || self.text[at..end].trim_end() == "-" {
            let column = at - begin;
            // A list may stand as far left as the key that it belongs to.
            self.pop(|c, listed| c > column || c == column && listed);
            at = (at + 1 + spaces((at + 1).min(end))).min(end);
            let item = self.push(self.top(), at..at, Some(column), true);
            self.items[item].value = at..at;
            self.stack.push(item);
            dash = Some(item);
        }
        let column = at - begin;
        if let Some(colon) = key_end(&self.text[at..end]) {
            self.pop(|c, _| c >= column);
            let item = self.push(self.top(), at..at + colon, Some(column), true);
            self.stack.push(item);
            return self.value(item, at + colon + 1, end, column);
        }
        if let Some(item) = dash {
            return self.value(item, at, end, column.saturating_sub(1));
        }
        self.pop(|c, _| c >= column);
        if first.starts_with(['{', '[']) {
            let owner = self.top();
            return self.flow(owner, at, column.saturating_sub(1));
        }
        let word = at..at + self.text[at..end].trim_end().len();
        self.push(self.top(), word, Some(column), false);
        end + 1
    }

    /// A value from `at` on; returns where the next line begins.
    fn value(&mut self, item: usize, at: usize, end: usize, column: usize) -> usize {
        let rest = &self.text[at..end];
        let start = at + rest.len() - rest.trim_start().len();
        let value = rest.trim();
        if value.starts_with(['{', '[']) {
            return self.flow(item, start, column);
        }
        let comment = comment(rest).map_or(end, |i| at + i);
        self.items[item].value = at..comment;
        if !value.starts_with(['|', '>']) {
            return end + 1;
        }
        // A block of text: everything that is indented deeper.
        let mut next = end + 1;
        while next < self.text.len() {
            let stop = self.text[next..].find('\n').map_or(self.text.len(), |i| next + i);
            let line = &self.text[next..stop];
            if !line.trim().is_empty() && line.len() - line.trim_start().len() <= column {
                break;
            }
            next = stop + 1;
        }
        self.items[item].value.end = (next - 1).min(self.text.len());
        next
    }

    /// Brackets, over several lines where they stay open, up to a line that stands as far left as what they belong to.
    fn flow(&mut self, owner: usize, start: usize, column: usize) -> usize {
        let bytes = self.text.as_bytes();
        // Every open bracket: whose value it is, and its entry that is being read.
        let mut frames: Vec<(usize, Option<usize>)> = vec![];
        let mut at = start;
        while at < bytes.len() {
            let inner = frames.last().copied();
            match bytes[at] {
                open @ (b'{' | b'[') => {
                    let whose = match inner {
                        None => owner,
                        Some((_, Some(entry))) => entry,
                        Some((parent, None)) => self.push(parent, at..at, None, true),
                    };
                    if let (Some(frame), Some(_)) = (frames.last_mut(), inner) {
                        frame.1 = Some(whose);
                    }
                    self.items[whose].open = Some((open, at + 1..self.text.len()));
                    frames.push((whose, None));
                }
                b'}' | b']' | b',' => {
                    self.end_entry(inner, at);
                    if let Some(frame) = frames.last_mut() {
                        frame.1 = None;
                    }
                    if bytes[at] != b',' {
                        self.close(frames.pop(), at);
                        if frames.is_empty() {
                            break;
                        }
                    }
                }
                b'\n' => {
                    let rest = &self.text[at + 1..];
                    let next = rest.trim_start();
                    let begin = at + 1 + rest.len() - next.len();
                    let left = begin - self.text[..begin].rfind('\n').map_or(0, |i| i + 1);
                    if left <= column && !next.starts_with(['}', ']']) && !next.starts_with('#') {
                        break;
                    }
                }
                b'#' if at > 0 && bytes[at - 1].is_ascii_whitespace() => {
                    at += self.text[at..].find('\n').unwrap_or(self.text.len() - at);
                    continue;
                }
                b if b.is_ascii_whitespace() => {}
                _ => {
                    at = self.word(&mut frames, at);
                    continue;
                }
            }
            at += 1;
        }
        // What is still open ends here.
        let end = at.min(self.text.len());
        while let Some(frame) = frames.pop() {
            self.end_entry(Some(frame), end);
            self.close(Some(frame), end);
        }
        end + self.text[end..].find('\n').map_or(self.text.len() - end, |i| i + 1)
    }

    fn end_entry(&mut self, frame: Option<(usize, Option<usize>)>, at: usize) {
        if let Some((_, Some(entry))) = frame
            && self.items[entry].complete
        {
            let item = &mut self.items[entry];
            item.value.end = at.max(item.value.start);
        }
    }

    fn close(&mut self, frame: Option<(usize, Option<usize>)>, at: usize) {
        if let Some((_, inside)) = frame.and_then(|(whose, _)| self.items[whose].open.as_mut()) {
            inside.end = at;
        }
    }

    /// A word inside of brackets: a key, a value, or what may become one. Returns where it ends.
    fn word(&mut self, frames: &mut [(usize, Option<usize>)], at: usize) -> usize {
        let end = word_end(self.text, at);
        let Some(frame) = frames.last_mut() else { return end };
        let listed = matches!(self.items[frame.0].open, Some((b'[', _)));
        let colon = self.text[end..].starts_with(':');
        if frame.1.is_some() {
            // Part of a value.
        } else if listed {
            let item = self.push(frame.0, at..at, None, true);
            self.items[item].value = at..end;
            frame.1 = Some(item);
        } else {
            let trimmed = at + self.text[at..end].trim_end().len();
            let item = self.push(frame.0, at..trimmed, None, colon);
            self.items[item].value = end + usize::from(colon)..end + usize::from(colon);
            frame.1 = Some(item);
        }
        end + usize::from(colon)
    }
}

/// Length of the key that a line begins with, if a colon follows it.
fn key_end(line: &str) -> Option<usize> {
    if line.starts_with(['{', '[', '#', '|', '>']) {
        return None;
    }
    let from = match line.bytes().next() {
        Some(quote @ (b'"' | b'\'')) => 2 + line[1..].find(char::from(quote))?,
        _ => 0,
    };
    let end = comment(line).unwrap_or(line.len());
    let ends = |i: &usize| *i < end && line[i + 1..].chars().next().is_none_or(char::is_whitespace);
    line[from..].match_indices(':').map(|(i, _)| from + i).find(ends)
}

/// Where a comment begins.
fn comment(line: &str) -> Option<usize> {
    if line.starts_with('#') { Some(0) } else { line.find(" #").map(|i| i + 1) }
}

/// End of a quoted or plain scalar inside of brackets.
fn word_end(text: &str, at: usize) -> usize {
    let bytes = text.as_bytes();
    if let quote @ (b'"' | b'\'') = bytes[at] {
        let close = text[at + 1..].find([char::from(quote), '\n']).map_or(text.len(), |i| at + 1 + i);
        return if bytes.get(close) == Some(&quote) { close + 1 } else { close };
    }
    let rest = text[at..].char_indices().skip(1);
    let ends = |&(i, c): &(usize, char)| match c {
        ',' | '{' | '}' | '[' | ']' | '\n' => true,
        ':' => bytes.get(at + i + 1).is_none_or(|b| b.is_ascii_whitespace() || b",{}[]".contains(b)),
        '#' => bytes[at + i - 1].is_ascii_whitespace(),
        _ => false,
    };
    rest.filter(ends).map(|(i, _)| at + i).next().unwrap_or(text.len())
}
