//! Where the text of every device is kept: topic, id and name one after the other, in large chunks.
//!
//! One small allocation per device would cost more than many of the texts themselves.

/// The size of a chunk in bytes, and with it the longest text.
const CHUNK: usize = 64 * 1024;

/// A text's place. Its length is kept with the place.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Place(u32);

#[derive(Default, Debug)]
pub(super) struct Texts {
    chunks: Vec<String>,
    /// Bytes that are not used any more.
    dead: usize,
}

impl Texts {
    /// Keeps the parts as one text, or `None` when that would take more than `limit` bytes in all.
    pub(super) fn put(&mut self, parts: [&str; 3], limit: usize) -> Option<Place> {
        let length = parts.iter().map(|part| part.len()).sum::<usize>();
        let fits = self.chunks.last().is_some_and(|chunk| chunk.len() + length <= CHUNK);
        if !fits {
            let full = self.chunks.len() >= (limit / CHUNK).clamp(1, 1 << 16);
            if full || length > CHUNK {
                return None;
            }
            self.chunks.push(String::with_capacity(CHUNK));
        }
        let number = self.chunks.len() - 1;
        let chunk = &mut self.chunks[number];
        let place = Place((number as u32) << 16 | chunk.len() as u32);
        for part in parts {
            chunk.push_str(part);
        }
        Some(place)
    }

    /// The text at a place.
    pub(super) fn at(&self, place: Place, length: usize) -> &str {
        let (chunk, start) = ((place.0 >> 16) as usize, (place.0 & 0xFFFF) as usize);
        &self.chunks[chunk][start..start + length]
    }

    /// Gives up a text. Its bytes come back when the owner copies the living texts into a new store.
    pub(super) fn release(&mut self, length: usize) {
        self.dead += length;
    }

    /// Whether more than half of the store is waste.
    pub(super) fn is_wasteful(&self) -> bool {
        self.dead > 4 * CHUNK && self.dead > self.chunks.len() * CHUNK / 2
    }
}
