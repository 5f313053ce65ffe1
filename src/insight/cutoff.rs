//! Theory that nobody waits for any more is cut off: a thousand layers take a while, and the thread that they are on may have to
//! end. What asks for theory says until when it is wanted; theory looks at that before every layer.

use std::cell::RefCell;

thread_local! {
    /// Whether what this thread is at is wanted no longer.
    static UNWANTED: RefCell<Option<Box<dyn Fn() -> bool>>> = const { RefCell::new(None) };
}

/// Does `work`, which may break off as soon as `unwanted` says so: then what it gives means nothing.
pub fn until<R>(unwanted: impl Fn() -> bool + 'static, work: impl FnOnce() -> R) -> R {
    /// Puts back what was there, after a panic too.
    struct Before(Option<Box<dyn Fn() -> bool>>);
    impl Drop for Before {
        fn drop(&mut self) {
            UNWANTED.set(self.0.take());
        }
    }
    let _before = Before(UNWANTED.replace(Some(Box::new(unwanted))));
    work()
}

/// Whether what is under way on this thread may break off.
pub(super) fn is_reached() -> bool {
    UNWANTED.with_borrow(|unwanted| unwanted.as_ref().is_some_and(|unwanted| unwanted()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_for_the_work_alone() {
        assert!(!is_reached());
        until(
            || true,
            || {
                assert!(is_reached());
                until(|| false, || assert!(!is_reached()));
                assert!(is_reached());
            },
        );
        let panicked = std::panic::catch_unwind(|| until(|| true, || panic!("no")));
        assert!(panicked.is_err() && !is_reached());
    }
}
