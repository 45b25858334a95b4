//! Gathers the fields of a record that have no column of their own.

/// A fragment of a message: a range of it while the fields stand side by side, a copy otherwise.
///
/// SDKs write fields in the order of their numbers, which puts a span's counts, events and links side by side; then
/// nothing is copied.
#[derive(Debug, Default)]
pub(super) struct Rest<'a> {
    message: &'a [u8],
    start: usize,
    end: usize,
    copy: Vec<u8>,
}

impl<'a> Rest<'a> {
    /// Empties it, for the fields of `message`.
    #[inline]
    pub(super) fn begin(&mut self, message: &'a [u8]) {
        self.message = message;
        self.start = 0;
        self.end = 0;
        self.copy.clear();
    }

    /// Adds a field as it stands in the message.
    #[inline]
    pub(super) fn raw(&mut self, field: &'a [u8]) {
        let offset = (field.as_ptr() as usize).wrapping_sub(self.message.as_ptr() as usize);
        if self.copy.is_empty() && (self.start == self.end || offset == self.end) {
            if self.start == self.end {
                self.start = offset;
            }
            self.end = offset + field.len();
            return;
        }
        self.written().extend_from_slice(field);
    }

    /// Turns it into a copy, to append a field to that stands nowhere in the message.
    pub(super) fn written(&mut self) -> &mut Vec<u8> {
        if self.copy.is_empty() {
            self.copy.extend_from_slice(&self.message[self.start..self.end]);
        }
        &mut self.copy
    }

    /// The fragment.
    #[inline]
    pub(super) fn as_slice(&self) -> &[u8] {
        if self.copy.is_empty() { &self.message[self.start..self.end] } else { &self.copy }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_a_range_and_others_a_copy() {
        let message = *b"aabbccdd";
        let mut rest = Rest::default();
        rest.begin(&message);
        assert_eq!(rest.as_slice(), b"");
        rest.raw(&message[2..4]);
        rest.raw(&message[4..6]);
        assert_eq!(rest.as_slice().as_ptr(), message[2..].as_ptr());
        assert_eq!(rest.as_slice(), b"bbcc");
        rest.raw(&message[0..2]);
        assert_eq!(rest.as_slice(), b"bbccaa");
        rest.raw(&message[6..8]);
        rest.written().push(b'x');
        assert_eq!(rest.as_slice(), b"bbccaaddx");
        rest.begin(&message);
        rest.written().push(b'y');
        rest.raw(&message[0..2]);
        assert_eq!(rest.as_slice(), b"yaa");
    }
}
