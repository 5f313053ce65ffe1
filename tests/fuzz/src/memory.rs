//! Every allocation is counted, so that memory which the input does not justify is a crash, without a sanitizer.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};

/// Bytes that any input may take: buffers, tables, the parsers' own.
const FREE: isize = 24 << 20;
/// Bytes for a byte of input: deflate's largest ratio (1030), a byte of pixels as an f32, twice while a vector grows.
const FOR_A_BYTE: isize = 8400;

struct Counting;

static LIVE: AtomicIsize = AtomicIsize::new(0);
static LIMIT: AtomicIsize = AtomicIsize::new(isize::MAX);

fn take(bytes: usize) {
    if LIVE.fetch_add(bytes as isize, Relaxed) + bytes as isize > LIMIT.load(Relaxed) {
        LIMIT.store(isize::MAX, Relaxed);
        // A panic could be caught, and `try_reserve` would take a refusal for an answer.
        eprintln!("{bytes} more bytes are more than the input justifies");
        std::process::abort();
    }
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        take(layout.size());
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        take(size);
        LIVE.fetch_sub(layout.size() as isize, Relaxed);
        unsafe { System.realloc(at, layout, size) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as isize, Relaxed);
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Runs `work` with as much memory as so many bytes of input justify.
pub fn within(input: usize, work: impl FnOnce()) {
    LIMIT.store(LIVE.load(Relaxed) + FREE + FOR_A_BYTE * input as isize, Relaxed);
    work();
    LIMIT.store(isize::MAX, Relaxed);
}
