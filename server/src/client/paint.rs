//! Colours: what each one means, and which service has which.

use anstyle::{Ansi256Color, AnsiColor, Style};

/// Of the 256 colours, those that can be read on light and on dark ground and are not red, which means errors.
const SERVICE_COLORS: [u8; 10] = [32, 36, 133, 172, 70, 98, 38, 136, 168, 66];

/// What a colour says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Nothing.
    #[default]
    Plain,
    /// What to read first.
    Strong,
    /// What may be skipped.
    Quiet,
    /// Something failed.
    Error,
    /// Something may be wrong.
    Warning,
    /// All is well.
    Good,
    /// An id that opens a flow, or a link.
    Link,
    /// A service; one of a few colours.
    Service(u8),
}

/// Colours text, or leaves it plain.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    pub(crate) on: bool,
}

impl Paint {
    /// Returns the text in its colour; empty text and plain ink get no codes.
    pub(crate) fn paint(self, ink: Ink, text: &str) -> String {
        if !self.on || ink == Ink::Plain || text.is_empty() {
            return text.to_owned();
        }
        let style = style(ink);
        format!("{style}{text}{style:#}")
    }
}

impl Ink {
    /// The colour of a service, the same in every run.
    pub(crate) fn service(name: &str) -> Self {
        // FNV-1a: short, and defined for ever.
        let hash = name
            .bytes()
            .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        let index = hash as usize % SERVICE_COLORS.len();
        Self::Service(SERVICE_COLORS[index])
    }

    /// The colour of a severity.
    pub(crate) fn severity(name: &str) -> Self {
        match name {
            "fatal" | "error" => Self::Error,
            "warn" => Self::Warning,
            "info" => Self::Good,
            _ => Self::Quiet,
        }
    }

    /// The colour of a flow's state.
    pub(crate) fn state(name: &str) -> Self {
        match name {
            "error" => Self::Error,
            "stuck" | "running" => Self::Warning,
            "ok" => Self::Good,
            _ => Self::Plain,
        }
    }
}

/// The colours of the services in one drawing: their own, moved on where two would have the same.
pub(crate) fn palette<'a>(names: impl Iterator<Item = &'a str>) -> Vec<(String, Ink)> {
    let mut given: Vec<(String, Ink)> = Vec::new();
    for name in names {
        let own = Ink::service(name);
        let first = SERVICE_COLORS.iter().position(|color| Ink::Service(*color) == own).unwrap_or(0);
        let order = (0..SERVICE_COLORS.len()).map(|step| (first + step) % SERVICE_COLORS.len());
        let free = order
            .map(|index| Ink::Service(SERVICE_COLORS[index]))
            .find(|ink| given.iter().all(|(_, taken)| taken != ink));
        given.push((name.to_owned(), free.unwrap_or(own)));
    }
    given
}

fn style(ink: Ink) -> Style {
    match ink {
        Ink::Plain => Style::new(),
        Ink::Strong => Style::new().bold(),
        Ink::Quiet => Style::new().dimmed(),
        Ink::Error => Style::new().bold().fg_color(Some(AnsiColor::Red.into())),
        Ink::Warning => Style::new().fg_color(Some(AnsiColor::Yellow.into())),
        Ink::Good => Style::new().fg_color(Some(AnsiColor::Green.into())),
        Ink::Link => Style::new().fg_color(Some(AnsiColor::Cyan.into())),
        Ink::Service(color) => Style::new().fg_color(Some(Ansi256Color(color).into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paint_adds_nothing() {
        assert_eq!(Paint { on: false }.paint(Ink::Error, "x"), "x");
        assert_eq!(Paint { on: true }.paint(Ink::Plain, "x"), "x");
        assert_eq!(Paint { on: true }.paint(Ink::Error, "x"), "\u{1b}[1m\u{1b}[31mx\u{1b}[0m");
    }

    #[test]
    fn a_service_keeps_its_colour_and_neighbours_differ() {
        assert_eq!(Ink::service("checkout"), Ink::service("checkout"));
        let names: Vec<String> = (0..10).map(|number| format!("service-{number}")).collect();
        let palette = palette(names.iter().map(String::as_str));
        for (index, (_, ink)) in palette.iter().enumerate() {
            assert!(palette.iter().skip(index + 1).all(|(_, other)| other != ink), "{palette:?}");
        }
    }
}
