//! Keeps a small layer from unpacking to a huge one.

use std::{
    cell::Cell,
    io::{self, BufRead, Read},
    rc::Rc,
};

use crate::image::Limits;

/// From here on the ratio counts: small layers of zeros are harmless.
const HARMLESS: u64 = 64 << 20;

/// Counts what a decoder consumes.
pub(super) struct Counted<R> {
    inner: R,
    count: Rc<Cell<u64>>,
}

impl<R: BufRead> Counted<R> {
    /// The reader and its count.
    pub(super) fn pair(inner: R) -> (Self, Rc<Cell<u64>>) {
        let count = Rc::new(Cell::new(0));
        (Self { inner, count: count.clone() }, count)
    }
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(into)?;
        self.count.set(self.count.get() + count as u64);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.count.set(self.count.get() + count as u64);
        self.inner.consume(count);
    }
}

/// Ends with an error of the kind `QuotaExceeded` when too much comes out of what went in.
pub(super) struct Ratio<R> {
    inner: R,
    input: Rc<Cell<u64>>,
    output: u64,
    ratio: u64,
    most: u64,
}

impl<R: Read> Ratio<R> {
    pub(super) fn new(inner: R, input: Rc<Cell<u64>>, limits: &Limits) -> Self {
        Self { inner, input, output: 0, ratio: limits.ratio, most: limits.layer }
    }
}

impl<R: Read> Read for Ratio<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let allowed = self.input.get().saturating_mul(self.ratio).max(HARMLESS).min(self.most);
        let count = self.inner.read(into)?;
        self.output += count as u64;
        if self.output > allowed { Err(io::ErrorKind::QuotaExceeded.into()) } else { Ok(count) }
    }
}
