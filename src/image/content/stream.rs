use std::io::{self, BufRead, Read};

/// How many bytes can be seen at once.
pub(in crate::image) const CAPACITY: usize = 256 << 10;

/// A reader with a view of what comes next. All formats are read through it, so that one that turns out to be something
/// else is read on as plain bytes, and nothing has to be kept in memory or on disk.
///
/// An error below ends the data; [`Stream::error`] tells it after the bytes before it were looked at.
pub(in crate::image) struct Stream<'r> {
    inner: &'r mut dyn Read,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    is_over: bool,
    error: Option<io::Error>,
}

impl<'r> Stream<'r> {
    /// Reads `inner` through `buffer`, which is taken back with [`Stream::into_buffer`].
    pub(in crate::image) fn new(inner: &'r mut dyn Read, mut buffer: Vec<u8>) -> Self {
        buffer.resize(CAPACITY, 0);
        Self { inner, buffer, start: 0, end: 0, is_over: false, error: None }
    }

    pub(in crate::image) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    /// The next bytes: at least `wanted` (at most [`CAPACITY`]) unless the data ends before.
    pub(in crate::image) fn peek(&mut self, wanted: usize) -> &[u8] {
        let wanted = wanted.min(CAPACITY);
        if self.end - self.start < wanted && !self.is_over {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            while self.end < wanted && !self.is_over {
                self.fill();
            }
        }
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Whether the data ends with the bytes that [`Stream::peek`] gave last.
    pub(in crate::image) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Passes over `count` bytes, as far as there are so many.
    pub(in crate::image) fn skip(&mut self, mut count: u64) -> io::Result<()> {
        while count > 0 {
            let available = self.peek(1).len();
            if available == 0 {
                return Err(self.error.take().unwrap_or_else(|| io::ErrorKind::UnexpectedEof.into()));
            }
            let step = available.min(usize::try_from(count).unwrap_or(usize::MAX));
            self.consume(step);
            count -= step as u64;
        }
        Ok(())
    }

    /// The error that ended the data, if one did.
    pub(in crate::image) fn error(&mut self) -> io::Result<()> {
        self.error.take().map_or(Ok(()), Err)
    }

    fn fill(&mut self) {
        let Some(free) = self.buffer.get_mut(self.end..) else { return };
        match self.inner.read(free) {
            Ok(0) => self.is_over = true,
            Ok(count) => self.end += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                self.is_over = true;
                self.error = Some(error);
            }
        }
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.peek(1);
        let count = available.len().min(into.len());
        if let (Some(target), Some(source)) = (into.get_mut(..count), available.get(..count)) {
            target.copy_from_slice(source);
        }
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Stream<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        Ok(self.peek(1))
    }

    fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }
}
